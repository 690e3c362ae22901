/**
 * A disk in memory that remembers what is durable: names only after the folder's fsync, bytes and modes only after the
 * file's. Tests fail a call, or cut the power at it, with `before`. Used by tests alone; the product never imports it.
 */
import type { Disk, DiskStatus, ExtendedAttributes } from "./disk.ts";

interface Inode {
  kind: "file" | "folder" | "link";
  mode: number;
  uid: number;
  gid: number;
  mtimeMs: number;
  bytes: Uint8Array;
  target: string;
  extended: Record<string, string>;
  entries: Map<string, Inode>;
  /** What a power cut leaves of it. */
  durable: { mode: number; uid: number; gid: number; bytes: Uint8Array; entries: Map<string, Inode> };
}

export type TreeEntry =
  | { readonly text: string; readonly mode?: number; readonly extended?: ExtendedAttributes }
  | { readonly link: string }
  | { readonly folder: true; readonly mode?: number };

/** Throws what the call shall fail with; `changes` is false for looking only. */
export type FaultHook = (call: string, path: string, changes: boolean) => void;

export class MemoryDisk implements Disk {
  #top = newInode("folder", 0o755);
  readonly #locks = new Set<string>();
  before: FaultHook = () => {};

  /** Folders above are made as needed; everything is durable. */
  static from(tree: Readonly<Record<string, string | TreeEntry>>): MemoryDisk {
    const disk = new MemoryDisk();
    for (const [path, entry] of Object.entries(tree)) disk.put(path, entry);
    disk.settle();
    return disk;
  }

  put(path: string, entry: string | TreeEntry): void {
    const value = typeof entry === "string" ? { text: entry } : entry;
    const names = path.split("/").filter((name) => name !== "");
    let folder = this.#top;
    for (const name of names.slice(0, -1)) {
      if (!folder.entries.has(name)) folder.entries.set(name, newInode("folder", 0o755));
      folder = folder.entries.get(name)!;
    }
    const inode = "link" in value
      ? newInode("link", 0o777)
      : "folder" in value
      ? newInode("folder", value.mode ?? 0o755)
      : newInode("file", value.mode ?? 0o644);
    if ("link" in value) inode.target = value.link;
    if ("text" in value) {
      inode.bytes = new TextEncoder().encode(value.text);
      inode.extended = { ...value.extended };
    }
    folder.entries.set(names.at(-1)!, inode);
  }

  /** What another program does: new bytes in an existing file, durable at once. */
  replaceDurably(path: string, text: string): void {
    const inode = this.#find(path);
    inode.bytes = new TextEncoder().encode(text);
    inode.durable.bytes = inode.bytes;
  }

  /** Everything written so far becomes durable, as after sync(2). */
  settle(): void {
    walk(this.#top, (inode) => {
      inode.durable = {
        mode: inode.mode,
        uid: inode.uid,
        gid: inode.gid,
        bytes: inode.bytes,
        entries: new Map(inode.entries),
      };
    });
  }

  /** A power cut: whatever was not fsynced is gone. Locks are free again. */
  cutPower(): void {
    const revert = (inode: Inode) => {
      const { entries, ...rest } = inode.durable;
      Object.assign(inode, rest, { entries: new Map(entries) });
      for (const child of inode.entries.values()) revert(child);
    };
    revert(this.#top);
    this.kill();
  }

  /** The process died, the machine lives: only locks are freed. */
  kill(): void {
    this.#locks.clear();
    this.before = () => {};
  }

  /** Every path outside the given folders with all that must come back exactly; for comparing trees. */
  snapshot(...without: readonly string[]): Record<string, string> {
    const found: Record<string, string> = {};
    const visit = (path: string, inode: Inode) => {
      if (without.includes(path)) return;
      const owner = `${inode.uid}:${inode.gid}`;
      if (inode.kind === "link") found[path] = `link ${owner} -> ${inode.target}`;
      else {
        const bytes = inode.kind === "file" ? new TextDecoder().decode(inode.bytes) : "";
        found[path] = `${inode.kind} ${inode.mode.toString(8)} ${owner} ${JSON.stringify(inode.extended)} ${bytes}`;
      }
      for (const [name, child] of [...inode.entries].sort()) visit(`${path === "/" ? "" : path}/${name}`, child);
    };
    visit("/", this.#top);
    return found;
  }

  lstat(path: string): DiskStatus {
    const inode = this.#look("lstat", path);
    const { kind, mode, uid, gid, mtimeMs } = inode;
    return { kind, mode, uid, gid, mtimeMs, sizeBytes: inode.bytes.length };
  }
  readlink(path: string): string {
    return this.#look("readlink", path).target;
  }
  readFile(path: string): Uint8Array {
    const inode = this.#look("read", path, true);
    if (inode.kind === "folder") throw failure("EISDIR", path);
    return inode.bytes;
  }
  readFolder(path: string): string[] {
    const inode = this.#look("readdir", path, true);
    if (inode.kind !== "folder") throw failure("ENOTDIR", path);
    return [...inode.entries.keys()];
  }
  readAttributes(path: string): ExtendedAttributes {
    return { ...this.#look("listxattr", path).extended };
  }

  checkWritable(path: string): void {
    this.#look("access", path, true);
  }

  createFile(path: string, bytes: Uint8Array, mode: number): void {
    const { folder, name } = this.#change("open", path);
    if (folder.entries.has(name)) throw failure("EEXIST", path);
    const inode = newInode("file", mode);
    folder.entries.set(name, inode);
    // Two calls, so that a fault may come between: the name is there, the bytes are not.
    this.before("write", path, true);
    inode.bytes = bytes.slice();
  }
  appendFile(path: string, bytes: Uint8Array, mode: number): void {
    const { folder, name } = this.#change("open", path);
    const inode = folder.entries.get(name) ?? newInode("file", mode);
    folder.entries.set(name, inode);
    const old = inode.bytes;
    inode.bytes = concat(old, bytes.subarray(0, bytes.length >> 1));
    this.before("write", path, true);
    inode.bytes = concat(old, bytes);
    this.before("fsync", path, true);
    inode.durable.bytes = inode.bytes;
  }
  truncate(path: string, sizeBytes: number): void {
    this.before("truncate", path, true);
    const inode = this.#find(path);
    inode.bytes = inode.bytes.slice(0, sizeBytes);
    inode.durable.bytes = inode.bytes;
  }
  writeOnce(path: string, bytes: Uint8Array): void {
    this.before("write", path, true);
    this.#find(path).bytes = bytes.slice();
  }
  syncFile(path: string): void {
    this.before("fsync", path, true);
    const inode = this.#find(path);
    Object.assign(inode.durable, { mode: inode.mode, uid: inode.uid, gid: inode.gid, bytes: inode.bytes });
  }
  chmod(path: string, mode: number): void {
    this.before("chmod", path, true);
    this.#find(path).mode = mode;
  }
  lchown(path: string, uid: number, gid: number): void {
    this.before("chown", path, true);
    Object.assign(this.#find(path), { uid, gid });
  }
  setModified(path: string, mtimeMs: number): void {
    this.before("utime", path, true);
    this.#find(path).mtimeMs = mtimeMs;
  }
  writeAttributes(path: string, attributes: ExtendedAttributes): void {
    this.before("setxattr", path, true);
    Object.assign(this.#find(path).extended, attributes);
  }
  rename(from: string, to: string): void {
    const source = this.#change("rename", from);
    const inode = source.folder.entries.get(source.name);
    if (inode === undefined) throw failure("ENOENT", from);
    const target = this.#parent(to);
    source.folder.entries.delete(source.name);
    target.folder.entries.set(target.name, inode);
  }
  symlink(target: string, path: string): void {
    const { folder, name } = this.#change("symlink", path);
    if (folder.entries.has(name)) throw failure("EEXIST", path);
    folder.entries.set(name, Object.assign(newInode("link", 0o777), { target }));
  }
  unlink(path: string): void {
    const { folder, name } = this.#change("unlink", path);
    const inode = folder.entries.get(name);
    if (inode === undefined) throw failure("ENOENT", path);
    if (inode.kind === "folder") throw failure("EISDIR", path);
    folder.entries.delete(name);
  }
  mkdir(path: string, mode: number): void {
    const { folder, name } = this.#change("mkdir", path);
    if (folder.entries.has(name)) throw failure("EEXIST", path);
    folder.entries.set(name, newInode("folder", mode));
  }
  rmdir(path: string): void {
    const { folder, name } = this.#change("rmdir", path);
    const inode = folder.entries.get(name);
    if (inode === undefined) throw failure("ENOENT", path);
    if (inode.entries.size > 0) throw failure("ENOTEMPTY", path);
    folder.entries.delete(name);
  }
  syncFolder(path: string): void {
    this.before("fsync", path, true);
    const inode = this.#find(path);
    inode.durable.entries = new Map(inode.entries);
  }
  lock(path: string): Disposable | null {
    if (this.#locks.has(path)) return null;
    const { folder, name } = this.#change("open", path);
    if (!folder.entries.has(name)) folder.entries.set(name, newInode("file", 0o600));
    this.#locks.add(path);
    return { [Symbol.dispose]: () => void this.#locks.delete(path) };
  }

  #look(call: string, path: string, follow = false): Inode {
    this.before(call, path, false);
    return this.#find(path, follow);
  }

  #change(call: string, path: string): { folder: Inode; name: string } {
    this.before(call, path, true);
    return this.#parent(path);
  }

  #parent(path: string): { folder: Inode; name: string } {
    const slash = path.lastIndexOf("/");
    const folder = this.#find(path.slice(0, slash) || "/", true);
    if (folder.kind !== "folder") throw failure("ENOTDIR", path);
    return { folder, name: path.slice(slash + 1) };
  }

  #find(path: string, followLast = false): Inode {
    let todo = path.split("/").filter((name) => name !== "");
    let at: Inode[] = [this.#top];
    for (let links = 0; todo.length > 0;) {
      const [name, ...rest] = todo;
      if (name === "..") at = at.length > 1 ? at.slice(0, -1) : at;
      const next = name === ".." ? at.at(-1) : at.at(-1)!.entries.get(name!);
      if (next === undefined) throw failure(at.at(-1)!.kind === "folder" ? "ENOENT" : "ENOTDIR", path);
      todo = rest;
      if (next.kind === "link" && (rest.length > 0 || followLast)) {
        if (++links > 40) throw failure("ELOOP", path);
        if (next.target.startsWith("/")) at = [this.#top];
        todo = [...next.target.split("/").filter((part) => part !== "" && part !== "."), ...rest];
      } else if (name !== "..") at.push(next);
    }
    return at.at(-1)!;
  }
}

function newInode(kind: Inode["kind"], mode: number): Inode {
  const bytes = new Uint8Array();
  return {
    kind,
    mode,
    uid: 0,
    gid: 0,
    mtimeMs: 0,
    bytes,
    target: "",
    extended: {},
    entries: new Map(),
    // The worst a file system may do with a file that was never fsynced: its name stands, its bytes are gone.
    durable: { mode, uid: 0, gid: 0, bytes, entries: new Map() },
  };
}

function walk(inode: Inode, visit: (inode: Inode) => void): void {
  visit(inode);
  for (const child of inode.entries.values()) walk(child, visit);
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** An error as Deno throws it: the code is what files.ts reads. */
export function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
