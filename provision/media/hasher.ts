/**
 * SHA-256 of a file while it is being written: follows the part that has no holes from the start, by reading it back.
 * So one mechanism serves a download in order, one that goes on after a break, and one in several ranges at a time; and
 * what is hashed is what the file holds.
 */
import { createHash, type Hash } from "node:crypto";
import { AppError } from "../../model/errors.ts";
import type { BigFile } from "../host/big_files.ts";

const readBytes = 1 << 19;

export class FollowingHasher {
  #hash: Hash = createHash("sha256");
  #done = 0;
  #frontier = 0;
  #running: Promise<void> | null = null;
  #buffer = new Uint8Array(readBytes);

  constructor(readonly file: BigFile) {}

  get doneBytes(): number {
    return this.#done;
  }

  /** Everything before this offset is written. Hashing goes on in the background; a failure shows in `digest`. */
  follow(frontier: number): void {
    this.#frontier = Math.max(this.#frontier, frontier);
    this.#running ??= this.#run().finally(() => this.#running = null);
    this.#running.catch(() => {});
  }

  /** Hex, once everything up to `sizeBytes` is hashed. */
  async digest(sizeBytes: number): Promise<string> {
    while (this.#done < sizeBytes) {
      this.follow(sizeBytes);
      await this.#running;
    }
    return this.#hash.copy().digest("hex");
  }

  /** From zero: the file was emptied. */
  async reset(): Promise<void> {
    this.#frontier = 0;
    try {
      await this.#running;
    } catch {
      // What could not be read is not asked for any more.
    }
    this.#hash = createHash("sha256");
    this.#done = this.#frontier = 0;
  }

  async #run(): Promise<void> {
    while (this.#done < this.#frontier) {
      const want = Math.min(readBytes, this.#frontier - this.#done);
      const count = await this.file.readAt(this.#done, this.#buffer.subarray(0, want));
      if (count === 0) throw new Error(`The file ends at ${this.#done}, before what was written to it`);
      this.#hash.update(this.#buffer.subarray(0, count));
      this.#done += count;
    }
  }
}

export type HashAlgorithm = "sha256" | "sha512" | "sha1";

export interface HashOptions {
  readonly onProgress?: (doneBytes: number) => void;
  readonly signal?: AbortSignal;
}

/** Of a whole file, with a word on the way. */
export async function sha256Of(
  file: BigFile,
  options: HashOptions = {},
): Promise<{ sha256: string; sizeBytes: number }> {
  const { hex, sizeBytes } = await hashOf(file, "sha256", options);
  return { sha256: hex, sizeBytes };
}

/** The same with another algorithm, for publishers who name another. */
export async function hashOf(
  file: BigFile,
  algorithm: HashAlgorithm,
  options: HashOptions = {},
): Promise<{ hex: string; sizeBytes: number }> {
  const hash = createHash(algorithm);
  const buffer = new Uint8Array(readBytes);
  for (let done = 0;;) {
    if (options.signal?.aborted) {
      throw new AppError("interrupted", "The check was interrupted", { hint: "Run it again: nothing was changed" });
    }
    const count = await file.readAt(done, buffer);
    if (count === 0) return { hex: hash.digest("hex"), sizeBytes: done };
    hash.update(buffer.subarray(0, count));
    done += count;
    options.onProgress?.(done);
  }
}
