/**
 * libvirt's framing (src/rpc/virnetprotocol.x): a length, a header of six words, a payload. Pure: bytes in, messages out,
 * and back.
 */
import { XdrError } from "./errors.ts";
import {
  VIR_NET_MESSAGE_HEADER_MAX,
  VIR_NET_MESSAGE_LEN_MAX,
  VIR_NET_MESSAGE_MAX,
  VirNetMessageStatus,
  VirNetMessageType,
} from "./protocol/rpc.gen.ts";
import { XdrWriter } from "./xdr.ts";

/** Length word and header together. */
export const FRAME_HEAD_BYTES = VIR_NET_MESSAGE_LEN_MAX + VIR_NET_MESSAGE_HEADER_MAX;
/** The largest message, its length word not counted. */
export const MAX_MESSAGE_BYTES = VIR_NET_MESSAGE_MAX;
const INITIAL_BUFFER_BYTES = 64 * 1024;
/** Room for the largest message and some of the next. */
const MAX_BUFFER_BYTES = MAX_MESSAGE_BYTES + INITIAL_BUFFER_BYTES;

export interface Message {
  program: number;
  version: number;
  procedure: number;
  type: VirNetMessageType;
  serial: number;
  status: VirNetMessageStatus;
  /** A view into the reader's buffer: valid until the reader is given more bytes. */
  payload: Uint8Array;
}

/** One message as bytes, ready to be sent. `write` adds the payload. */
export function frame(head: Omit<Message, "payload">, write: (writer: XdrWriter) => void): Uint8Array<ArrayBuffer> {
  const writer = new XdrWriter(VIR_NET_MESSAGE_LEN_MAX + MAX_MESSAGE_BYTES);
  writer.uint(0);
  writer.uint(head.program);
  writer.uint(head.version);
  writer.int(head.procedure);
  writer.int(head.type);
  writer.uint(head.serial);
  writer.int(head.status);
  write(writer);
  writer.patchUint(0, writer.length);
  return writer.bytes();
}

/**
 * Cuts a stream of bytes into messages. The bytes are read straight into its buffer (`space`, then `filled`), which grows
 * as bytes arrive and never because a length word asks for it.
 */
export class FrameReader {
  #bytes = new Uint8Array(INITIAL_BUFFER_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #start = 0;
  #end = 0;

  /** Room for the next bytes; invalidates the payloads handed out before. */
  space(): Uint8Array<ArrayBuffer> {
    const waiting = this.#end - this.#start;
    if (this.#start > 0) {
      this.#bytes.copyWithin(0, this.#start, this.#end);
      this.#start = 0;
      this.#end = waiting;
    }
    if (waiting * 2 > this.#bytes.length && this.#bytes.length < MAX_BUFFER_BYTES) {
      const larger = new Uint8Array(Math.min(this.#bytes.length * 2, MAX_BUFFER_BYTES));
      larger.set(this.#bytes.subarray(0, waiting));
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return this.#bytes.subarray(this.#end);
  }

  /** How many bytes of the last `space` were filled. */
  filled(count: number): void {
    this.#end += count;
  }

  /** The next whole message, or undefined until more bytes have come. Throws XdrError for what is not libvirt's framing. */
  next(): Message | undefined {
    const waiting = this.#end - this.#start;
    if (waiting < VIR_NET_MESSAGE_LEN_MAX) return undefined;
    const at = this.#start;
    const view = this.#view;
    const length = view.getUint32(at);
    if (length < FRAME_HEAD_BYTES || length > VIR_NET_MESSAGE_LEN_MAX + MAX_MESSAGE_BYTES) {
      throw new XdrError(
        `a message of ${length} bytes is announced; libvirt's have ${FRAME_HEAD_BYTES} bytes to 32 MiB`,
      );
    }
    if (waiting < length) return undefined;
    this.#start = at + length;
    return {
      program: view.getUint32(at + 4),
      version: view.getUint32(at + 8),
      procedure: view.getInt32(at + 12),
      type: known(VirNetMessageType, view.getInt32(at + 16), "message type"),
      serial: view.getUint32(at + 20),
      status: known(VirNetMessageStatus, view.getInt32(at + 24), "message status"),
      payload: this.#bytes.subarray(at + FRAME_HEAD_BYTES, at + length),
    };
  }
}

function known<T extends number>(table: Readonly<Record<string, T>>, value: number, what: string): T {
  for (const key in table) {
    const each = table[key];
    if (each === value) return each;
  }
  throw new XdrError(`${value} is no ${what} of libvirt`);
}
