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

/** The text with our block: where it was already, however it was damaged, or at the end. */
export function withBlock(current: string | null, about: string, body: string): string {
  const text = current ?? "";
  const block = render(about, body);
  const [from, to] = find(text, about, block) ?? [text.length, text.length];
  const before = text.slice(0, from);
  return `${before}${before === "" || before.endsWith("\n") ? "" : "\n"}${block}${text.slice(to)}`;
}

/**
 * The text without our block. A missing newline at the file's end that `withBlock` had to add stays; `body` finds the
 * block where a marker is damaged.
 */
export function withoutBlock(current: string, about: string, body = ""): string {
  const place = find(current, about, render(about, body));
  return place === null ? current : current.slice(0, place[0]) + current.slice(place[1]);
}

/** Where the block is: between whole markers, or else where as many characters are almost those of `block`. */
function find(text: string, about: string, block: string): readonly [number, number] | null {
  const from = `\n${text}`.indexOf(`\n${begin} ${about}\n`);
  const last = `\n${end} ${about}\n`;
  const to = from === -1 ? -1 : `${text}\n`.indexOf(last, from);
  if (to !== -1) return [from, Math.min(text.length, to + last.length)];
  for (let at = 0; at + block.length <= text.length; at++) {
    if (isAlmost(text, at, block)) return [at, at + block.length];
  }
  return null;
}

/** All but one character in sixteen are the same. */
function isAlmost(text: string, at: number, block: string): boolean {
  let different = 0;
  for (let i = 0; i < block.length && different * 16 <= block.length; i++) {
    if (text[at + i] !== block[i]) different++;
  }
  return different * 16 <= block.length;
}

/** Our block in a text that has one, markers included; the journal keeps it for the way back. */
export function blockIn(text: string): string | null {
  return /^# >>> neuron-setup: (.*)\n[^]*?^# <<< neuron-setup: \1\n/m.exec(text)?.[0] ?? null;
}

/** Nothing in it looks like ours. */
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
  return { kind: "file", path: file.path, text: withBlock(file.text, about, body), ...mode, block: true };
}
