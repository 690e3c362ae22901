/**
 * Extended attributes, which neither Deno nor Node reads: libc's own calls, opened when first needed.
 * Never follows a link. Where the file system has none, or FFI is not permitted, there are none to see.
 * Source: xattr(7), listxattr(2), getxattr(2), setxattr(2).
 */
import type { ExtendedAttributes } from "./disk.ts";

const symbols = {
  // ssize_t llistxattr(const char *path, char *list, size_t size);
  llistxattr: { parameters: ["buffer", "buffer", "usize"], result: "isize" },
  // ssize_t lgetxattr(const char *path, const char *name, void *value, size_t size);
  lgetxattr: { parameters: ["buffer", "buffer", "buffer", "usize"], result: "isize" },
  // int lsetxattr(const char *path, const char *name, const void *value, size_t size, int flags);
  lsetxattr: { parameters: ["buffer", "buffer", "buffer", "usize", "i32"], result: "i32" },
} as const;

/** XATTR_LIST_MAX and XATTR_SIZE_MAX of Linux. */
const maxBytes = 65536;

let libc: Deno.DynamicLibrary<typeof symbols>["symbols"] | null | undefined;

function open(): Deno.DynamicLibrary<typeof symbols>["symbols"] | null {
  if (libc === undefined) {
    try {
      libc = Deno.dlopen("libc.so.6", symbols).symbols;
    } catch {
      libc = null;
    }
  }
  return libc;
}

const cString = (text: string) => new TextEncoder().encode(`${text}\0`);

export function readAttributes(path: string): ExtendedAttributes {
  const calls = open();
  if (calls === null) return {};
  const buffer = new Uint8Array(maxBytes);
  const length = Number(calls.llistxattr(cString(path), buffer, BigInt(maxBytes)));
  if (length <= 0) return {};
  const names = new TextDecoder().decode(buffer.slice(0, length)).split("\0").filter((name) => name !== "");
  const found: Record<string, string> = {};
  for (const name of names.sort()) {
    const size = Number(calls.lgetxattr(cString(path), cString(name), buffer, BigInt(maxBytes)));
    if (size >= 0) found[name] = buffer.slice(0, size).toBase64();
  }
  return found;
}

/** Sets what can be set: `security.*` and `trusted.*` need root, some file systems have none at all. */
export function writeAttributes(path: string, attributes: ExtendedAttributes): void {
  const entries = Object.entries(attributes);
  const calls = entries.length === 0 ? null : open();
  if (calls === null) return;
  for (const [name, value] of entries) {
    const bytes = Uint8Array.fromBase64(value);
    calls.lsetxattr(cString(path), cString(name), bytes, BigInt(bytes.length), 0);
  }
}
