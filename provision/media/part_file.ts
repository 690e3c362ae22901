/**
 * A file on its way: `NAME.part`, locked for as long as it is open, and its note, which says what is known about the
 * source and which bytes are there. The state only ever claims bytes that were fsynced before it was
 * written; what a power cut leaves beyond them is fetched again. A state that cannot be read claims nothing.
 */
import { z } from "zod";
import { AppError } from "../../model/errors.ts";
import type { BigFile, BigFiles } from "../host/big_files.ts";
import type { Host } from "../host/host.ts";
import { FollowingHasher } from "./hasher.ts";
import { readNote, removeNote, writeNote } from "./notes.ts";
import { bytesOf, frontierOf, type Range, withRange } from "./ranges.ts";
import { sameValidator, type Validator } from "./validator.ts";

const stateSchema = z.strictObject({
  schema: z.literal("neuron.part/1"),
  /** Without its query: that often is a secret, and changes when the link is renewed. */
  source: z.string(),
  sha256: z.string().nullable(),
  validator: z.union([z.strictObject({ etag: z.string() }), z.strictObject({ lastModified: z.string() })]),
  sizeBytes: z.int().positive(),
  finished: z.array(z.tuple([z.int().nonnegative(), z.int().positive()])),
});

export interface PartIdentity {
  /** Link without query. */
  readonly source: string;
  /** What the finished file must have; null when nobody knows. */
  readonly sha256: string | null;
}

export class PartFile implements Disposable {
  readonly #path: string;
  #finished: Range[] = [];
  #validator: Validator | null = null;
  #sizeBytes: number | null = null;
  #checkpoint: Promise<void> | null = null;
  #unsavedBytes = 0;
  readonly hasher: FollowingHasher;
  readonly #reading: BigFile;

  /** Throws `locked` when another run is at it. */
  static async open(host: Host, files: BigFiles, path: string, identity: PartIdentity): Promise<PartFile> {
    const file = files.openLocked(path);
    if (file === null) {
      throw new AppError("locked", `Cannot download to ${path}: another run is doing that now`, {
        hint: "Wait until it is done; then this finds the file",
      });
    }
    const part = new PartFile(host, files, path, identity, file);
    try {
      if (!part.#restore()) await part.reset();
      return part;
    } catch (error) {
      part[Symbol.dispose]();
      throw error;
    }
  }

  private constructor(
    readonly host: Host,
    readonly files: BigFiles,
    path: string,
    readonly identity: PartIdentity,
    readonly file: BigFile,
  ) {
    this.#path = path;
    this.#reading = files.openToRead(path);
    this.hasher = new FollowingHasher(this.#reading);
  }

  get path(): string {
    return this.#path;
  }

  get finished(): readonly Range[] {
    return this.#finished;
  }

  get doneBytes(): number {
    return bytesOf(this.#finished);
  }

  get validator(): Validator | null {
    return this.#validator;
  }

  /** Null until the source said it. */
  get sizeBytes(): number | null {
    return this.#sizeBytes;
  }

  /** What the first answer says about the file. Only with a validator and a size can it be resumed. */
  adopt(validator: Validator | null, sizeBytes: number | null): void {
    this.#validator = sizeBytes === null ? null : validator;
    this.#sizeBytes = sizeBytes;
  }

  isSame(validator: Validator | null): boolean {
    return this.#validator !== null && sameValidator(this.#validator, validator);
  }

  /** These bytes were written. */
  wrote(range: Range): void {
    this.#finished = withRange(this.#finished, range);
    this.#unsavedBytes += range[1] - range[0];
    this.hasher.follow(frontierOf(this.#finished));
  }

  get unsavedBytes(): number {
    return this.#unsavedBytes;
  }

  /** Makes what is written so far durable, then says so in the state. One at a time. */
  async checkpoint(): Promise<void> {
    while (this.#checkpoint !== null) await this.#checkpoint;
    if (this.#unsavedBytes === 0 || this.#validator === null) return;
    this.#checkpoint = this.#save().finally(() => this.#checkpoint = null);
    await this.#checkpoint;
  }

  /** From zero. The state goes first: it must never claim what is not there. */
  async reset(): Promise<void> {
    this.forget();
    await this.hasher.reset();
    await this.file.truncate(0);
    this.#finished = [];
    this.#validator = this.#sizeBytes = null;
    this.#unsavedBytes = 0;
  }

  /** The note goes: nothing is claimed any more. */
  forget(): void {
    removeNote(this.host, this.#path);
  }

  /** Gives up what is there. */
  discard(): void {
    this.forget();
    this.host.remove(this.#path);
  }

  [Symbol.dispose](): void {
    this.#reading[Symbol.dispose]();
    this.file[Symbol.dispose]();
  }

  async #save(): Promise<void> {
    const finished = this.#finished;
    this.#unsavedBytes = 0;
    await this.file.sync();
    const state = {
      schema: "neuron.part/1",
      ...this.identity,
      validator: this.#validator,
      sizeBytes: this.#sizeBytes,
      finished,
    };
    writeNote(this.host, this.#path, `${JSON.stringify(state)}\n`);
  }

  /** False when nothing there can be used. */
  #restore(): boolean {
    const state = readState(readNote(this.host, this.#path));
    if (state === null || !this.#isOurs(state)) return false;
    const onDisk = this.file.status().sizeBytes;
    if (state.finished.some(([start, end]) => start >= end || end > Math.min(onDisk, state.sizeBytes))) return false;
    this.#finished = state.finished.reduce<Range[]>(withRange, []);
    this.#validator = state.validator;
    this.#sizeBytes = state.sizeBytes;
    this.hasher.follow(frontierOf(this.#finished));
    return true;
  }

  /** The same place, or the same content wherever it comes from. */
  #isOurs({ source, sha256 }: z.infer<typeof stateSchema>): boolean {
    if (sha256 !== this.identity.sha256) return false;
    return sha256 !== null || source === this.identity.source;
  }
}

function readState(text: string | null): z.infer<typeof stateSchema> | null {
  try {
    return stateSchema.parse(JSON.parse(text ?? ""));
  } catch {
    return null;
  }
}
