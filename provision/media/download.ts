/**
 * A file from a link to its name: every fault judged by the table in faults.ts, every byte that was paid for kept, and
 * no name given before size, kind and SHA-256 are right. Steps at the end: fsync, record, rename, fsync of the folder.
 */
import { AppError } from "../../model/errors.ts";
import type { BigFiles } from "../host/big_files.ts";
import type { Host } from "../host/host.ts";
import { parentOf } from "../host/files.ts";
import { codeOf } from "../host/resolve.ts";
import { alreadyThere } from "./already_there.ts";
import { consequenceOf, explain, Fault } from "./faults.ts";
import { checkKind, type FileKind, readHead } from "./file_kinds.ts";
import { sizeWords } from "./words.ts";
import { type HashAlgorithm, hashOf } from "./hasher.ts";
import { Http, type HttpOptions } from "./http.ts";
import { moveOldNotes } from "./notes.ts";
import { PartFile } from "./part_file.ts";
import { defaultPatience, Patience, type PatienceLimits } from "./patience.ts";
import { type MediaProgress, ProgressMeter } from "./progress.ts";
import { type MediaFacts, type MediaRecord, sourceOf, writeRecord } from "./record.ts";
import { transfer, type TransferLimits } from "./transfer.ts";

export interface Wanted {
  /** Absolute path of the finished file; the folder above is there. */
  readonly path: string;
  readonly link: string;
  readonly kind: FileKind;
  /** Absent: nobody knows. */
  readonly sizeBytes?: number;
  readonly sha256?: string;
  /** What the publisher says in another algorithm; read from the whole file once more. */
  readonly checksum?: Checksum;
  /** More for the record. */
  readonly facts?: MediaFacts;
  readonly headers?: Readonly<Record<string, string>>;
  /** A new link to the same file, when the old one is spent. */
  readonly relink?: () => Promise<string>;
}

export interface Checksum {
  readonly algorithm: HashAlgorithm;
  /** Lower case. */
  readonly hex: string;
}

export interface DownloadOptions {
  readonly http?: HttpOptions;
  readonly limits?: Partial<TransferLimits>;
  readonly patience?: Partial<PatienceLimits>;
  readonly report?: (progress: MediaProgress) => void;
  readonly signal?: AbortSignal;
}

export interface Downloaded {
  readonly record: MediaRecord;
  /** It was there already, and was checked again. */
  readonly already: boolean;
}

const MIB = 1 << 20;

export const defaultLimits: TransferLimits = {
  connections: 4,
  minPieceBytes: 8 * MIB,
  maxPieceBytes: 64 * MIB,
  maxBytes: 64 * 1024 * MIB,
  checkpointBytes: 64 * MIB,
  checkpointMs: 5000,
};

/** Left free beyond the file itself, so that a download never fills a disk to the last block. */
const spareBytes = 64 * MIB;

/** Throws AppError; what was downloaded stays where another run can go on, unless it is worth nothing. */
export async function download(
  host: Host,
  files: BigFiles,
  wanted: Wanted,
  options: DownloadOptions = {},
): Promise<Downloaded> {
  moveOldNotes(host, parentOf(wanted.path));
  const there = await alreadyThere(host, files, wanted, options);
  if (there !== null) return { record: there, already: true };
  const connections = options.limits?.connections ?? defaultLimits.connections;
  await using http = new Http({ ...options.http, connections });
  const identity = { source: sourceOf(wanted.link), sha256: wanted.sha256 ?? null };
  using part = await PartFile.open(host, files, `${wanted.path}.part`, identity);
  // Whoever held the lock until now may have finished it.
  const meanwhile = await alreadyThere(host, files, wanted, options);
  if (meanwhile !== null) {
    part.discard();
    return { record: meanwhile, already: true };
  }
  return { record: await new Download(host, files, wanted, options, http, part).run(), already: false };
}

class Download {
  readonly #limits: TransferLimits;
  readonly #patience: Patience;
  readonly #meter: ProgressMeter;
  readonly #name: string;
  #received = 0;
  #link: string;
  #connections: number;

  constructor(
    readonly host: Host,
    readonly files: BigFiles,
    readonly wanted: Wanted,
    readonly options: DownloadOptions,
    readonly http: Http,
    readonly part: PartFile,
  ) {
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#patience = new Patience({ ...defaultPatience, ...options.patience }, wanted.relink !== undefined);
    this.#meter = new ProgressMeter(options.report ?? (() => {}));
    this.#name = wanted.path.slice(wanted.path.lastIndexOf("/") + 1);
    this.#link = wanted.link;
    this.#connections = this.#limits.connections;
  }

  async run(): Promise<MediaRecord> {
    if (this.wanted.sizeBytes !== undefined) {
      if (this.part.sizeBytes !== null && this.part.sizeBytes !== this.wanted.sizeBytes) await this.part.reset();
    }
    for (;;) {
      try {
        return await this.#round();
      } catch (error) {
        await this.#recover(this.#asFault(error));
      }
    }
  }

  async #round(): Promise<MediaRecord> {
    const { wanted, part, http } = this;
    if (wanted.sizeBytes !== undefined) this.#checkSpace(wanted.sizeBytes);
    await transfer({
      http,
      part,
      link: this.#link,
      headers: wanted.headers ?? {},
      wantedBytes: wanted.sizeBytes ?? null,
      limits: { ...this.#limits, connections: this.#connections },
      signal: this.options.signal ?? new AbortController().signal,
      checkSpace: (sizeBytes) => this.#checkSpace(sizeBytes),
      received: (count) => {
        this.#received += count;
        this.#meter.update(`downloading ${this.#name}`, part.doneBytes, part.sizeBytes);
      },
    });
    return await this.#finish();
  }

  async #finish(): Promise<MediaRecord> {
    const { wanted, part, host } = this;
    const sizeBytes = part.sizeBytes!;
    this.#meter.update(`downloading ${this.#name}`, sizeBytes, sizeBytes, true);
    if (wanted.sizeBytes !== undefined && sizeBytes !== wanted.sizeBytes) {
      throw new Fault("wrong-size", `what came has ${sizeBytes} bytes, and ${wanted.sizeBytes} were expected`);
    }
    checkKind(await readHead(part.file), wanted.kind);
    const sha256 = await part.hasher.digest(sizeBytes);
    if (wanted.sha256 !== undefined && sha256 !== wanted.sha256) {
      throw new Fault("wrong-hash", `its SHA-256 is ${sha256}, and ${wanted.sha256} was expected`);
    }
    await this.#checkChecksum();
    if (this.files.status(wanted.path) !== null) {
      throw new AppError("conflict", `Cannot name the download ${wanted.path}: a file appeared there meanwhile`, {
        hint: "Move it away and run this again: nothing is downloaded twice",
      });
    }
    const against = wanted.sha256 !== undefined ? "sha256" : wanted.checksum?.algorithm ??
      (wanted.sizeBytes !== undefined ? "size-and-kind" : "kind");
    const record = writeRecord(host, wanted.path, {
      sizeBytes,
      sha256,
      kind: wanted.kind,
      source: sourceOf(wanted.link),
      verifiedAgainst: against,
      ...wanted.facts,
    });
    this.files.publish(part.path, wanted.path);
    part.forget();
    return record;
  }

  async #checkChecksum(): Promise<void> {
    const { checksum } = this.wanted;
    if (checksum === undefined) return;
    const { algorithm } = checksum;
    const { hex } = await hashOf(this.part.file, algorithm, {
      onProgress: (done) => this.#meter.update(`checking ${this.#name}`, done, this.part.sizeBytes),
      ...(this.options.signal === undefined ? {} : { signal: this.options.signal }),
    });
    if (hex === checksum.hex) return;
    throw new Fault("wrong-hash", `its ${algorithm.toUpperCase()} is ${hex}, and ${checksum.hex} was expected`);
  }

  /** Returns when another round is worth it. */
  async #recover(fault: Fault): Promise<void> {
    const verdict = this.#patience.judge(fault, this.#received);
    if (verdict.next === "stop") {
      if (consequenceOf(fault.kind).worthless || this.part.doneBytes === 0) this.part.discard();
      throw explain(this.#name, fault, this.#patience.timesOf(fault));
    }
    // Whoever says "too many" means it.
    if (fault.kind === "busy") this.#connections = 1;
    if (verdict.next === "fresh") await this.part.reset();
    await pause(verdict.delayMs, this.options.signal);
    if (verdict.next === "relink") this.#link = await this.wanted.relink!();
  }

  /** Rethrows what no table row covers. */
  #asFault(error: unknown): Fault {
    if (this.options.signal?.aborted) {
      if (this.part.doneBytes === 0) this.part.discard();
      throw new AppError("interrupted", `The download of ${this.#name} was interrupted`, {
        hint: "Run it again: it goes on where it stopped",
      });
    }
    if (error instanceof AppError && isDiskFull(error)) return this.#noSpace(0, error);
    if (!(error instanceof Fault)) throw error;
    const nothingToGoOnWith = this.part.validator === null && this.part.doneBytes > 0;
    if (consequenceOf(error.kind).then === "again" && nothingToGoOnWith) {
      return new Fault("unresumable", error.message, { cause: error });
    }
    return error;
  }

  #checkSpace(sizeBytes: number): void {
    const folder = this.wanted.path.slice(0, this.wanted.path.lastIndexOf("/")) || "/";
    const needed = sizeBytes - Math.min(sizeBytes, this.part.file.status().allocatedBytes);
    const free = this.files.freeBytes(folder);
    const spare = Math.min(spareBytes, sizeBytes);
    if (needed > 0 && needed + spare > free) throw this.#noSpace(needed + spare, undefined, free);
  }

  #noSpace(needed: number, cause?: unknown, free?: number): Fault {
    const { wanted, part } = this;
    const size = wanted.sizeBytes ?? part.sizeBytes;
    const missing = needed > 0 ? needed : Math.max(0, (size ?? 0) - part.doneBytes);
    const folder = wanted.path.slice(0, wanted.path.lastIndexOf("/"));
    const has = free === undefined ? "the disk is full" : `there are ${sizeWords(free)}`;
    return new Fault("no-space", `${folder} needs ${sizeWords(missing)} more, and ${has}`, { cause });
  }
}

function isDiskFull(error: AppError): boolean {
  return ["ENOSPC", "EDQUOT"].includes(codeOf(error.cause) ?? "");
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done);
  });
}
