/**
 * The payload of the self-extracting file: an archive that launcher/payload.c reads, compressed as two zstd frames, of
 * which the first, deno itself, changes only with Deno's version and is kept from build to build.
 *
 * An entry is mode (u32), size (u64), length of the name (u16), all little-endian, then name and content; one without a
 * name is the end.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { constants, zstdCompressSync } from "node:zlib";

type Bytes = Uint8Array<ArrayBuffer>;

/** 19 is the last level whose window every decompressor takes; 40 s for deno, once for each version of it. */
const level = 19;

const endOfArchive: Bytes = new Uint8Array(14);

/** One entry. `mode` keeps owner bits and what others may read and run. */
export function renderEntry(name: string, content: Bytes, mode: number): Bytes {
  const nameBytes = new TextEncoder().encode(name);
  const entry = new Uint8Array(14 + nameBytes.length + content.length);
  const head = new DataView(entry.buffer);
  head.setUint32(0, mode & 0o755, true);
  head.setBigUint64(4, BigInt(content.length), true);
  head.setUint16(12, nameBytes.length, true);
  entry.set(nameBytes, 14);
  entry.set(content, 14 + nameBytes.length);
  return entry;
}

/** Every file of the folder, by name, so that the same files give the same bytes. */
export async function packFolder(folder: string): Promise<Bytes> {
  const entries: Bytes[] = [];
  for (const name of (await filesBelow(folder, "")).sort()) {
    entries.push(renderEntry(name, await Deno.readFile(join(folder, name)), 0o644));
  }
  return compress(joined([...entries, endOfArchive]));
}

/** deno's own entry, compressed; kept in `cache` under what it depends on. */
export async function packDeno(name: string, path: string, cache: string): Promise<Bytes> {
  const content = await Deno.readFile(path);
  const kept = join(cache, `${createHash("sha256").update(content).digest("hex")}-${level}.zst`);
  const found = await Deno.readFile(kept).catch(() => null);
  if (found !== null) return found;
  const packed = compress(renderEntry(name, content, 0o755));
  await Deno.mkdir(cache, { recursive: true });
  const fresh = await Deno.makeTempFile({ dir: cache });
  await Deno.writeFile(fresh, packed);
  await Deno.rename(fresh, kept);
  return packed;
}

function compress(bytes: Bytes): Bytes {
  const params = { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 };
  return new Uint8Array(zstdCompressSync(bytes, { params }));
}

export function joined(parts: readonly Bytes[]): Bytes {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

async function filesBelow(folder: string, prefix: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(join(folder, prefix))) {
    const path = prefix === "" ? name : `${prefix}/${name}`;
    names.push(...(isDirectory ? await filesBelow(folder, path) : [path]));
  }
  return names;
}
