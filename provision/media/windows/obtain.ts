/**
 * Windows Setup as a verified ISO on the shelf, from the first source that gives it. Each source is asked once; what one
 * refused is told, with what is tried next, and all of it again when none is left.
 */
import { AppError } from "../../../model/errors.ts";
import type { ErrorCode } from "../../../model/errors.ts";
import type { BigFiles } from "../../host/big_files.ts";
import type { Host } from "../../host/host.ts";
import type { CatalogueRow } from "../catalogue_row.ts";
import { download } from "../download.ts";
import { type MediaRecord, verify } from "../record.ts";
import { checkName } from "../shelf.ts";
import { type EsdOptions, windowsFromEsd } from "./esd.ts";
import { findWindows } from "./find.ts";
import { languageTag } from "./languages.ts";
import type { Endpoints, WindowsVersion as DesktopVersion } from "./microsoft.ts";
import { shelvedWindows } from "./shelved.ts";
import {
  evaluationRow,
  nextSource,
  ownFileWords,
  pinnedRow,
  sourceWords,
  type WindowsRequest,
  type WindowsSource,
} from "./sources.ts";

export interface ObtainOptions extends EsdOptions {
  /** Told before each source but the first, and after each that did not give it. */
  readonly onRefusal?: (refusal: Refusal) => void;
  /** As in FindOptions. */
  readonly askAgain?: boolean;
  /** For tests. */
  readonly endpoints?: Endpoints;
  /** For tests: rows in the place of the catalogue's. */
  readonly rows?: Partial<Record<"pinned" | "evaluation", CatalogueRow>>;
}

export interface Refusal {
  readonly source: WindowsSource;
  readonly problem: string;
  readonly hint: string | null;
  /** Null: none is left. */
  readonly next: WindowsSource | null;
}

export interface Obtained {
  readonly path: string;
  readonly record: MediaRecord;
  /** Null: it was on the shelf. */
  readonly source: WindowsSource | null;
  readonly already: boolean;
  readonly refusals: readonly Refusal[];
}

/** Other sources make these no better: they are about this machine, or the person said so. */
const final: readonly ErrorCode[] = ["interrupted", "locked", "conflict", "file-access", "usage", "internal"];

/**
 * `folder` is there. Throws what no other source can help with as it is, and `not-found` with everything that was tried
 * when none is left.
 */
export async function obtainWindows(
  host: Host,
  files: BigFiles,
  folder: string,
  request: WindowsRequest,
  options: ObtainOptions = {},
): Promise<Obtained> {
  const shelved = options.name === undefined && request.only === undefined
    ? shelvedWindows(host, files, folder, request)
    : null;
  if (shelved !== null) {
    const record = await verify(host, files, shelved.path, options);
    return { path: shelved.path, record, source: null, already: true, refusals: [] };
  }
  const refusals: Refusal[] = [];
  const tried: WindowsSource[] = [];
  for (let source = nextSource(request); source !== null; source = nextSource(request, tried)) {
    tried.push(source);
    try {
      return { ...await from(source, host, files, folder, request, options), source, refusals };
    } catch (error) {
      if (!(error instanceof AppError) || final.includes(error.code)) throw error;
      const next = nextSource(request, tried);
      const refusal = { source, problem: error.message, hint: error.hint ?? null, next };
      refusals.push(refusal);
      options.onRefusal?.(refusal);
    }
  }
  throw noneLeft(request, refusals);
}

type Got = Pick<Obtained, "path" | "record" | "already">;

async function from(
  source: WindowsSource,
  host: Host,
  files: BigFiles,
  folder: string,
  request: WindowsRequest,
  options: ObtainOptions,
): Promise<Got> {
  if (source === "esd") return await windowsFromEsd(host, files, folder, request, options);
  if (source === "api") return await fromService(host, files, folder, request, options);
  const row = options.rows?.[source] ?? (source === "pinned" ? pinnedRow(request) : evaluationRow(request))!;
  const path = `${folder}/${checkName(options.name ?? row.file)}`;
  const { sha256 = row.sha256, sizeBytes = row.sizeBytes } = request;
  const windows = { version: request.version, language: "en-us", editions: [], evaluation: source === "evaluation" };
  return {
    path,
    ...await download(host, files, {
      path,
      link: row.link!,
      kind: row.kind,
      ...(sizeBytes === undefined ? {} : { sizeBytes }),
      ...(sha256 === undefined ? {} : { sha256 }),
      facts: { windows },
    }, options),
  };
}

/** The link that was kept, or a new one; a link that is spent is asked for anew, once. */
async function fromService(
  host: Host,
  files: BigFiles,
  folder: string,
  request: WindowsRequest,
  options: ObtainOptions,
): Promise<Got> {
  const version = request.version as DesktopVersion;
  const language = languageTag(request.language);
  const ask = (anew: boolean) => findWindows(host, version, language, { ...options, ...(anew ? { anew } : {}) });
  const found = await ask(false);
  const path = `${folder}/${checkName(options.name ?? found.file)}`;
  let asked: Promise<string> | undefined;
  return {
    path,
    ...await download(host, files, {
      path,
      link: found.link,
      kind: "iso",
      ...(request.sha256 === undefined ? {} : { sha256: request.sha256 }),
      ...(request.sizeBytes === undefined ? {} : { sizeBytes: request.sizeBytes }),
      facts: { windows: { version, language, editions: [], evaluation: false } },
      // A second new link in one run would be one question too many.
      relink: () => asked ??= ask(true).then(({ link }) => link),
    }, options),
  };
}

function noneLeft(request: WindowsRequest, refusals: readonly Refusal[]): AppError {
  const what = `Windows ${request.version} ${request.edition} in "${request.language}"`;
  const tried = refusals.map(({ source, problem }) => `${sourceWords[source]}: ${problem}`).join("; ");
  const nothing = "no source of Microsoft's that is known here has it";
  const evaluation = request.acceptEvaluation !== true && evaluationRow(request) !== null
    ? `; or take ${sourceWords.evaluation} with --accept-evaluation`
    : "";
  return new AppError("not-found", `Cannot get ${what}: ${tried === "" ? nothing : tried}`, {
    hint: `${ownFileWords(request)}${evaluation}`,
  });
}
