/**
 * The file system calls this project uses, one method a system call, and their implementation on the real disk.
 * Everything above (resolving below a root, atomic writes, the journal) is written once against this interface, so that
 * memory_disk.ts can fail or "cut the power" at each single call. Never retries, never catches, never resolves links.
 */
import { lchownSync, rmdirSync } from "node:fs";
import { checkWritable, readAttributes, writeAttributes } from "./libc.ts";

export interface DiskStatus {
  readonly kind: "file" | "folder" | "link" | "other";
  /** Permission bits, e.g. 0o644. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly mtimeMs: number | null;
}

/** Extended attributes by name (`user.note`, `security.selinux`), values in base64. */
export type ExtendedAttributes = Readonly<Record<string, string>>;

/** Errors are `Deno.errors.*` or carry `code` (`ENOSPC`), as Deno throws them. Paths are absolute and real. */
export interface Disk {
  lstat(path: string): DiskStatus;
  readlink(path: string): string;
  readFile(path: string): Uint8Array;
  readFolder(path: string): string[];
  readAttributes(path: string): ExtendedAttributes;
  /** Throws when this process may not write there: EACCES, or EROFS even for root (access(2), W_OK). */
  checkWritable(path: string): void;

  /** Creates, refusing what exists (O_EXCL), and writes everything; durable only after syncFile. */
  createFile(path: string, bytes: Uint8Array, mode: number): void;
  syncFile(path: string): void;
  /** Creates when missing, appends and fsyncs. */
  appendFile(path: string, bytes: Uint8Array, mode: number): void;
  truncate(path: string, sizeBytes: number): void;
  /** All bytes in one write(2) to what is there, which for sysfs is a call into the kernel. */
  writeOnce(path: string, bytes: Uint8Array): void;
  chmod(path: string, mode: number): void;
  lchown(path: string, uid: number, gid: number): void;
  setModified(path: string, mtimeMs: number): void;
  writeAttributes(path: string, attributes: ExtendedAttributes): void;
  rename(from: string, to: string): void;
  symlink(target: string, path: string): void;
  unlink(path: string): void;
  mkdir(path: string, mode: number): void;
  rmdir(path: string): void;
  /** Makes names created, renamed or removed in a folder durable. */
  syncFolder(path: string): void;
  /** Takes the exclusive flock of a file, creating it; null when another process has it. The kernel frees it on exit. */
  lock(path: string): Disposable | null;
}

export const systemDisk: Disk = {
  lstat(path) {
    const info = Deno.lstatSync(path);
    return {
      kind: info.isFile ? "file" : info.isDirectory ? "folder" : info.isSymlink ? "link" : "other",
      mode: (info.mode ?? 0) & 0o7777,
      uid: info.uid ?? 0,
      gid: info.gid ?? 0,
      sizeBytes: info.size,
      mtimeMs: info.mtime?.getTime() ?? null,
    };
  },
  readlink: (path) => Deno.readLinkSync(path),
  readFile: (path) => Deno.readFileSync(path),
  readFolder: (path) => Array.from(Deno.readDirSync(path), (entry) => entry.name),
  readAttributes,
  checkWritable,

  createFile(path, bytes, mode) {
    const file = Deno.openSync(path, { write: true, createNew: true, mode });
    try {
      writeAll(file, bytes);
    } finally {
      file.close();
    }
  },
  // fsync(2) flushes the file, not the descriptor: one opened anew does as well.
  syncFile: sync,
  appendFile(path, bytes, mode) {
    const file = Deno.openSync(path, { append: true, create: true, mode });
    try {
      writeAll(file, bytes);
      file.syncSync();
    } finally {
      file.close();
    }
  },
  truncate(path, sizeBytes) {
    const file = Deno.openSync(path, { write: true });
    try {
      file.truncateSync(sizeBytes);
      file.syncSync();
    } finally {
      file.close();
    }
  },
  writeOnce(path, bytes) {
    const file = Deno.openSync(path, { write: true });
    try {
      file.writeSync(bytes);
    } finally {
      file.close();
    }
  },
  chmod: (path, mode) => Deno.chmodSync(path, mode),
  lchown(path, uid, gid) {
    // Only called where the owner differs, so that no root rights are needed to work on a copy.
    const now = Deno.lstatSync(path);
    if (now.uid === uid && now.gid === gid) return;
    lchownSync(path, uid, gid);
  },
  setModified: (path, mtimeMs) => Deno.utimeSync(path, mtimeMs / 1000, mtimeMs / 1000),
  writeAttributes,
  rename: (from, to) => Deno.renameSync(from, to),
  symlink: (target, path) => Deno.symlinkSync(target, path),
  unlink: (path) => Deno.removeSync(path),
  mkdir: (path, mode) => Deno.mkdirSync(path, { mode }),
  rmdir: (path) => rmdirSync(path),
  syncFolder: sync,
  lock(path) {
    const file = Deno.openSync(path, { read: true, write: true, create: true, mode: 0o600 });
    if (file.tryLockSync(true)) return { [Symbol.dispose]: () => file.close() };
    file.close();
    return null;
  },
};

function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
}

function sync(path: string): void {
  const file = Deno.openSync(path, { read: true });
  try {
    file.syncSync();
  } finally {
    file.close();
  }
}
