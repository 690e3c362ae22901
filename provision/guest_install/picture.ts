/**
 * A picture of a screen as a PNG, so that a timeline of an installation is small and every browser shows it. QEMU gives
 * PNG or PPM. Sources: ppm(5) (P6), PNG specification (W3C), sections 5 (chunks) and 9.2 (filter type Up).
 */
import { crc32, deflateSync } from "node:zlib";

const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const largestSidePx = 16384;

/** Null when the bytes are neither. */
export function asPng(bytes: Uint8Array): Uint8Array | null {
  if (signature.every((byte, index) => bytes[index] === byte)) return bytes;
  const head = /^P6\s+(\d{1,5})\s+(\d{1,5})\s+255\s/.exec(new TextDecoder("latin1").decode(bytes.subarray(0, 64)));
  if (head === null) return null;
  const [widthPx, heightPx] = [Number(head[1]), Number(head[2])];
  const rowBytes = widthPx * 3;
  const pixels = bytes.subarray(head[0].length);
  if (widthPx > largestSidePx || heightPx > largestSidePx || pixels.length < rowBytes * heightPx) return null;
  return concatenate([signature, header(widthPx, heightPx), data(pixels, rowBytes, heightPx), chunk("IEND", [])]);
}

function header(widthPx: number, heightPx: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(13));
  view.setUint32(0, widthPx);
  view.setUint32(4, heightPx);
  // Eight bits a sample, truecolour, and the only methods of compression, filtering and (no) interlacing there are.
  for (const [at, value] of [8, 2, 0, 0, 0].entries()) view.setUint8(8 + at, value);
  return chunk("IHDR", new Uint8Array(view.buffer));
}

/** Rows as differences to the row above: screens are mostly areas of one colour. */
function data(pixels: Uint8Array, rowBytes: number, rows: number): Uint8Array {
  const filtered = new Uint8Array((rowBytes + 1) * rows);
  for (let row = 0; row < rows; row++) {
    const to = row * (rowBytes + 1);
    const from = row * rowBytes;
    filtered[to] = 2;
    for (let at = 0; at < rowBytes; at++) {
      filtered[to + 1 + at] = pixels[from + at]! - (row === 0 ? 0 : pixels[from - rowBytes + at]!);
    }
  }
  return chunk("IDAT", deflateSync(filtered));
}

function chunk(type: string, body: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(12 + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, body.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(body, 8);
  view.setUint32(8 + body.length, crc32(bytes.subarray(4, 8 + body.length)));
  return bytes;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
