/**
 * The two things worth knowing of an EDID: what the monitor calls itself and the mode it likes best. Pure.
 * Source: VESA Enhanced EDID Standard 1.4, sections 3.3 (header), 3.10 (the four 18-byte descriptors).
 */

export interface Edid {
  readonly monitor: string | null;
  readonly preferredMode: { readonly widthPx: number; readonly heightPx: number } | null;
}

const HEADER = [0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00];
const BLOCK_BYTES = 128;
const DESCRIPTOR_OFFSETS = [54, 72, 90, 108];
const DESCRIPTOR_BYTES = 18;
const TAG_MONITOR_NAME = 0xfc;

/** null when the bytes are no EDID; a wrong checksum alone is forgiven, as the kernel forgives it. */
export function parseEdid(bytes: Uint8Array | null): Edid | null {
  if (bytes === null || bytes.length < BLOCK_BYTES || !HEADER.every((byte, i) => bytes[i] === byte)) return null;
  const descriptors = DESCRIPTOR_OFFSETS.map((offset) => bytes.subarray(offset, offset + DESCRIPTOR_BYTES));
  const name = descriptors.find((d) => d[0] === 0 && d[1] === 0 && d[3] === TAG_MONITOR_NAME);
  return {
    monitor: name === undefined ? null : parseName(name.subarray(5)),
    preferredMode: parseTiming(descriptors[0]!),
  };
}

/** Printable ASCII, ended by a line feed and filled with blanks. */
function parseName(bytes: Uint8Array): string | null {
  const end = bytes.indexOf(0x0a);
  const text = String.fromCharCode(...(end < 0 ? bytes : bytes.subarray(0, end)));
  const printable = text.replace(/[^\x20-\x7e]/g, "").trim();
  return printable === "" ? null : printable;
}

/** The first detailed timing is the preferred one; a pixel clock of zero marks a descriptor that is no timing. */
function parseTiming(d: Uint8Array): Edid["preferredMode"] {
  if (d[0] === 0 && d[1] === 0) return null;
  const widthPx = d[2]! | ((d[4]! & 0xf0) << 4);
  const heightPx = d[5]! | ((d[7]! & 0xf0) << 4);
  return widthPx === 0 || heightPx === 0 ? null : { widthPx, heightPx };
}
