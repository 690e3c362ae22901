/**
 * libvirt's streams as WHATWG streams. Reading goes only as fast as it is consumed: while nobody takes the data the
 * connection is not read, and the daemon waits. Writing waits for the socket. That is why each stream has a connection of
 * its own (Connection.stream), which ends with it.
 */
import { LibvirtError, XdrError } from "./errors.ts";
import type { RemoteCalls } from "./protocol/remote.gen.ts";
import { remoteProgram } from "./protocol/remote.gen.ts";
import {
  rpcTypes,
  VIR_NET_MESSAGE_LEGACY_PAYLOAD_MAX,
  VirNetMessageStatus,
  VirNetMessageType,
  type VirNetStreamHole,
} from "./protocol/rpc.gen.ts";
import { decodeError } from "./messages.ts";
import type { CallOptions, Rpc, StreamReceiver } from "./rpc.ts";
import { Codecs } from "./schema.ts";
import type { Message } from "./wire.ts";
import { XdrReader, XdrWriter } from "./xdr.ts";

/** The calls that open a stream. */
export type StreamingCall =
  & keyof RemoteCalls
  & (
    | "DOMAIN_OPEN_CONSOLE"
    | "DOMAIN_OPEN_CHANNEL"
    | "DOMAIN_SCREENSHOT"
    | "STORAGE_VOL_DOWNLOAD"
    | "STORAGE_VOL_UPLOAD"
    | "DOMAIN_MIGRATE_PREPARE_TUNNEL3"
  );

/** A run of bytes that are not there; they read as zeros. Only on streams opened as sparse. */
export interface Hole {
  holeBytes: number;
}

export type Chunk = Uint8Array | Hole;

/** What saveTo needs of a file; `Deno.FsFile` has it. */
export type SeekableFile = Pick<Deno.FsFile, "write" | "seek" | "truncate"> & Disposable;

/** Unread data that is kept before the daemon is made to wait. */
const HIGH_WATER_BYTES = 1024 * 1024;
const holeCodec = new Codecs(rpcTypes).of("virNetStreamHole");
const { VIR_NET_OK, VIR_NET_ERROR, VIR_NET_CONTINUE } = VirNetMessageStatus;
const { VIR_NET_STREAM, VIR_NET_STREAM_HOLE } = VirNetMessageType;

export interface StreamOptions {
  /** Whether the call asked for holes. */
  sparse?: boolean;
  call?: CallOptions;
}

/** Makes a call that opens a stream, on a connection that is for it alone. */
export async function openStream(
  rpc: Rpc,
  name: StreamingCall,
  args: unknown,
  options: StreamOptions = {},
): Promise<{ reply: unknown; stream: Stream }> {
  const stream = new Stream(rpc, name, options.sparse ?? false);
  try {
    const reply = await rpc.openStream(remoteProgram, name, args, stream.receiver, options.call);
    stream.answered();
    return { reply, stream };
  } catch (error) {
    rpc.close();
    throw error;
  }
}

/**
 * An open stream. Take its data from `readable` (`for await` works), give it data through `writable`; which of the two
 * means anything depends on the call. It ends, and so does its connection, when the daemon has no more, when `writable` is
 * closed, when either is cancelled or aborted, or with `close()`.
 */
export class Stream implements AsyncDisposable {
  readonly readable: ReadableStream<Chunk>;
  readonly writable: WritableStream<Chunk>;
  /** For openStream. */
  readonly receiver: StreamReceiver;
  readonly #rpc: Rpc;
  readonly #name: StreamingCall;
  readonly #sparse: boolean;
  /** Resolves when the daemon has confirmed that the stream is finished. */
  readonly #finished = Promise.withResolvers<void>();
  #reader: ReadableStreamDefaultController<Chunk> | undefined;
  #writer: WritableStreamDefaultController | undefined;
  #serial = 0;
  #isAnswered = false;
  #finishing = false;
  #ended = false;

  constructor(rpc: Rpc, name: StreamingCall, sparse: boolean) {
    this.#rpc = rpc;
    this.#name = name;
    this.#sparse = sparse;
    // Whoever waits for it hears of the failure; nobody has to.
    this.#finished.promise.catch(() => {});
    this.receiver = {
      opening: (serial) => void (this.#serial = serial),
      packet: (message) => this.#packet(message),
      lost: (error) => this.#end(error),
    };
    this.readable = new ReadableStream<Chunk>({
      start: (controller) => void (this.#reader = controller),
      pull: () => rpc.resume(),
      cancel: () => this.#abort(),
    }, { highWaterMark: HIGH_WATER_BYTES, size: (chunk) => chunk instanceof Uint8Array ? chunk.length : 1 });
    this.writable = new WritableStream<Chunk>({
      start: (controller) => void (this.#writer = controller),
      write: (chunk) => this.#write(chunk),
      close: () => this.#finish(),
      abort: () => this.#abort(),
    });
  }

  /** For openStream: the call was answered. A daemon may have sent the whole stream before. */
  answered(): void {
    this.#isAnswered = true;
    if (this.#ended) this.#rpc.close("the stream has ended");
  }

  /** Everything there is to read, holes as zeros. For what is small: a screenshot. @throws LibvirtError above `maxBytes` */
  async bytes(maxBytes = 64 * 1024 * 1024): Promise<Uint8Array<ArrayBuffer>> {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of this.readable) {
      const bytes = chunk instanceof Uint8Array ? chunk.length : chunk.holeBytes;
      length += bytes;
      if (length > maxBytes) {
        throw new LibvirtError({ code: "VIR_ERR_OVERFLOW", message: `${this.#name} gave more than ${maxBytes} bytes` });
      }
      chunks.push(chunk instanceof Uint8Array ? chunk : new Uint8Array(bytes));
    }
    const all = new Uint8Array(length);
    let at = 0;
    for (const chunk of chunks) {
      all.set(chunk, at);
      at += chunk.length;
    }
    return all;
  }

  /** Writes everything there is to read into an empty file, and closes it. Holes become holes of the file. */
  async saveTo(file: SeekableFile): Promise<void> {
    using _closing = file;
    let at = 0;
    for await (const chunk of this.readable) {
      if (!(chunk instanceof Uint8Array)) {
        at = await file.seek(chunk.holeBytes, Deno.SeekMode.Current);
        continue;
      }
      for (let written = 0; written < chunk.length;) written += await file.write(chunk.subarray(written));
      at += chunk.length;
    }
    await file.truncate(at);
  }

  /** Gives the stream up where it is. */
  async close(): Promise<void> {
    await this.#abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #head(type: typeof VIR_NET_STREAM | typeof VIR_NET_STREAM_HOLE, status: VirNetMessageStatus) {
    const { id, version, procedures } = remoteProgram;
    return { program: id, version, procedure: procedures[this.#name]!.number, type, serial: this.#serial, status };
  }

  #packet(message: Message): void {
    if (message.status === VIR_NET_ERROR) return this.#end(decodeError(message.payload, this.#name));
    if (message.status === VIR_NET_OK) return this.#end();
    if (message.type === VIR_NET_STREAM_HOLE) return this.#receive({ holeBytes: this.#hole(message.payload) });
    if (message.payload.length === 0) {
      // The daemon has no more; it waits for us to say that we have seen it.
      this.#finish().catch(() => {});
      return;
    }
    this.#receive(message.payload.slice());
  }

  #hole(payload: Uint8Array): number {
    if (!this.#sparse) throw new XdrError(`${this.#name}: a hole in a stream that was not opened as sparse`);
    const reader = new XdrReader(payload);
    const { length } = holeCodec.decode(reader) as VirNetStreamHole;
    reader.end();
    if (length < 0n || length > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw new XdrError(`${this.#name}: a hole of ${length} bytes`);
    }
    return Number(length);
  }

  #receive(chunk: Chunk): void {
    if (this.#finishing || this.#ended || this.#reader === undefined) return;
    this.#reader.enqueue(chunk);
    if ((this.#reader.desiredSize ?? 0) <= 0) this.#rpc.pause();
  }

  async #write(chunk: Chunk): Promise<void> {
    if (chunk instanceof Uint8Array) {
      for (let at = 0; at < chunk.length; at += VIR_NET_MESSAGE_LEGACY_PAYLOAD_MAX) {
        const part = chunk.subarray(at, at + VIR_NET_MESSAGE_LEGACY_PAYLOAD_MAX);
        await this.#rpc.sendPacket(this.#head(VIR_NET_STREAM, VIR_NET_CONTINUE), part);
      }
      return;
    }
    if (!this.#sparse) {
      throw new LibvirtError({ code: "VIR_ERR_OPERATION_INVALID", message: `${this.#name} was not opened as sparse` });
    }
    const writer = new XdrWriter(64);
    holeCodec.encode(writer, { length: BigInt(chunk.holeBytes), flags: 0 });
    await this.#rpc.sendPacket(this.#head(VIR_NET_STREAM_HOLE, VIR_NET_CONTINUE), writer.bytes());
  }

  /** Tells the daemon that all was sent or seen, and waits for it to agree: only then is a volume written. */
  async #finish(): Promise<void> {
    if (!this.#finishing && !this.#ended) {
      this.#finishing = true;
      await this.#rpc.sendPacket(this.#head(VIR_NET_STREAM, VIR_NET_OK), new Uint8Array());
      this.#rpc.resume();
    }
    await this.#finished.promise;
  }

  async #abort(): Promise<void> {
    if (this.#ended) return;
    this.#finishing = true;
    // The connection ends with the stream, so whether the daemon still confirms does not matter.
    await this.#rpc.sendPacket(this.#head(VIR_NET_STREAM, VIR_NET_ERROR), new Uint8Array()).catch(() => {});
    this.#end();
  }

  #end(error?: LibvirtError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#rpc.endStream(this.#serial);
    if (this.#isAnswered) this.#rpc.close("the stream has ended");
    if (error === undefined) {
      this.#finished.resolve();
      closeQuietly(this.#reader);
    } else {
      this.#finished.reject(error);
      this.#reader?.error(error);
      this.#writer?.error(error);
    }
  }
}

/** A reader that was cancelled is closed already. */
function closeQuietly(reader: ReadableStreamDefaultController<Chunk> | undefined): void {
  try {
    reader?.close();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}
