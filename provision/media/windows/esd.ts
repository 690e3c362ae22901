/**
 * Windows from the Media Creation Tool's catalogue: the cabinet with products.xml, the ESD it names for a language and
 * an edition, downloaded against the hash in there, and made into an ISO. The ESD is kept until the ISO is complete, so
 * that a run that is interrupted in between has not downloaded for nothing.
 *
 * The catalogue comes by https. The ESD comes by plain http where its link says so, because the server that delivers it
 * has no certificate for its name; the hash is what makes it the right one.
 * Sources: go.microsoft.com/fwlink 2156292 and 841361, which the tool asks; the facts named in esd_catalogue.ts.
 */
import { AppError } from "../../../model/errors.ts";
import type { BigFiles } from "../../host/big_files.ts";
import type { Host } from "../../host/host.ts";
import { pathInMemory } from "../../unattend/memory_folder.ts";
import { askBytes } from "../ask.ts";
import { download, type DownloadOptions } from "../download.ts";
import { explain, Fault } from "../faults.ts";
import { checkKind } from "../file_kinds.ts";
import { Http, type HttpOptions } from "../http.ts";
import { removeNote } from "../notes.ts";
import { type MediaRecord, readRecord, verify } from "../record.ts";
import { checkName } from "../shelf.ts";
import { runTool, withWorkFolder } from "../tools.ts";
import { sizeWords } from "../words.ts";
import { chooseEsd, type EsdFile, parseEsdCatalogue } from "./esd_catalogue.ts";
import { languageTag } from "./languages.ts";
import type { WindowsRequest } from "./sources.ts";
import { unpackEsd } from "./unpack_esd.ts";
import { writeIso } from "./write_iso.ts";

export interface EsdOptions extends DownloadOptions {
  /** For tests. */
  readonly catalogueLink?: string;
  readonly maxFileBytes?: number;
  /** Name of the ISO; absent: that of the ESD. */
  readonly name?: string;
}

const catalogueLinks: Readonly<Record<string, string>> = {
  "11": "https://go.microsoft.com/fwlink/?LinkId=2156292",
  "10": "https://go.microsoft.com/fwlink/?LinkId=841361",
};

const maxCatalogueBytes = 8 << 20;
/** The ESD itself, its files unpacked and compressed less, those split, and the ISO: a multiple of the ESD's size. */
const roomFactor = 5;

/** Throws AppError; the ESD and what was begun of it stay for another run. */
export async function windowsFromEsd(
  host: Host,
  files: BigFiles,
  folder: string,
  request: WindowsRequest,
  options: EsdOptions = {},
): Promise<{ readonly path: string; readonly record: MediaRecord; readonly already: boolean }> {
  const link = options.catalogueLink ?? catalogueLinks[request.version]!;
  const esd = chooseEsd(parseEsdCatalogue(await readCatalogue(host, link, options)), request);
  const path = `${folder}/${checkName(options.name ?? esd.name.replace(/\.esd$/i, ".iso"))}`;
  if (files.status(path) !== null && readRecord(host, path)?.made !== undefined) {
    return { path, record: await verify(host, files, path, options), already: true };
  }
  checkRoom(files, folder, esd);
  const esdPath = `${folder}/${esd.name}`;
  const { record: from } = await download(host, files, {
    path: esdPath,
    link: esd.link,
    kind: "wim",
    sizeBytes: esd.sizeBytes,
    ...(esd.checksum.algorithm === "sha256" ? { sha256: esd.checksum.hex } : { checksum: esd.checksum }),
    facts: { checksum: { ...esd.checksum, from: link } },
  }, { ...options, http: httpFor(esd, options.http) });
  const record = await build(host, files, { esdPath, path, request, from, language: esd.language }, options);
  host.remove(esdPath);
  removeNote(host, esdPath);
  return { path, record, already: false };
}

/** The text of products.xml. Throws `network`, `verification-failed` for a page in its place. */
async function readCatalogue(host: Host, link: string, options: EsdOptions): Promise<string> {
  const cab = await askForCabinet(link, options);
  const path = `${pathInMemory(host, "products")}.cab`;
  host.writeFile(path, cab, { mode: 0o600 });
  try {
    return await runTool(host, ["cabextract", "--quiet", "--pipe", "--filter", "products.xml", path], {
      purpose: "unpack Microsoft's Media Creation catalogue",
    });
  } finally {
    host.remove(path);
  }
}

async function askForCabinet(link: string, { http: options, signal }: EsdOptions): Promise<Uint8Array> {
  await using http = new Http(options);
  try {
    const stop = signal === undefined ? {} : { signal };
    const bytes = await askBytes(http, link, { maxBytes: maxCatalogueBytes, ...stop });
    checkKind(bytes, "cab");
    return bytes;
  } catch (error) {
    throw error instanceof Fault ? explain("Microsoft's Media Creation catalogue", error) : error;
  }
}

/** Plain http only where the link says so, and only to Microsoft or a host the person trusts. */
function httpFor({ link, name }: EsdFile, http: HttpOptions = {}): HttpOptions {
  const { hostname } = new URL(link);
  const microsofts = /(^|\.)(microsoft|windowsupdate)\.com$/i.test(hostname);
  if (microsofts) return { ...http, plainHosts: [...http.plainHosts ?? [], hostname] };
  if (http.trustedHosts?.includes(hostname)) return http;
  throw new AppError(
    "forbidden",
    `Cannot download ${name}: the catalogue leads to ${hostname}, which is not Microsoft's`,
    {
      hint: "Something between here and Microsoft changes what it sends",
    },
  );
}

function checkRoom(files: BigFiles, folder: string, { sizeBytes, name }: EsdFile): void {
  const [needed, free] = [sizeBytes * roomFactor, files.freeBytes(folder)];
  if (free >= needed) return;
  throw new AppError(
    "file-access",
    `Cannot make an ISO of ${name}: ${folder} needs ${sizeWords(needed)} for a while, and there are ${sizeWords(free)}`,
    { hint: "Make room on that disk, or name another folder with --folder" },
  );
}

interface Building {
  readonly esdPath: string;
  readonly path: string;
  readonly request: WindowsRequest;
  readonly from: MediaRecord;
  readonly language: string;
}

async function build(
  host: Host,
  files: BigFiles,
  { esdPath, path, request, from, language }: Building,
  options: EsdOptions,
): Promise<MediaRecord> {
  return await withWorkFolder(host, path, async (work) => {
    host.makeFolder(`${work}/medium`);
    const { tree, editions } = await unpackEsd(host, files, esdPath, `${work}/medium`, options);
    return await writeIso(host, files, {
      tree,
      path,
      work,
      label: `WIN${request.version}_${languageTag(language)}`.toUpperCase().replace(/[^A-Z0-9_]/g, "_").slice(0, 32),
      source: from.source,
      facts: {
        windows: { version: request.version, language, editions: editions.map(({ name }) => name), evaluation: false },
      },
      madeFrom: [{
        source: from.source,
        sizeBytes: from.sizeBytes,
        sha256: from.sha256,
        verifiedAgainst: from.verifiedAgainst,
      }],
    }, options);
  });
}
