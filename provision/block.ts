/**
 * A block of our own in a file that is somebody else's: what programs read from one file alone has no other place.
 * All around the block stays byte for byte as it is. For files whose comments begin with `#`. See docs/decisions/0009.
 */
import type { HostFiles } from "./host/host.ts";
import { readTextOrNull, type WantedFile } from "./step.ts";

const advice = `# "apply" puts changes made up to <<< back, "rollback" takes these lines out.`;
const begin = "# >>> neuron-setup:";
const end = "# <<< neuron-setup:";

/** `about` tells blocks of one file apart and is read by people; the body ends with a newline. */
function render(about: string, body: string): string {
  return `${begin} ${about}\n${advice}\n${body}${end} ${about}\n`;
}

/** The text with our block: where it was already, or at the end. */
export function withBlock(current: string | null, about: string, body: string): string {
  const text = current ?? "";
  const [from, to] = find(text, about) ?? [text.length, text.length];
  const before = text.slice(0, from);
  return `${before}${before === "" || before.endsWith("\n") ? "" : "\n"}${render(about, body)}${text.slice(to)}`;
}

/** The text without our block. A missing newline at the file's end that `withBlock` had to add stays. */
export function withoutBlock(current: string, about: string): string {
  const place = find(current, about);
  return place === null ? current : current.slice(0, place[0]) + current.slice(place[1]);
}

/** From marker to marker, each as we wrote it or with a byte or two altered. */
function find(text: string, about: string): readonly [number, number] | null {
  const from = findMarker(text, `${begin} ${about}`, 0);
  if (from === -1) return null;
  const marker = `${end} ${about}`;
  const to = findMarker(text, marker, from + 1);
  if (to === -1) return null;
  const after = to + marker.length;
  return [from, after < text.length && isLineEnd(text, after) ? after + 1 : after];
}

function findMarker(text: string, marker: string, start: number): number {
  for (let at = text.indexOf(marker, start); at !== -1; at = text.indexOf(marker, at + 1)) {
    if (isLineEnd(text, at + marker.length)) return at;
  }
  for (let at = start; at + marker.length <= text.length; at++) {
    if (isAlmost(text, at, marker) && isLineEnd(text, at + marker.length)) return at;
  }
  return -1;
}

/** Or what a damaged newline became: no character of a line. */
const isLineEnd = (text: string, at: number) => at >= text.length || text[at]! < " ";

/** All but one character in sixteen are the same. */
export function isAlmost(text: string, at: number, wanted: string): boolean {
  let different = 0;
  for (let i = 0; i < wanted.length && different * 16 <= wanted.length; i++) {
    if (text[at + i] !== wanted[i]) different++;
  }
  return different * 16 <= wanted.length;
}

/** Whether nothing in it looks like a block of ours. */
export const isWithoutMarkers = (text: string) => !text.includes(begin) && !text.includes(end);

/** A file of somebody else's as it is. */
export interface SharedFile {
  readonly path: string;
  /** Null when it is missing. */
  readonly text: string | null;
  /** Null when it is missing. */
  readonly mode: number | null;
  /** Why a block cannot be put into it without changing more than that, in words that follow the path. */
  readonly trouble: string | null;
}

export function readShared(files: HostFiles, path: string): SharedFile {
  const status = files.stat(path);
  const text = readTextOrNull(files, path);
  const trouble = status === null
    ? null
    : status.kind !== "file"
    ? `is a ${status.kind === "other" ? "device" : status.kind}`
    : isPlainText(files.readBytes(path)!, text!)
    ? null
    : "is no UTF-8 text";
  return { path, text, mode: status?.mode ?? null, trouble };
}

function isPlainText(bytes: Uint8Array, text: string): boolean {
  const again = new TextEncoder().encode(text);
  return again.length === bytes.length && again.every((byte, index) => byte === bytes[index]);
}

/** What a step wants of a shared file: our block in it, its mode kept. */
export function wantedBlock(
  file: SharedFile,
  about: string,
  body: string,
): Pick<WantedFile, "kind" | "path" | "text" | "mode" | "block"> {
  const mode = file.mode === null ? {} : { mode: file.mode };
  return {
    kind: "file",
    path: file.path,
    text: withBlock(file.text, about, body),
    ...mode,
    block: render(about, body),
  };
}
