/** Packs captured entries as a tar archive (POSIX.1-2001 pax interchange format). Pure. */
import type { CaptureEntry } from "./capture.ts";

const BLOCK_BYTES = 512;

/** Entries lie below `top`, so that unpacking fills one folder. */
export function renderTar(entries: readonly CaptureEntry[], top: string): Uint8Array {
  const blocks: Uint8Array[] = [header({ name: `${top}/`, kind: "5", mode: 0o755, sizeBytes: 0, linkTarget: "" })];
  for (const entry of entries) {
    if (entry.path === "/") continue;
    const name = `${top}${entry.path}${entry.kind === "folder" ? "/" : ""}`;
    const linkTarget = entry.kind === "link" ? entry.target : "";
    const records = [...paxRecord("path", name), ...paxRecord("linkpath", linkTarget)];
    if (records.length > 0) {
      const bytes = encode(records.join(""));
      blocks.push(header({ name: `${top}/pax`, kind: "x", mode: 0o644, sizeBytes: bytes.length, linkTarget: "" }));
      blocks.push(padded(bytes));
    }
    const bytes = entry.kind === "file" ? entry.bytes : new Uint8Array();
    // The owner shall be able to read and to remove what he unpacks, whatever modes sysfs has.
    const mode = entry.kind === "file" ? (entry.mode & 0o777) | 0o600 : 0o755;
    const kind = entry.kind === "file" ? "0" : entry.kind === "link" ? "2" : "5";
    blocks.push(header({ name, kind, mode, sizeBytes: bytes.length, linkTarget }), padded(bytes));
  }
  blocks.push(new Uint8Array(2 * BLOCK_BYTES));
  return concat(blocks);
}

/** `LENGTH key=value\n`, where LENGTH counts itself; only for what the old header has no room for. */
function paxRecord(key: string, value: string): string[] {
  if (encode(value).length <= FIELD.name.bytes) return [];
  const body = ` ${key}=${value}\n`;
  const bytes = encode(body).length;
  let length = bytes + String(bytes).length;
  if (bytes + String(length).length !== length) length++;
  return [`${length}${body}`];
}

const FIELD = {
  name: { at: 0, bytes: 100 },
  mode: { at: 100, bytes: 8 },
  uid: { at: 108, bytes: 8 },
  gid: { at: 116, bytes: 8 },
  size: { at: 124, bytes: 12 },
  mtime: { at: 136, bytes: 12 },
  checksum: { at: 148, bytes: 8 },
  kind: { at: 156, bytes: 1 },
  linkTarget: { at: 157, bytes: 100 },
  magic: { at: 257, bytes: 8 },
} as const;

interface HeaderFields {
  readonly name: string;
  readonly kind: "0" | "2" | "5" | "x";
  readonly mode: number;
  readonly sizeBytes: number;
  readonly linkTarget: string;
}

function header({ name, kind, mode, sizeBytes, linkTarget }: HeaderFields): Uint8Array {
  const block = new Uint8Array(BLOCK_BYTES);
  const put = (field: keyof typeof FIELD, text: string) => {
    block.set(encode(text).subarray(0, FIELD[field].bytes), FIELD[field].at);
  };
  const octal = (field: keyof typeof FIELD, value: number) => {
    put(field, `${value.toString(8).padStart(FIELD[field].bytes - 1, "0")}\0`);
  };
  put("name", name);
  octal("mode", mode);
  octal("uid", 0);
  octal("gid", 0);
  octal("size", sizeBytes);
  octal("mtime", 0);
  put("kind", kind);
  put("linkTarget", linkTarget);
  put("magic", "ustar\u000000");
  // The sum is taken with blanks in its own place.
  put("checksum", "        ");
  const sum = block.reduce((total, byte) => total + byte, 0);
  put("checksum", `${sum.toString(8).padStart(6, "0")}\0 `);
  return block;
}

function padded(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(Math.ceil(bytes.length / BLOCK_BYTES) * BLOCK_BYTES);
  whole.set(bytes);
  return whole;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
