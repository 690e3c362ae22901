/**
 * The state folder: append-only files, originals saved under the SHA-256 of their bytes, notes that are replaced as a
 * whole, and the lock of the one writer. It belongs to root alone (0700) and is created by the first write; reading a missing one finds nothing.
 * Knows no format: that is journal.ts and commands.ts.
 */
import { createHash } from "node:crypto";
import { AppError } from "../../model/errors.ts";
import type { Disk } from "./disk.ts";
import { fileAccess, parentOf, temporaryOf } from "./files.ts";
import { isMissing } from "./resolve.ts";

export class StateFolder {
  readonly #disk: Disk;

  /** `path` is absolute and real: links in it are already resolved. */
  constructor(disk: Disk, readonly path: string) {
    this.#disk = disk;
  }

  read(name: string): Uint8Array | null {
    try {
      return this.#disk.readFile(`${this.path}/${name}`);
    } catch (error) {
      if (isMissing(error)) return null;
      throw fileAccess("read", `${this.path}/${name}`, error);
    }
  }

  /** Names in a folder below, sorted; none when there is no such folder. */
  list(name: string): string[] {
    try {
      return this.#disk.readFolder(`${this.path}/${name}`).sort();
    } catch (error) {
      if (isMissing(error)) return [];
      throw fileAccess("list", `${this.path}/${name}`, error);
    }
  }

  /** Replaces or creates the whole file, with the folders above it; durable when it returns. */
  replace(name: string, bytes: Uint8Array): void {
    this.#write(name, (path) => {
      this.#makeFolder(parentOf(path));
      this.#put(path, bytes);
    });
  }

  /** Already gone is success; durable when it returns. */
  remove(name: string): void {
    if (this.#isMissing(`${this.path}/${name}`)) return;
    this.#write(name, (path) => {
      this.#disk.unlink(path);
      this.#disk.syncFolder(parentOf(path));
    });
  }

  /** Durable when it returns, the name of a new file included. */
  append(name: string, bytes: Uint8Array): void {
    this.#write(name, (path) => {
      const isNew = this.#isMissing(path);
      this.#disk.appendFile(path, bytes, 0o600);
      if (isNew) this.#disk.syncFolder(this.path);
    });
  }

  /** Cuts off what a killed append left behind. */
  truncate(name: string, sizeBytes: number): void {
    this.#write(name, (path) => this.#disk.truncate(path, sizeBytes));
  }

  /** Keeps bytes under their digest and returns it; what is there already is not written again. */
  save(bytes: Uint8Array): string {
    const digest = createHash("sha256").update(bytes).digest("hex");
    this.#write(`saved/${digest}`, (path) => {
      // A run killed before its last fsync leaves a name that a power cut may still take away.
      if (!this.#isMissing(path)) return this.#disk.syncFolder(parentOf(path));
      this.#makeFolder(parentOf(path));
      this.#put(path, bytes);
    });
    return digest;
  }

  /** Whether bytes with this digest were saved; saved() judges whether they are still what they were. */
  has(digest: string): boolean {
    return !this.#isMissing(`${this.path}/saved/${digest}`);
  }

  /** Throws `journal-damaged` when the copy is missing or no longer what it was. */
  saved(digest: string): Uint8Array {
    const bytes = this.read(`saved/${digest}`);
    if (bytes === null || createHash("sha256").update(bytes).digest("hex") !== digest) {
      throw new AppError(
        "journal-damaged",
        `Cannot restore from ${this.path}/saved/${digest}: it is missing or damaged`,
        {
          hint: "Restore the state folder from a backup; the file on the machine was left as it is",
        },
      );
    }
    return bytes;
  }

  /** One writer at a time; throws `locked` when another run is at work. */
  lock(): Disposable {
    let lock: Disposable | null = null;
    this.#write("lock", (path) => {
      // As in save(): what a killed run made becomes durable before anything is built on it.
      for (const folder of [parentOf(this.path), this.path]) this.#disk.syncFolder(folder);
      lock = this.#disk.lock(path);
    });
    if (lock === null) {
      throw new AppError("locked", `Cannot start: another neuron-setup is changing this machine (${this.path}/lock)`, {
        hint: "Wait until it is done, then run this again",
      });
    }
    return lock;
  }

  #put(path: string, bytes: Uint8Array): void {
    const temp = temporaryOf(path);
    if (!this.#isMissing(temp)) this.#disk.unlink(temp);
    this.#disk.createFile(temp, bytes, 0o600);
    this.#disk.syncFile(temp);
    this.#disk.rename(temp, path);
    this.#disk.syncFolder(parentOf(path));
  }

  #isMissing(path: string): boolean {
    try {
      this.#disk.lstat(path);
      return false;
    } catch (error) {
      if (isMissing(error)) return true;
      throw error;
    }
  }

  #makeFolder(path: string): void {
    if (!this.#isMissing(path)) return;
    const parent = parentOf(path);
    if (parent !== path) this.#makeFolder(parent);
    const mode = path.startsWith(this.path) ? 0o700 : 0o755;
    this.#disk.mkdir(path, mode);
    this.#disk.syncFolder(parent);
  }

  #write(name: string, call: (path: string) => void): void {
    try {
      this.#makeFolder(this.path);
      call(`${this.path}/${name}`);
    } catch (error) {
      throw fileAccess("write", `${this.path}/${name}`, error);
    }
  }
}
