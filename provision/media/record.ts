/**
 * What is known about a finished file, kept as its note (notes.ts): size, SHA-256, where it came from, and what it was
 * verified against. Written before the file gets its name, so that a name without a record is not ours; checked each
 * time the file is used, because the disk, a person or a program may have changed it since.
 */
import { z } from "zod";
import { AppError } from "../../model/errors.ts";
import type { BigFiles } from "../host/big_files.ts";
import type { Host } from "../host/host.ts";
import { fileKinds } from "./file_kinds.ts";
import { sha256Of } from "./hasher.ts";
import { readNote, writeNote } from "./notes.ts";
import type { MediaProgress } from "./progress.ts";
import { ProgressMeter } from "./progress.ts";

/**
 * `sha256`, `sha512`, `sha1`: the publisher's or our own list said what it must be. `size-and-kind`: nobody publishes it.
 * `made`: it was made on this machine, from what `made` names.
 */
export const verifiedAgainst = ["sha256", "sha512", "sha1", "size-and-kind", "kind", "made"] as const;

/** What Windows an ISO installs, where that is known. */
export const windowsSchema = z.strictObject({
  /** As in the answers file: `11`, `10`, `server2025`. */
  version: z.string(),
  /** BCP 47, lower case. */
  language: z.string(),
  /** Of the images inside; empty where nobody looked. */
  editions: z.array(z.string()),
  /** It stops working after some time. */
  evaluation: z.boolean(),
});

export type WindowsContents = z.infer<typeof windowsSchema>;

const madeSchema = z.strictObject({
  /** What went in: a file with where it came from, or a folder. */
  from: z.array(z.strictObject({
    source: z.string(),
    sizeBytes: z.int().nonnegative(),
    /** Empty for a folder. */
    sha256: z.string(),
    verifiedAgainst: z.string(),
  })),
  /** Programs with their versions. */
  by: z.array(z.string()),
});

export const recordSchema = z.strictObject({
  schema: z.literal("neuron.media/1"),
  sizeBytes: z.int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  kind: z.enum(fileKinds),
  source: z.string(),
  verifiedAgainst: z.enum(verifiedAgainst),
  /** What the publisher's list said, and where that list is. */
  checksum: z.strictObject({ algorithm: z.enum(["sha256", "sha512", "sha1"]), hex: z.string(), from: z.string() })
    .optional(),
  windows: windowsSchema.optional(),
  made: madeSchema.optional(),
  /** Seconds are enough. */
  at: z.string(),
});

export type MediaRecord = z.infer<typeof recordSchema>;

/** What a caller may know beyond the file itself. */
export type MediaFacts = Pick<MediaRecord, "checksum" | "windows" | "made">;

/** Null when there is none that can be read. */
export function readRecord(host: Host, path: string): MediaRecord | null {
  try {
    return recordSchema.parse(JSON.parse(readNote(host, path) ?? ""));
  } catch (error) {
    if (error instanceof AppError) throw error;
    return null;
  }
}

export function writeRecord(host: Host, path: string, record: Omit<MediaRecord, "schema" | "at">): MediaRecord {
  const at = new Date(host.now()).toISOString().replace(/\.\d+Z$/, "Z");
  const whole: MediaRecord = { schema: "neuron.media/1", ...record, at };
  writeNote(host, path, `${JSON.stringify(whole, null, 2)}\n`);
  return whole;
}

/** A link without its query: that often is a secret, and changes when the link is renewed. */
export function sourceOf(link: string): string {
  const { origin, pathname } = new URL(link);
  return `${origin}${pathname}`;
}

export interface CheckOptions {
  /** What it must be, when the caller knows better than the record: a record can be changed together with its file. */
  readonly sha256?: string | null;
  readonly report?: (progress: MediaProgress) => void;
  readonly signal?: AbortSignal;
}

/** Reads the whole file. Throws `not-found`, and `verification-failed` when it is not what it was. */
export async function verify(
  host: Host,
  files: BigFiles,
  path: string,
  options: CheckOptions = {},
): Promise<MediaRecord> {
  const record = readRecord(host, path);
  const status = files.status(path);
  if (status === null) {
    throw new AppError("not-found", `Cannot check ${path}: there is no such file`, {
      hint: "neuron-setup media fetch downloads it, media import takes a file you have",
    });
  }
  if (record === null) {
    throw new AppError("verification-failed", `Cannot check ${path}: nothing says what it should be`, {
      hint: `neuron-setup media import ${path} takes it as it is, once you trust it`,
    });
  }
  const found = await hashWhole(files, path, options);
  const wanted = options.sha256 ?? record.sha256;
  if (found.sha256 === wanted && found.sizeBytes === record.sizeBytes) return record;
  throw new AppError(
    "verification-failed",
    `Cannot use ${path}: it has changed since it was verified (SHA-256 ${found.sha256}, not ${wanted})`,
    { hint: "Remove it and fetch it again; find out who changed it" },
  );
}

export async function hashWhole(
  files: BigFiles,
  path: string,
  { report, signal }: Pick<CheckOptions, "report" | "signal"> = {},
): Promise<{ sha256: string; sizeBytes: number }> {
  using file = files.openToRead(path);
  const total = file.status().sizeBytes;
  const meter = report === undefined ? null : new ProgressMeter(report);
  const what = `checking ${path.slice(path.lastIndexOf("/") + 1)}`;
  return await sha256Of(file, {
    onProgress: (done) => meter?.update(what, done, total, done === total),
    ...(signal === undefined ? {} : { signal }),
  });
}
