/** Which ISO on the shelf installs a certain Windows, by what its record or the catalogue says. Reads no medium. */
import type { BigFiles } from "../../host/big_files.ts";
import type { Host } from "../../host/host.ts";
import { rowWithHash } from "../catalogue.ts";
import type { MediaRecord } from "../record.ts";
import { readShelf } from "../shelf.ts";
import { languageTag } from "./languages.ts";
import type { WindowsRequest } from "./sources.ts";

export interface ShelvedWindows {
  readonly name: string;
  readonly path: string;
  readonly record: MediaRecord;
}

/** Null when there is none that is complete. An evaluation only where that is accepted, and behind the others. */
export function shelvedWindows(
  host: Host,
  files: BigFiles,
  folder: string,
  request: Omit<WindowsRequest, "only">,
): ShelvedWindows | null {
  const found = readShelf(host, files, folder).flatMap(({ name, record, state }) =>
    state === "here" && record !== null && installs(record, request)
      ? [{ name, path: `${folder}/${name}`, record }]
      : []
  );
  return found.toSorted((a, b) => Number(isEvaluation(a.record)) - Number(isEvaluation(b.record)))[0] ?? null;
}

function installs(record: MediaRecord, request: WindowsRequest): boolean {
  if (record.kind !== "iso" || (request.sha256 !== undefined && request.sha256 !== record.sha256)) return false;
  const windows = record.windows ?? windowsOfRow(record.sha256);
  if (windows === null || windows.version !== request.version) return false;
  if (windows.evaluation) return request.acceptEvaluation === true;
  return windows.language === languageTag(request.language) && hasEdition(windows.editions, request.edition);
}

/** Images are named `Windows 11 Pro`; nobody looked into those without names, and these are the usual ones. */
function hasEdition(editions: readonly string[], wanted: string): boolean {
  const edition = wanted.toLowerCase();
  if (editions.length === 0) return !edition.startsWith("enterprise");
  return editions.some((name) => name.toLowerCase().replace(/^windows (?:\d+|server \d+) /, "") === edition);
}

function isEvaluation(record: MediaRecord): boolean {
  return (record.windows ?? windowsOfRow(record.sha256))?.evaluation === true;
}

/** What the rows of the catalogue hold: all are English. */
function windowsOfRow(sha256: string): NonNullable<MediaRecord["windows"]> | null {
  const match = /^windows(\d+)(-evaluation)?$/.exec(rowWithHash(sha256)?.name ?? "");
  if (match === null) return null;
  return { version: match[1]!, language: "en-us", editions: [], evaluation: match[2] !== undefined };
}
