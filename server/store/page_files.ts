/**
 * The built page, read into memory once at the start: what is not in this map cannot be asked for, whatever the path
 * says. Every file bears a strong ETag; files whose name has their hash never change.
 */
import { encodeHex } from "./secret.ts";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { AppError } from "../../model/errors.ts";

export interface PageFile {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly gzip: Uint8Array<ArrayBuffer>;
  /** Without quotes. */
  readonly etag: string;
  readonly immutable: boolean;
}

/** By URL path: `/assets/main-1a2b3c4d.js`, and the shell under `/`. */
export type PageFiles = ReadonlyMap<string, PageFile>;

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Throws AppError `not-found` when the page has not been built. */
export async function readPageFiles(folder: string): Promise<PageFiles> {
  const files = new Map<string, PageFile>();
  try {
    files.set("/", await readFile(join(folder, "index.html")));
    for (const entry of Deno.readDirSync(join(folder, "assets"))) {
      if (entry.isFile) files.set(`/assets/${entry.name}`, await readFile(join(folder, "assets", entry.name)));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new AppError("not-found", `The page has not been built: there is no complete ${folder}`, {
      hint: "Run: deno task build:ui",
      cause: error,
    });
  }
  return files;
}

async function readFile(path: string): Promise<PageFile> {
  const bytes = Deno.readFileSync(path);
  const etag = encodeHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))).slice(0, 32);
  const extension = path.slice(path.lastIndexOf("."));
  return {
    type: types[extension] ?? "application/octet-stream",
    bytes,
    gzip: new Uint8Array(gzipSync(bytes, { level: 9 })),
    etag,
    immutable: /-[0-9A-Za-z]{8,}\.\w+$/.test(path),
  };
}
