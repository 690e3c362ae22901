/**
 * Where a path of the machine lies on the disk: below the root, whatever links say. An absolute link starts again at
 * the root, `..` stops there, so nothing can leave it. Reads remember resolved folders (sysfs is a forest of links);
 * writes always resolve afresh.
 */
import type { Disk } from "./disk.ts";

/** Linux follows 40 links before it answers ELOOP. */
const maxLinks = 40;

export class Resolver {
  readonly #folders = new Map<string, string>();

  constructor(readonly disk: Disk, readonly root: string) {}

  /** Absolute real path of `path`; the last part is followed only when told. Missing parts stay as they are written. */
  resolve(path: string, options: { followLast: boolean; fresh?: boolean }): string {
    if (this.root === "/") return path;
    if (options.fresh === true) this.#folders.clear();
    const parts = path.split("/").filter((part) => part !== "" && part !== ".");
    const last = parts.at(-1);
    if (last === undefined) return this.root;
    if (last === "..") return this.#outside(this.#walk(parts, 0).inside);
    const folder = this.#folder(parts.slice(0, -1));
    if (!options.followLast) return this.#outside(join(folder, last));
    const target = this.#linkAt(join(folder, last));
    if (target === null) return this.#outside(join(folder, last));
    return this.#outside(this.#walk([...split(folder), last], 0).inside);
  }

  #folder(parts: readonly string[]): string {
    const key = parts.join("/");
    const known = this.#folders.get(key);
    if (known !== undefined) return known;
    const inside = this.#walk(parts, 0).inside;
    this.#folders.set(key, inside);
    return inside;
  }

  /** Walks parts from the root, every link expanded; the result is a path inside the root without links. */
  #walk(parts: readonly string[], links: number): { inside: string; links: number } {
    const todo = [...parts];
    let inside = "";
    while (todo.length > 0) {
      const part = todo.shift()!;
      if (part === "..") {
        inside = inside.slice(0, Math.max(0, inside.lastIndexOf("/")));
        continue;
      }
      const next = join(inside, part);
      const target = this.#linkAt(next);
      if (target === null) {
        inside = next;
        continue;
      }
      if (++links > maxLinks) {
        throw Object.assign(new Error(`Too many levels of symbolic links: ${next}`), { code: "ELOOP" });
      }
      if (target.startsWith("/")) inside = "";
      todo.unshift(...split(target).filter((name) => name !== "."));
    }
    return { inside, links };
  }

  #linkAt(inside: string): string | null {
    const path = this.#outside(inside);
    try {
      return this.disk.lstat(path).kind === "link" ? this.disk.readlink(path) : null;
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  #outside(inside: string): string {
    return inside === "" ? this.root || "/" : `${this.root}${inside}`;
  }
}

const join = (folder: string, name: string) => `${folder}/${name}`;
const split = (path: string) => path.split("/").filter((part) => part !== "");

/** ENOENT and ENOTDIR: there is no such file, for whichever reason. */
export function isMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory ||
    codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR";
}

/** `ENOSPC` of an error Deno or Node throws; null for others. */
export function codeOf(error: unknown): string | null {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
}
