/**
 * XDR (RFC 4506), the primitives libvirt uses: every read checks its length, its bound, its range and its padding before it
 * takes anything. Nothing here knows libvirt's structs and nothing does I/O.
 *
 * Strings are UTF-8. What a daemon sends that is not UTF-8 reads with U+FFFD in place, since one odd byte in a name must not
 * hide a thousand domains; what we send may not contain NUL, which C would cut the string at.
 */
import { XdrError } from "./errors.ts";

const utf8Decoder = new TextDecoder();
const utf8Encoder = new TextEncoder();
/** Below this, building a string from character codes beats the decoder's call overhead. */
const SHORT_STRING_BYTES = 48;
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const UUID_FORM = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const UUID_BYTES = 16;

/** Reads one message's payload from front to back. */
export class XdrReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  /** Takes the offset of the next `count` bytes, or says which field was cut short. */
  #take(count: number): number {
    const offset = this.#offset;
    if (count > this.#bytes.length - offset) {
      throw new XdrError(`the message ends at byte ${this.#bytes.length}, where ${count} bytes from ${offset} are due`);
    }
    this.#offset = offset + count;
    return offset;
  }

  int(): number {
    return this.#view.getInt32(this.#take(4));
  }

  uint(): number {
    return this.#view.getUint32(this.#take(4));
  }

  hyper(): bigint {
    return this.#view.getBigInt64(this.#take(8));
  }

  uhyper(): bigint {
    return this.#view.getBigUint64(this.#take(8));
  }

  double(): number {
    return this.#view.getFloat64(this.#take(8));
  }

  bool(): boolean {
    return this.intWithin(0, 1) === 1;
  }

  /** A C `char` or `short`, which XDR carries in four bytes: the value has to fit the smaller type. */
  intWithin(min: number, max: number): number {
    const value = this.int();
    if (value < min || value > max) throw new XdrError(`${value} is outside ${min}…${max}`);
    return value;
  }

  /** A length that is within the declared bound, and no longer than the bytes that are there can hold. */
  count(bound: number, minBytesEach: number): number {
    const count = this.uint();
    if (count > bound) throw new XdrError(`${count} elements where the protocol allows ${bound}`);
    if (count * minBytesEach > this.remaining) {
      throw new XdrError(`${count} elements announced, and only ${this.remaining} bytes left`);
    }
    return count;
  }

  /** Opaque bytes of a known length and their padding, copied so that the message can be let go. */
  fixedOpaque(length: number): Uint8Array {
    const start = this.#skipOpaque(length);
    return this.#bytes.slice(start, start + length);
  }

  opaque(bound: number): Uint8Array {
    return this.fixedOpaque(this.count(bound, 1));
  }

  string(bound: number): string {
    const length = this.count(bound, 1);
    const start = this.#skipOpaque(length);
    if (length <= SHORT_STRING_BYTES) {
      let text = "";
      let at = start;
      const end = start + length;
      for (; at < end; at++) {
        const byte = this.#bytes[at]!;
        if (byte > 0x7f) break;
        text += String.fromCharCode(byte);
      }
      if (at === end) return text;
    }
    return utf8Decoder.decode(this.#bytes.subarray(start, start + length));
  }

  uuid(): string {
    const at = this.#take(UUID_BYTES);
    let text = "";
    for (let i = 0; i < UUID_BYTES; i++) {
      if (i === 4 || i === 6 || i === 8 || i === 10) text += "-";
      text += HEX[this.#bytes[at + i]!];
    }
    return text;
  }

  /** The payload has been read to its last byte; anything left means that the two sides disagree about its shape. */
  end(): void {
    if (this.remaining !== 0) throw new XdrError(`${this.remaining} bytes left over after the last field`);
  }

  #skipOpaque(length: number): number {
    const start = this.#take(length);
    const padding = this.#take(-length & 3);
    for (let i = padding; i < this.#offset; i++) {
      if (this.#bytes[i] !== 0) throw new XdrError(`padding byte ${i} is ${this.#bytes[i]}, not 0`);
    }
    return start;
  }
}

/** Writes one message. Grows as needed, up to the bound given. */
export class XdrWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #offset = 0;
  readonly #maxBytes: number;

  constructor(maxBytes: number, initialBytes = 256) {
    this.#maxBytes = maxBytes;
    this.#bytes = new Uint8Array(Math.min(initialBytes, maxBytes));
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#offset;
  }

  /** The bytes so far; a view, valid until the next write. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#offset);
  }

  #grow(count: number): number {
    const offset = this.#offset;
    const end = offset + count;
    if (end > this.#bytes.length) {
      if (end > this.#maxBytes) {
        throw new XdrError(`a message of more than ${this.#maxBytes} bytes cannot be sent`);
      }
      const larger = new Uint8Array(Math.min(this.#maxBytes, Math.max(end, this.#bytes.length * 2)));
      larger.set(this.bytes());
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    this.#offset = end;
    return offset;
  }

  int(value: number): void {
    this.intWithin(value, -0x80000000, 0x7fffffff);
  }

  uint(value: number): void {
    if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) {
      throw new XdrError(`${value} is not an unsigned 32-bit integer`);
    }
    this.#grow(4);
    this.#view.setUint32(this.#offset - 4, value);
  }

  /** Replaces the four bytes at `offset`, once what they count is known. */
  patchUint(offset: number, value: number): void {
    this.#view.setUint32(offset, value);
  }

  intWithin(value: number, min: number, max: number): void {
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new XdrError(`${value} is not an integer within ${min}…${max}`);
    }
    this.#grow(4);
    this.#view.setInt32(this.#offset - 4, value);
  }

  hyper(value: bigint): void {
    if (typeof value !== "bigint" || BigInt.asIntN(64, value) !== value) {
      throw new XdrError(`${value} is not a signed 64-bit bigint`);
    }
    this.#grow(8);
    this.#view.setBigInt64(this.#offset - 8, value);
  }

  uhyper(value: bigint): void {
    if (typeof value !== "bigint" || BigInt.asUintN(64, value) !== value) {
      throw new XdrError(`${value} is not an unsigned 64-bit bigint`);
    }
    this.#grow(8);
    this.#view.setBigUint64(this.#offset - 8, value);
  }

  double(value: number): void {
    if (typeof value !== "number") throw new XdrError(`${value} is not a number`);
    this.#grow(8);
    this.#view.setFloat64(this.#offset - 8, value);
  }

  bool(value: boolean): void {
    if (typeof value !== "boolean") throw new XdrError(`${value} is not a boolean`);
    this.int(value ? 1 : 0);
  }

  count(length: number, bound: number): void {
    if (length > bound) throw new XdrError(`${length} elements where the protocol allows ${bound}`);
    this.uint(length);
  }

  fixedOpaque(value: Uint8Array, length: number): void {
    if (value.length !== length) throw new XdrError(`${value.length} bytes where the protocol wants ${length}`);
    this.raw(value);
    this.#grow(-length & 3);
  }

  opaque(value: Uint8Array, bound: number): void {
    this.count(value.length, bound);
    this.fixedOpaque(value, value.length);
  }

  string(value: string, bound: number): void {
    if (typeof value !== "string") throw new XdrError(`${value} is not a string`);
    if (value.includes("\0")) throw new XdrError("a string with a NUL inside cannot be sent: C would cut it there");
    this.opaque(utf8Encoder.encode(value), bound);
  }

  uuid(value: string): void {
    if (!UUID_FORM.test(value)) throw new XdrError(`${JSON.stringify(value)} is not a UUID`);
    const digits = value.replaceAll("-", "");
    const at = this.#grow(UUID_BYTES);
    for (let i = 0; i < UUID_BYTES; i++) this.#bytes[at + i] = parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  }

  /** Bytes as they are, without padding: a stream's data. */
  raw(value: Uint8Array): void {
    const at = this.#grow(value.length);
    this.#bytes.set(value, at);
  }
}
