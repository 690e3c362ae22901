/**
 * What neither Deno nor Node asks the kernel: extended attributes, and whether this process may write somewhere (Node's
 * accessSync in Deno judges by mode bits alone). libc's own calls, opened when first needed. Where FFI is not permitted
 * there are no attributes to see, and everything counts as writable until a write says otherwise.
 * Source: xattr(7), listxattr(2), getxattr(2), setxattr(2), access(2), errno(3).
 */
import type { ExtendedAttributes } from "./disk.ts";

const symbols = {
  // ssize_t llistxattr(const char *path, char *list, size_t size);
  llistxattr: { parameters: ["buffer", "buffer", "usize"], result: "isize" },
  // ssize_t lgetxattr(const char *path, const char *name, void *value, size_t size);
  lgetxattr: { parameters: ["buffer", "buffer", "buffer", "usize"], result: "isize" },
  // int lsetxattr(const char *path, const char *name, const void *value, size_t size, int flags);
  lsetxattr: { parameters: ["buffer", "buffer", "buffer", "usize", "i32"], result: "i32" },
  // int access(const char *path, int mode);
  access: { parameters: ["buffer", "i32"], result: "i32" },
  // int *__errno_location(void);
  __errno_location: { parameters: [], result: "pointer" },
} as const;

/** W_OK of unistd.h. */
const forWriting = 2;
/** errno-base.h; these are all access(2) gives for a folder that is there. */
const errorNames: Readonly<Record<number, string>> = { 1: "EPERM", 5: "EIO", 13: "EACCES", 30: "EROFS" };

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

/** Throws an error with `code` (EACCES, EROFS) when the kernel would not let this process write there. */
export function checkWritable(path: string): void {
  const calls = open();
  if (calls === null) return;
  // Asked for before the call, so that nothing but reading memory comes between the call and its errno.
  const errno = calls.__errno_location();
  if (calls.access(cString(path), forWriting) === 0 || errno === null) return;
  const number = new Deno.UnsafePointerView(errno).getInt32();
  const code = errorNames[number] ?? `errno ${number}`;
  throw Object.assign(new Error(`${path} cannot be written: ${code}`), { code });
}

/** Never follows a link. */
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
