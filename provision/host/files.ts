/**
 * Files of the machine below a root, on any Disk: the reading and the atomic writing of the Host interface.
 * A write is always the same calls: temp file beside the target, owner, mode, fsync, rename, fsync of the folder.
 * The temp name is derived from the target, so that whoever knows the target can sweep after a killed run.
 */
import { AppError, errorMessage } from "../../model/errors.ts";
import type { Disk, ExtendedAttributes } from "./disk.ts";
import type { FileAttributes, FileStatus, HostFiles, HostFileWriter } from "./host.ts";
import { codeOf, isMissing, Resolver } from "./resolve.ts";

export class RootedFiles implements HostFiles, HostFileWriter {
  readonly #disk: Disk;
  readonly #resolver: Resolver;

  /** `root` is absolute, without links and without a slash at its end; "/" is the running machine. */
  constructor(disk: Disk, readonly root: string) {
    this.#disk = disk;
    this.#resolver = new Resolver(disk, root);
  }

  readBytes(path: string): Uint8Array | null {
    return this.#read(path, true, (real) => this.#disk.readFile(real));
  }

  readText(path: string): string | null {
    const bytes = this.readBytes(path);
    return bytes === null ? null : new TextDecoder().decode(bytes);
  }

  list(path: string): string[] | null {
    return this.#read(path, true, (real) => this.#disk.readFolder(real).sort());
  }

  stat(path: string): FileStatus | null {
    return this.#read(path, false, (real) => this.#disk.lstat(real));
  }

  readLink(path: string): string | null {
    return this.#read(
      path,
      false,
      (real) => this.#disk.lstat(real).kind === "link" ? this.#disk.readlink(real) : null,
    );
  }

  attributes(path: string): ExtendedAttributes {
    return this.#read(path, false, (real) => this.#disk.readAttributes(real)) ?? {};
  }

  whyNotWritable(path: string): string | null {
    let folder = path;
    while (this.list(folder) === null) folder = parentOf(folder);
    try {
      this.#disk.checkWritable(this.#resolver.resolve(folder, { followLast: true }));
      return null;
    } catch (error) {
      const code = codeOf(error);
      return cures[code ?? ""]?.what ?? errorMessage(error);
    }
  }

  writeFile(path: string, bytes: Uint8Array, attributes: FileAttributes = {}): void {
    this.#replace(path, (temp, before) => {
      const mode = attributes.mode ?? (before?.kind === "file" ? before.mode : 0o644);
      this.#disk.createFile(temp, bytes, 0o600);
      this.#own(temp, attributes, before);
      this.#disk.writeAttributes(temp, attributes.extended ?? this.#attributesOf(path, before));
      // After chown, which clears set-id bits.
      this.#disk.chmod(temp, mode);
      if (attributes.mtimeMs !== undefined) this.#disk.setModified(temp, attributes.mtimeMs);
      this.#disk.syncFile(temp);
    });
  }

  writeLink(path: string, target: string, attributes: FileAttributes = {}): void {
    this.#replace(path, (temp, before) => {
      this.#disk.symlink(target, temp);
      this.#own(temp, attributes, before);
    });
  }

  makeFolder(path: string, attributes: FileAttributes = {}): void {
    this.#write("make folder", path, (real) => {
      const mode = attributes.mode ?? 0o755;
      this.#disk.mkdir(real, mode);
      this.#own(real, attributes, null);
      this.#disk.chmod(real, mode);
      this.#disk.syncFolder(parentOf(real));
    });
  }

  remove(path: string): void {
    this.#removeName("remove", path, (real) => this.#disk.unlink(real));
  }

  removeFolder(path: string): void {
    this.#removeName("remove folder", path, (real) => this.#disk.rmdir(real));
  }

  /** Removes the temp file a killed write of this path left, and makes durable what that run achieved around it. */
  sweep(path: string): void {
    let folder = parentOf(path);
    while (this.list(folder) === null) folder = parentOf(folder);
    this.#write("tidy up after", path, (real) => {
      if (folder === parentOf(path)) this.#unlinkIfThere(temporaryOf(real));
    });
    // Names made or removed in the lowest folder that is there, and that folder's own name.
    for (const each of [folder, parentOf(folder)]) {
      this.#write("tidy up", each, () => this.#disk.syncFolder(this.#resolver.resolve(each, { followLast: true })));
    }
  }

  tellKernel(path: string, text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.#write("write", path, (real) => this.#disk.writeOnce(real, bytes));
  }

  #replace(path: string, fill: (temp: string, before: FileStatus | null) => void): void {
    this.#write("write", path, (real) => {
      const temp = temporaryOf(real);
      this.#unlinkIfThere(temp);
      try {
        fill(temp, this.#statusOf(real));
        this.#disk.rename(temp, real);
      } catch (error) {
        this.#tidy(temp);
        throw error;
      }
      this.#disk.syncFolder(parentOf(real));
    });
  }

  #own(real: string, attributes: FileAttributes, before: FileStatus | null): void {
    const uid = attributes.uid ?? before?.uid;
    const gid = attributes.gid ?? before?.gid;
    if (uid === undefined && gid === undefined) return;
    const now = this.#disk.lstat(real);
    if (now.uid !== (uid ?? now.uid) || now.gid !== (gid ?? now.gid)) {
      this.#disk.lchown(real, uid ?? now.uid, gid ?? now.gid);
    }
  }

  #attributesOf(path: string, before: FileStatus | null): ExtendedAttributes {
    return before?.kind === "file" ? this.attributes(path) : {};
  }

  #statusOf(real: string): FileStatus | null {
    try {
      return this.#disk.lstat(real);
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  #unlinkIfThere(real: string): void {
    try {
      this.#disk.unlink(real);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  /** The failure that brought us here is the one to tell; the next run sweeps what stays. */
  #tidy(temp: string): void {
    try {
      this.#disk.unlink(temp);
    } catch {
      // See above.
    }
  }

  #removeName(verb: string, path: string, call: (real: string) => void): void {
    this.#write(verb, path, (real) => {
      try {
        call(real);
      } catch (error) {
        if (isMissing(error)) return;
        throw error;
      }
      this.#disk.syncFolder(parentOf(real));
    });
  }

  #read<T>(path: string, followLast: boolean, call: (real: string) => T): T | null {
    try {
      return call(this.#resolver.resolve(path, { followLast }));
    } catch (error) {
      if (isMissing(error)) return null;
      throw fileAccess("read", path, error);
    }
  }

  #write(verb: string, path: string, call: (real: string) => void): void {
    try {
      call(this.#resolver.resolve(path, { followLast: false, fresh: true }));
    } catch (error) {
      throw fileAccess(verb, path, error);
    }
  }
}

/** `/etc/.grub.neuron-tmp` for `/etc/grub`: hidden and without the endings drop-in folders look for. */
export function temporaryOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return `${path.slice(0, slash)}/.${path.slice(slash + 1)}.neuron-tmp`;
}

export const parentOf = (path: string) => path.slice(0, path.lastIndexOf("/")) || "/";

const cures: Readonly<Record<string, { what: string; hint: string }>> = {
  ENOSPC: { what: "no space is left", hint: "Free some space on that file system, then run it again" },
  EDQUOT: { what: "the disk quota is used up", hint: "Free some space or raise the quota, then run it again" },
  EROFS: { what: "the file system is read-only", hint: "Remount it writable (mount -o remount,rw …) and run it again" },
  EACCES: { what: "permission is denied", hint: "Run it as root" },
  EPERM: { what: "the operation is not permitted", hint: "Run it as root; check for an immutable flag with lsattr" },
  EIO: {
    what: "the disk reported an I/O error",
    hint: "Look at the kernel's messages (dmesg): the disk may be failing",
  },
  ELOOP: { what: "its symbolic links go round in a circle", hint: "Repair the links" },
  ENOTEMPTY: { what: "the folder is not empty", hint: "Look at what is in it" },
  ENOTDIR: { what: "what should be a folder above it is none", hint: "Look at what is there, and move it away" },
  ENOENT: { what: "the folder above is missing", hint: "Run plan again to see what has changed" },
};

/** What stood in the way, with its cure; anything that is no file error (a bug, a test's power cut) passes unchanged. */
export function fileAccess(verb: string, path: string, error: unknown): unknown {
  const code = codeOf(error);
  if (error instanceof AppError || code === null) return error;
  const cure = cures[code];
  return new AppError("file-access", `Cannot ${verb} ${path}: ${cure?.what ?? errorMessage(error)}`, {
    ...(cure === undefined ? {} : { hint: cure.hint }),
    cause: error,
  });
}
