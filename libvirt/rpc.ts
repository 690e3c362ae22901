/**
 * Calls, replies and messages over one byte stream: many calls in flight, replies matched by serial, keepalive, deadlines.
 * Knows the protocol's framing and schema, and nothing of what the calls mean.
 */
import { fromWire, LibvirtError, XdrError } from "./errors.ts";
import { Keepalive, keepaliveFrame, type KeepaliveOptions } from "./keepalive.ts";
import { Outgoing } from "./outgoing.ts";
import { Deadlines } from "./deadlines.ts";
import { qemuProgram } from "./protocol/qemu.gen.ts";
import { remoteProgram } from "./protocol/remote.gen.ts";
import {
  KEEPALIVE_PROGRAM,
  KeepaliveProcedure,
  rpcTypes,
  type VirNetMessageError,
  VirNetMessageStatus,
  VirNetMessageType,
} from "./protocol/rpc.gen.ts";
import { Codecs, type ProcedureSchema, type Program } from "./schema.ts";
import type { Transport } from "./transport.ts";
import { frame, FrameReader, type Message } from "./wire.ts";
import { XdrReader } from "./xdr.ts";

const { VIR_NET_CALL, VIR_NET_REPLY, VIR_NET_REPLY_WITH_FDS, VIR_NET_MESSAGE, VIR_NET_STREAM, VIR_NET_STREAM_HOLE } =
  VirNetMessageType;
const { VIR_NET_OK, VIR_NET_ERROR } = VirNetMessageStatus;

export interface RpcOptions {
  keepalive: KeepaliveOptions;
  /** Deadline of a call that names none, in ms; 0 for none. */
  callTimeoutMs: number;
  /**
   * Calls the daemon may be working on at once; more wait here. The daemon stops reading a client at five
   * (max_client_requests in libvirtd.conf), and what it does not read it does not answer, keepalive included.
   */
  maxInFlight: number;
}

export interface CallOptions {
  /** How long to wait for the answer, in ms; 0 for as long as it takes. The daemon is not told and may still do it. */
  timeoutMs?: number | undefined;
  /** Gives the call up; the daemon is not told and may still do it. */
  signal?: AbortSignal | undefined;
}

/** The client's side of an open stream, as the connection feeds it. */
export interface StreamReceiver {
  /** Called first: the serial that the stream's packets carry, both ways. */
  opening(serial: number): void;
  /** A packet of the stream; `payload` is only valid during the call. */
  packet(message: Message): void;
  lost(error: LibvirtError): void;
}

interface Pending {
  program: Program;
  name: string;
  schema: ProcedureSchema;
  serial: number;
  /** undefined once the caller has given up while the daemon still works on it. */
  settle: { resolve: (value: unknown) => void; reject: (error: LibvirtError) => void } | undefined;
  frame: Uint8Array | undefined;
  deadline: number;
}

const codecsOf = new Map<number, Codecs>([remoteProgram, qemuProgram].map(({ id, types }) => [id, new Codecs(types)]));
const rpcCodecs = new Codecs(rpcTypes);

/** A decoded message from the daemon: the procedure's name without its prefix, and its payload. */
export type MessageHandler = (program: Program, name: string, payload: unknown) => void;

export class Rpc {
  readonly #options: RpcOptions;
  readonly #transport: Transport;
  readonly #outgoing: Outgoing;
  readonly #keepalive: Keepalive;
  readonly #deadlines = new Deadlines((now) => this.#expire(now));
  readonly #inFlight = new Map<number, Pending>();
  readonly #streams = new Map<number, StreamReceiver>();
  readonly #messageNames = new Map<string, [Program, string]>();
  readonly #closed = Promise.withResolvers<LibvirtError>();
  #waiting: Pending[] = [];
  #serial = 0;
  #failure: LibvirtError | undefined;
  #hold: PromiseWithResolvers<void> | undefined;

  /** Set by the owner before the first message can come. */
  onMessage: MessageHandler = () => {};

  constructor(transport: Transport, options: RpcOptions) {
    this.#options = options;
    this.#transport = transport;
    this.#outgoing = new Outgoing(transport, (cause) => this.#lost("writing to the daemon failed", cause));
    this.#keepalive = new Keepalive(
      options.keepalive,
      () => this.#outgoing.send(keepaliveFrame("PING")),
      () => this.#lost(`the daemon answered none of ${options.keepalive.count} keepalive messages`),
      () => this.#hold !== undefined,
    );
    for (const program of [remoteProgram, qemuProgram]) {
      for (const [name, schema] of Object.entries(program.procedures)) {
        if (schema.msg !== undefined) this.#messageNames.set(`${program.id}:${schema.number}`, [program, name]);
      }
    }
    this.#read();
  }

  /** Resolves once, with the reason, when the connection has ended for whatever cause. */
  get closed(): Promise<LibvirtError> {
    return this.#closed.promise;
  }

  get failure(): LibvirtError | undefined {
    return this.#failure;
  }

  /** Ends the connection; what is still pending fails with `reason`. Harmless when it has ended already. */
  close(reason?: string, cause?: unknown): void {
    this.#fail(
      new LibvirtError({
        code: "VIR_ERR_INVALID_CONN",
        message: reason ?? "the connection was closed by this program",
        cause,
      }),
    );
  }

  /** Makes one call. The reply is undefined for a procedure that returns nothing. */
  async call(program: Program, name: string, args: unknown, options: CallOptions = {}): Promise<unknown> {
    return await this.#dispatch(this.#prepare(program, name, args, options), options.signal);
  }

  /** Makes the call that opens a stream, and gives its packets to `receiver` until `endStream`. */
  async openStream(
    program: Program,
    name: string,
    args: unknown,
    receiver: StreamReceiver,
    options: CallOptions = {},
  ): Promise<unknown> {
    const pending = this.#prepare(program, name, args, options);
    const { serial } = pending;
    this.#streams.set(serial, receiver);
    receiver.opening(serial);
    try {
      return await this.#dispatch(pending, options.signal);
    } catch (error) {
      this.#streams.delete(serial);
      throw error;
    }
  }

  #dispatch(pending: Pending, signal: AbortSignal | undefined): Promise<unknown> {
    return new Promise((resolve, reject) => {
      pending.settle = { resolve, reject };
      if (signal !== undefined) this.#follow(pending, pending.settle, signal);
      this.#waiting.push(pending);
      this.#advance();
    });
  }

  endStream(serial: number): void {
    this.#streams.delete(serial);
  }

  /** Sends one packet of a stream; resolves when there is room for another. */
  async sendPacket(message: Omit<Message, "payload">, payload: Uint8Array): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    this.#outgoing.send(frame(message, (writer) => writer.raw(payload)));
    await this.#outgoing.ready();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Stops reading, so that the daemon stops sending, until `resume`. Replies wait as well. */
  pause(): void {
    if (this.#failure === undefined) this.#hold ??= Promise.withResolvers();
  }

  resume(): void {
    this.#hold?.resolve();
    this.#hold = undefined;
  }

  #prepare(program: Program, name: string, args: unknown, options: CallOptions): Pending {
    if (this.#failure !== undefined) throw this.#failure;
    options.signal?.throwIfAborted();
    const schema = program.procedures[name];
    const codecs = codecsOf.get(program.id);
    if (schema === undefined || codecs === undefined) throw new XdrError(`${name} is no procedure of the program`);
    if (schema.descriptors) {
      throw new LibvirtError({
        code: "VIR_ERR_NO_SUPPORT",
        procedure: name,
        message: `${name} is unsupported: it passes file descriptors, which Deno cannot receive`,
      });
    }
    const serial = this.#serial = this.#serial % 0x7fffffff + 1;
    const head = {
      program: program.id,
      version: program.version,
      procedure: schema.number,
      type: VIR_NET_CALL,
      serial,
    };
    let bytes: Uint8Array;
    try {
      bytes = frame({ ...head, status: VIR_NET_OK }, (writer) => codecs.of(schema.args).encode(writer, args));
    } catch (error) {
      if (error instanceof XdrError) throw new XdrError(`${name}: ${error.message}`, { procedure: name });
      throw error;
    }
    const timeoutMs = options.timeoutMs ?? this.#options.callTimeoutMs;
    const deadline = timeoutMs > 0 ? performance.now() + timeoutMs : Infinity;
    this.#deadlines.add(deadline);
    return { program, name, schema, serial, settle: undefined, frame: bytes, deadline };
  }

  /** Gives the call up when the signal says so. */
  #follow(pending: Pending, settle: NonNullable<Pending["settle"]>, signal: AbortSignal): void {
    const onAbort = () =>
      this.#giveUp(pending, "VIR_ERR_OPERATION_ABORTED", `${pending.name} was given up by its caller`, signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    const forget = () => signal.removeEventListener("abort", onAbort);
    pending.settle = {
      resolve: (value) => (forget(), settle.resolve(value)),
      reject: (error) => (forget(), settle.reject(error)),
    };
  }

  /** Sends waiting calls as long as the daemon has room for them. */
  #advance(): void {
    let taken = 0;
    while (taken < this.#waiting.length && this.#inFlight.size < this.#options.maxInFlight) {
      const pending = this.#waiting[taken++]!;
      if (pending.settle === undefined || pending.frame === undefined) continue;
      this.#inFlight.set(pending.serial, pending);
      this.#outgoing.send(pending.frame);
      pending.frame = undefined;
    }
    if (taken > 0) this.#waiting = this.#waiting.slice(taken);
  }

  #giveUp(pending: Pending, code: `VIR_ERR_${string}`, message: string, cause?: unknown): void {
    const settle = pending.settle;
    pending.settle = undefined;
    settle?.reject(new LibvirtError({ code, message, procedure: pending.name, cause }));
  }

  /** Fails the calls whose time is over; returns when the next one is due. */
  #expire(now: number): number {
    let next = Infinity;
    for (const calls of [this.#inFlight.values(), this.#waiting]) {
      for (const pending of calls) {
        if (pending.settle === undefined) continue;
        if (pending.deadline > now) next = Math.min(next, pending.deadline);
        else this.#giveUp(pending, "VIR_ERR_OPERATION_TIMEOUT", `${pending.name}: the daemon did not answer in time`);
      }
    }
    this.#waiting = this.#waiting.filter((pending) => pending.settle !== undefined);
    return next;
  }

  async #read(): Promise<void> {
    const frames = new FrameReader();
    try {
      while (this.#failure === undefined) {
        const count = await this.#transport.read(frames.space());
        if (count === null) return this.#lost("the daemon closed the connection");
        frames.filled(count);
        this.#keepalive.heard();
        for (let message = frames.next(); message !== undefined; message = frames.next()) {
          this.#receive(message);
          if (this.#failure !== undefined) return;
        }
        if (this.#hold !== undefined) await this.#hold.promise;
      }
    } catch (error) {
      if (error instanceof XdrError) {
        this.#lost(`the daemon sent what is not libvirt's protocol: ${error.message}`, error);
      } else this.#lost("reading from the daemon failed", error);
    }
  }

  #receive(message: Message): void {
    if (message.program === KEEPALIVE_PROGRAM) {
      if (message.procedure === KeepaliveProcedure.KEEPALIVE_PROC_PING) this.#outgoing.send(keepaliveFrame("PONG"));
      return;
    }
    switch (message.type) {
      case VIR_NET_REPLY:
      case VIR_NET_REPLY_WITH_FDS:
        return this.#receiveReply(message);
      case VIR_NET_MESSAGE:
        return this.#receiveMessage(message);
      case VIR_NET_STREAM:
      case VIR_NET_STREAM_HOLE:
        // A packet of a stream that has ended here may still have been under way.
        return this.#streams.get(message.serial)?.packet(message);
      default:
        throw new XdrError(`a daemon makes no calls, and this message has type ${message.type}`);
    }
  }

  #receiveReply(message: Message): void {
    const pending = this.#inFlight.get(message.serial);
    if (pending === undefined) throw new XdrError(`a reply to serial ${message.serial}, which was not called`);
    if (message.program !== pending.program.id || message.procedure !== pending.schema.number) {
      throw new XdrError(`the reply to ${pending.name} is for procedure ${message.procedure}`);
    }
    this.#inFlight.delete(message.serial);
    const settle = pending.settle;
    if (settle !== undefined) {
      try {
        settle.resolve(this.#decodeReply(pending, message));
      } catch (error) {
        if (error instanceof LibvirtError) settle.reject(error);
        else throw error;
      }
    }
    this.#advance();
  }

  #decodeReply({ program, name, schema }: Pending, message: Message): unknown {
    if (message.type === VIR_NET_REPLY_WITH_FDS) {
      throw new LibvirtError({
        code: "VIR_ERR_NO_SUPPORT",
        procedure: name,
        message: `${name}: the reply comes with file descriptors, which Deno cannot receive`,
      });
    }
    if (message.status === VIR_NET_ERROR) throw decodeError(message.payload, name);
    if (message.status !== VIR_NET_OK) throw new XdrError(`${name}: a reply cannot have status ${message.status}`);
    const reader = new XdrReader(message.payload);
    try {
      const value = codecsOf.get(program.id)!.of(schema.ret).decode(reader);
      reader.end();
      return value;
    } catch (error) {
      if (error instanceof XdrError) throw new XdrError(`the reply to ${name}: ${error.message}`, { procedure: name });
      throw error;
    }
  }

  #receiveMessage(message: Message): void {
    const found = this.#messageNames.get(`${message.program}:${message.procedure}`);
    if (found === undefined) return; // A newer daemon's message; nothing here can have asked for it.
    const [program, name] = found;
    const reader = new XdrReader(message.payload);
    const payload = codecsOf.get(program.id)!.of(program.procedures[name]!.msg).decode(reader);
    reader.end();
    this.onMessage(program, name, payload);
  }

  #lost(message: string, cause?: unknown): void {
    this.#fail(
      new LibvirtError({
        code: "VIR_ERR_INVALID_CONN",
        message: `the connection to libvirt is lost: ${message}`,
        cause,
      }),
    );
  }

  #fail(error: LibvirtError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#keepalive.stop();
    this.#deadlines.stop();
    this.#outgoing.stop();
    this.#transport.close();
    this.resume();
    const pending = [...this.#inFlight.values(), ...this.#waiting];
    const streams = [...this.#streams.values()];
    this.#inFlight.clear();
    this.#waiting = [];
    this.#streams.clear();
    for (const { settle, name } of pending) {
      settle?.reject(
        new LibvirtError({ code: error.code, message: `${name}: ${error.message}`, procedure: name, cause: error }),
      );
    }
    for (const stream of streams) stream.lost(error);
    this.#closed.resolve(error);
  }
}

/** The error struct of a reply or a stream. Bytes that hold none become XdrError, which is returned like it. */
export function decodeError(payload: Uint8Array, procedure: string): LibvirtError {
  try {
    const reader = new XdrReader(payload);
    const error = rpcCodecs.of("virNetMessageError").decode(reader) as VirNetMessageError;
    reader.end();
    return fromWire(error, procedure);
  } catch (error) {
    if (error instanceof XdrError) return new XdrError(`the error of ${procedure}: ${error.message}`, { procedure });
    throw error;
  }
}
