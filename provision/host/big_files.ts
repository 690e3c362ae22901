/**
 * Files too big for one read, below the same root as all others: positioned reading and writing, free space, the lock
 * of who writes one, and its last step, the rename. Small files beside them (records, states) go through HostFileWriter.
 * Where a name leads is asked anew at each call, and a link as the last part is never followed.
 */
import { statfsSync } from "node:fs";
import { AppError } from "../../model/errors.ts";
import { systemDisk } from "./disk.ts";
import { fileAccess, parentOf } from "./files.ts";
import { isMissing, Resolver } from "./resolve.ts";

export interface BigFileStatus {
  readonly sizeBytes: number;
  /** What it takes on the disk: less than its size while it has holes. */
  readonly allocatedBytes: number;
}

/** One open file. Each has a position of its own in the kernel, so two of one file may work at the same time. */
export interface BigFile extends Disposable {
  /** As many bytes as there are, at most the buffer's length; 0 at the end. */
  readAt(offset: number, buffer: Uint8Array): Promise<number>;
  writeAt(offset: number, bytes: Uint8Array): Promise<void>;
  truncate(sizeBytes: number): Promise<void>;
  /** fsync(2). */
  sync(): Promise<void>;
  status(): BigFileStatus;
}

export class BigFiles {
  readonly #resolver: Resolver;

  /** `root` is absolute, real, and "/" for the running machine: that of the Host. */
  constructor(readonly root: string) {
    this.#resolver = new Resolver(systemDisk, root);
  }

  /** Null when missing; throws `conflict` for what is no regular file. */
  status(path: string): BigFileStatus | null {
    return this.#call("read", path, (real) => {
      try {
        const info = Deno.lstatSync(real);
        if (!info.isFile) throw notRegular(path);
        return statusOf(info);
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    });
  }

  /** Bytes this process may still write into an existing folder: statfs(2), f_bavail. */
  freeBytes(folder: string): number {
    return this.#call("look at", folder, () => {
      const { bavail, bsize } = statfsSync(this.#resolver.resolve(folder, { followLast: true, fresh: true }));
      return bavail * bsize;
    });
  }

  /** Throws `not-found` when missing. */
  openToRead(path: string): BigFile {
    if (this.status(path) === null) throw new AppError("not-found", `Cannot read ${path}: there is no such file`);
    return this.#call("read", path, (real) => new OpenedFile(path, Deno.openSync(real, { read: true })));
  }

  /** Another handle on a file that is there. */
  openToWrite(path: string): BigFile {
    this.status(path);
    return this.#call("write", path, (real) => new OpenedFile(path, Deno.openSync(real, { read: true, write: true })));
  }

  /**
   * Creates it (0600) when missing, and takes its lock, which ends with the handle or the process. Null when another
   * process has it. A name that was renamed away while we waited is opened anew: the lock belongs to the file.
   */
  openLocked(path: string): BigFile | null {
    this.status(path);
    return this.#call("write", path, (real) => {
      for (;;) {
        const file = Deno.openSync(real, { read: true, write: true, create: true, mode: 0o600 });
        if (!file.tryLockSync(true)) {
          file.close();
          return null;
        }
        if (isStill(file, real)) return new OpenedFile(path, file);
        file.close();
      }
    });
  }

  /** The whole file is durable before its new name is, and the new name when this returns. Mode 0644. */
  publish(from: string, to: string): void {
    this.#call("rename", to, (real) => {
      const source = this.#resolver.resolve(from, { followLast: false, fresh: true });
      Deno.chmodSync(source, 0o644);
      systemDisk.syncFile(source);
      systemDisk.rename(source, real);
      systemDisk.syncFolder(parentOf(real));
    });
  }

  #call<T>(verb: string, path: string, call: (real: string) => T): T {
    try {
      return call(this.#resolver.resolve(path, { followLast: false, fresh: true }));
    } catch (error) {
      throw error instanceof AppError ? error : fileAccess(verb, path, error);
    }
  }
}

class OpenedFile implements BigFile {
  constructor(readonly path: string, readonly file: Deno.FsFile) {}

  readAt(offset: number, buffer: Uint8Array): Promise<number> {
    return this.#call("read", async () => {
      this.file.seekSync(offset, Deno.SeekMode.Start);
      return await this.file.read(buffer) ?? 0;
    });
  }

  writeAt(offset: number, bytes: Uint8Array): Promise<void> {
    return this.#call("write", async () => {
      this.file.seekSync(offset, Deno.SeekMode.Start);
      for (let done = 0; done < bytes.length;) done += await this.file.write(bytes.subarray(done));
    });
  }

  truncate(sizeBytes: number): Promise<void> {
    return this.#call("truncate", () => this.file.truncate(sizeBytes));
  }

  sync(): Promise<void> {
    return this.#call("write", () => this.file.sync());
  }

  status(): BigFileStatus {
    return statusOf(this.file.statSync());
  }

  [Symbol.dispose](): void {
    this.file.close();
  }

  async #call<T>(verb: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw fileAccess(verb, this.path, error);
    }
  }
}

function statusOf({ size, blocks }: Deno.FileInfo): BigFileStatus {
  // st_blocks counts 512 bytes whatever the file system's own block is: inode(7).
  return { sizeBytes: size, allocatedBytes: blocks === null ? size : blocks * 512 };
}

function isStill(file: Deno.FsFile, real: string): boolean {
  try {
    const [ours, named] = [file.statSync(), Deno.lstatSync(real)];
    return ours.dev === named.dev && ours.ino === named.ino;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

function notRegular(path: string): AppError {
  return new AppError("conflict", `Cannot use ${path}: it is a link, a folder or a device, not a file`, {
    hint: "Move it away, or name another file",
  });
}
