/**
 * Calls, replies and messages over one byte stream: many calls in flight, replies matched by serial, keepalive, deadlines.
 * Knows the protocol's framing, and nothing of what the calls mean.
 */
import { LibvirtError, XdrError } from "./errors.ts";
import { Keepalive, keepaliveFrame, type KeepaliveOptions } from "./keepalive.ts";
import { decodeMessage, decodeReply, encodeCall, procedureOf } from "./messages.ts";
import { Outgoing } from "./outgoing.ts";
import { PendingCalls } from "./pending_calls.ts";
import { KEEPALIVE_PROGRAM, KeepaliveProcedure, VirNetMessageType } from "./protocol/rpc.gen.ts";
import type { Program } from "./schema.ts";
import type { Transport } from "./transport.ts";
import { frame, FrameReader, type Message } from "./wire.ts";

const { VIR_NET_REPLY, VIR_NET_REPLY_WITH_FDS, VIR_NET_MESSAGE, VIR_NET_STREAM, VIR_NET_STREAM_HOLE } =
  VirNetMessageType;

export interface RpcOptions {
  keepalive: KeepaliveOptions;
  /** Deadline of a call that names none, in ms; 0 for none. */
  callTimeoutMs: number;
  /**
   * Calls the daemon may be working on at once; more wait here. The daemon stops reading a client that has five unanswered
   * (max_client_requests in libvirtd.conf), and then neither answers our keepalive nor sees our answers to its own: with
   * one less, calls that take long never make the connection look dead to either side. More is up to a fifth faster for
   * many short calls.
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

/** Hears a message of the daemon's: its procedure's name without the prefix, and its payload. */
export type MessageHandler = (name: string, payload: unknown) => void;

export class Rpc {
  readonly #options: RpcOptions;
  readonly #transport: Transport;
  readonly #outgoing: Outgoing;
  readonly #keepalive: Keepalive;
  readonly #calls: PendingCalls;
  readonly #streams = new Map<number, StreamReceiver>();
  readonly #closed = Promise.withResolvers<LibvirtError>();
  #serial = 0;
  #failure: LibvirtError | undefined;
  #hold: PromiseWithResolvers<void> | undefined;

  /** Set by the owner before it asks for any message. */
  onMessage: MessageHandler = () => {};

  constructor(transport: Transport, options: RpcOptions) {
    this.#options = options;
    this.#transport = transport;
    this.#outgoing = new Outgoing(transport, (cause) => this.#lost("writing to the daemon failed", cause));
    this.#calls = new PendingCalls(options.maxInFlight, (bytes) => this.#outgoing.send(bytes));
    this.#keepalive = new Keepalive(
      options.keepalive,
      () => this.#outgoing.send(keepaliveFrame("PING")),
      () => this.#lost(`the daemon answered none of ${options.keepalive.count} keepalive messages`),
      () => this.#hold !== undefined,
    );
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
  close(reason = "the connection was closed by this program"): void {
    this.#fail(new LibvirtError({ code: "VIR_ERR_INVALID_CONN", message: reason }));
  }

  /** Makes one call. The reply is undefined for a procedure that returns nothing. */
  async call(program: Program, name: string, args: unknown, options: CallOptions = {}): Promise<unknown> {
    return await this.#call(program, name, args, this.#nextSerial(), options);
  }

  /** Makes the call that opens a stream, and gives its packets to `receiver` until `endStream`. */
  async openStream(
    program: Program,
    name: string,
    args: unknown,
    receiver: StreamReceiver,
    options: CallOptions = {},
  ): Promise<unknown> {
    const serial = this.#nextSerial();
    this.#streams.set(serial, receiver);
    receiver.opening(serial);
    try {
      return await this.#call(program, name, args, serial, options);
    } catch (error) {
      this.#streams.delete(serial);
      throw error;
    }
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

  #nextSerial(): number {
    return this.#serial = this.#serial % 0x7fffffff + 1;
  }

  #call(program: Program, name: string, args: unknown, serial: number, options: CallOptions): Promise<unknown> {
    if (this.#failure !== undefined) throw this.#failure;
    if (options.signal?.aborted) {
      const message = `${name} was given up by its caller`;
      throw new LibvirtError({ code: "VIR_ERR_OPERATION_ABORTED", message, cause: options.signal.reason });
    }
    const timeoutMs = options.timeoutMs ?? this.#options.callTimeoutMs;
    return this.#calls.add({
      program,
      name,
      serial,
      frame: encodeCall(program, name, serial, args),
      deadline: timeoutMs > 0 ? performance.now() + timeoutMs : Infinity,
    }, options.signal);
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
      // A daemon that pings without reading would fill our memory with answers.
      const answers = message.procedure === KeepaliveProcedure.KEEPALIVE_PROC_PING && !this.#outgoing.isFull;
      if (answers) this.#outgoing.send(keepaliveFrame("PONG"));
      return;
    }
    switch (message.type) {
      case VIR_NET_REPLY:
      case VIR_NET_REPLY_WITH_FDS:
        return this.#receiveReply(message);
      case VIR_NET_MESSAGE: {
        const found = decodeMessage(message);
        // A newer daemon's message is none that anyone here can have asked for.
        if (found !== undefined) this.onMessage(found.name, found.payload);
        return;
      }
      case VIR_NET_STREAM:
      case VIR_NET_STREAM_HOLE:
        // A packet of a stream that has ended here may still have been under way.
        return this.#streams.get(message.serial)?.packet(message);
      default:
        throw new XdrError(`a daemon makes no calls, and this message has type ${message.type}`);
    }
  }

  #receiveReply(message: Message): void {
    const answered = this.#calls.answered(message.serial);
    if (answered === undefined) throw new XdrError(`a reply to serial ${message.serial}, which was not called`);
    const { program, name } = answered.call;
    if (message.program !== program.id || message.procedure !== procedureOf(program, name).number) {
      throw new XdrError(`the reply to ${name} is for procedure ${message.procedure}`);
    }
    answered.settle(() => decodeReply(program, name, message));
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
    this.#outgoing.stop();
    this.#transport.close();
    this.resume();
    this.#calls.failAll(error);
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    for (const stream of streams) stream.lost(error);
    this.#closed.resolve(error);
  }
}
