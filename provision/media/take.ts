/**
 * A file the person has (downloaded in a browser, on a stick): copied to the shelf and recorded, or recorded where it
 * already lies. Its SHA-256 decides what it is: one the catalogue knows is as good as downloaded from there.
 */
import { AppError } from "../../model/errors.ts";
import type { BigFile, BigFiles } from "../host/big_files.ts";
import { parentOf } from "../host/files.ts";
import type { Host } from "../host/host.ts";
import { type CatalogueRow, rowWithHash } from "./catalogue.ts";
import { Fault } from "./faults.ts";
import { checkKind, type FileKind, kindOf, readHead } from "./file_kinds.ts";
import { sha256Of } from "./hasher.ts";
import { moveOldNotes, removeNote } from "./notes.ts";
import { type MediaProgress, ProgressMeter } from "./progress.ts";
import { hashWhole, type MediaRecord, writeRecord } from "./record.ts";
import { kindByName } from "./shelf.ts";
import { sizeWords } from "./words.ts";

export interface TakeOptions {
  /** What the person says it must have. */
  readonly sha256?: string;
  /** Where the person says it is, when its path is one for now. */
  readonly says?: string;
  readonly report?: (progress: MediaProgress) => void;
  readonly signal?: AbortSignal;
}

export interface Taken {
  readonly record: MediaRecord;
  readonly row: CatalogueRow | null;
  readonly copied: boolean;
}

/** `from` is a path of `outside`, which is the running machine also when the shelf is a copy's. */
export async function take(
  host: Host,
  files: BigFiles,
  outside: BigFiles,
  from: string,
  path: string,
  options: TakeOptions = {},
): Promise<Taken> {
  moveOldNotes(host, parentOf(path));
  using source = outside.openToRead(from);
  const kind = await judgeKind(source, from);
  if (outside.root === files.root && from === path) {
    const found = await hashWhole(files, path, options);
    return { ...record(host, path, from, kind, found, options), copied: false };
  }
  if (files.status(path) !== null) {
    throw new AppError("conflict", `Cannot import to ${path}: a file has that name`, {
      hint: `neuron-setup media verify checks it; or give this one another name with --name`,
    });
  }
  return await copy(host, files, source, from, path, kind, options);
}

async function copy(
  host: Host,
  files: BigFiles,
  source: BigFile,
  from: string,
  path: string,
  kind: FileKind,
  options: TakeOptions,
): Promise<Taken> {
  const { sizeBytes } = source.status();
  const folder = path.slice(0, path.lastIndexOf("/"));
  const free = files.freeBytes(folder);
  if (free < sizeBytes) {
    throw new AppError(
      "file-access",
      `Cannot import ${from}: ${folder} needs ${sizeWords(sizeBytes)}, and there are ${sizeWords(free)}`,
      {
        hint: "Make room on that disk and run it again",
      },
    );
  }
  const part = `${path}.part`;
  const file = files.openLocked(part);
  if (file === null) {
    throw new AppError("locked", `Cannot import to ${path}: another run is writing it now`, {
      hint: "Wait until it is done",
    });
  }
  using _ = file;
  removeNote(host, part);
  try {
    await file.truncate(0);
    await copyBytes(source, file, sizeBytes, path, options);
    const found = await sha256Of(file);
    const taken = record(host, path, from, kind, found, options);
    files.publish(part, path);
    return { ...taken, copied: true };
  } catch (error) {
    host.remove(part);
    throw error;
  }
}

async function copyBytes(from: BigFile, to: BigFile, total: number, path: string, options: TakeOptions): Promise<void> {
  const meter = new ProgressMeter(options.report ?? (() => {}));
  const what = `copying ${path.slice(path.lastIndexOf("/") + 1)}`;
  const buffer = new Uint8Array(1 << 20);
  for (let done = 0;;) {
    if (options.signal?.aborted) {
      throw new AppError("interrupted", "The import was interrupted", { hint: "Run it again: it begins anew" });
    }
    const count = await from.readAt(done, buffer);
    if (count === 0) return;
    await to.writeAt(done, buffer.subarray(0, count));
    meter.update(what, done += count, total, done === total);
  }
}

/** The kind its name promises, else the one its marks show. A page saved as .iso is refused with that word. */
async function judgeKind(source: BigFile, from: string): Promise<FileKind> {
  const head = await readHead(source);
  const promised = kindByName(from);
  try {
    checkKind(head, promised);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const what = error.kind === "html"
      ? "it is a web page, not the file"
      : `it is not what its name says (${promised})`;
    throw new AppError("verification-failed", `Cannot import ${from}: ${what}`, {
      hint: "Download it again in a browser, and look at its size",
    });
  }
  return promised === "any" ? kindOf(head) : promised;
}

function record(
  host: Host,
  path: string,
  from: string,
  kind: FileKind,
  found: { sha256: string; sizeBytes: number },
  { sha256, says }: TakeOptions,
): Pick<Taken, "record" | "row"> {
  if (sha256 !== undefined && found.sha256 !== sha256) {
    throw new AppError("verification-failed", `Cannot import ${from}: its SHA-256 is ${found.sha256}, not ${sha256}`, {
      hint: "It is another file, or damaged: download it again",
    });
  }
  const row = rowWithHash(found.sha256);
  const verifiedAgainst = sha256 !== undefined || row !== null ? "sha256" : "kind";
  return { row, record: writeRecord(host, path, { ...found, kind, source: `file:${says ?? from}`, verifiedAgainst }) };
}
