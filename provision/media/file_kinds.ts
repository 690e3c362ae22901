/**
 * What a file is, by its own marks: an installation image must be one before it gets its name. A page of a web site
 * served in a file's place ("prove that you are no robot", "sign in first") is the commonest wrong thing, and named.
 * Sources: ECMA-119 8.1 (volume descriptors from sector 16), ECMA-167 2/9.1 (BEA01, NSR0n), wimlib's docs (MSWIM),
 * QEMU docs/interop/qcow2.rst, ZIP APPNOTE 4.3, Microsoft [MS-CAB] 2.1.
 */
import type { BigFile } from "../host/big_files.ts";
import { Fault } from "./faults.ts";

export const fileKinds = ["iso", "wim", "qcow2", "cab", "zip", "any"] as const;
export type FileKind = typeof fileKinds[number];

const words: Readonly<Record<FileKind, string>> = {
  iso: "a disc image (ISO 9660 or UDF)",
  wim: "a Windows image (WIM or ESD)",
  qcow2: "a qcow2 disk image",
  cab: "a cabinet file",
  zip: "a ZIP archive",
  any: "a file",
};

interface Mark {
  readonly at: number;
  readonly bytes: string;
}

/** Any one of them is enough. Bytes 0 to 255 as characters. */
const marks: Readonly<Record<FileKind, readonly Mark[]>> = {
  iso: [
    { at: 0x8001, bytes: "CD001" },
    { at: 0x8001, bytes: "BEA01" },
    { at: 0x8801, bytes: "CD001" },
    { at: 0x8801, bytes: "NSR02" },
    { at: 0x8801, bytes: "NSR03" },
  ],
  wim: [{ at: 0, bytes: "MSWIM\0\0\0" }, { at: 0, bytes: "WLPWM\0\0\0" }],
  qcow2: [{ at: 0, bytes: "QFI\xfb" }],
  cab: [{ at: 0, bytes: "MSCF\0\0\0\0" }],
  zip: [{ at: 0, bytes: "PK\x03\x04" }],
  any: [],
};

/** As much of a file's start as the marks need. */
export const headBytes = 0x9000;

/** Whether bytes are the beginning of an HTML page. */
export function looksLikeHtml(start: Uint8Array): boolean {
  const text = new TextDecoder("latin1").decode(start.subarray(0, 1024));
  return /^(?:\xef\xbb\xbf)?\s*(?:<!--[\s\S]*?-->\s*)*<(?:!doctype\s+html|html|head|body|script|title|meta)\b/i.test(
    text,
  );
}

export function isKind(start: Uint8Array, kind: FileKind): boolean {
  return kind === "any" ||
    marks[kind].some(({ at, bytes }) => String.fromCharCode(...start.subarray(at, at + bytes.length)) === bytes);
}

/** The kind of a file whose kind nobody named. */
export function kindOf(start: Uint8Array): FileKind {
  return fileKinds.find((kind) => kind !== "any" && isKind(start, kind)) ?? "any";
}

/** Throws Fault `html` or `wrong-kind`. */
export function checkKind(start: Uint8Array, kind: FileKind): void {
  if (looksLikeHtml(start)) throw new Fault("html", "what came is a web page, not the file");
  if (!isKind(start, kind)) throw new Fault("wrong-kind", `what came is not ${words[kind]}`);
}

export async function readHead(file: BigFile): Promise<Uint8Array> {
  const head = new Uint8Array(headBytes);
  let done = 0;
  while (done < head.length) {
    const count = await file.readAt(done, head.subarray(done));
    if (count === 0) break;
    done += count;
  }
  return head.subarray(0, done);
}
