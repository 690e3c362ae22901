/**
 * The calling side of a connection: any procedure by its name, streams, and the connection's end. The facade's objects hold
 * one, and know no more of their connection than this.
 */
import type { LibvirtError } from "./errors.ts";
import { type QemuCalls, qemuProgram } from "./protocol/qemu.gen.ts";
import { type RemoteCalls, remoteProgram } from "./protocol/remote.gen.ts";
import type { CallOptions } from "./rpc.ts";
import { dial, type Session } from "./session.ts";
import { openStream, type Stream, type StreamingCall } from "./stream.ts";

export class Caller implements AsyncDisposable {
  readonly #session: Session;
  readonly #defaults: CallOptions;

  constructor(session: Session, defaults: CallOptions = {}) {
    this.#session = session;
    this.#defaults = defaults;
  }

  /** The URI it was opened with. */
  get uri(): string {
    return this.#session.uri;
  }

  /** Resolves once, with the reason, when the connection has ended: closed here, lost, or silent for too long. */
  get closed(): Promise<LibvirtError> {
    return this.#session.rpc.closed;
  }

  get isOpen(): boolean {
    return this.#session.rpc.failure === undefined;
  }

  /** The same connection whose calls have this deadline or signal. */
  with(defaults: CallOptions): Caller {
    return new Caller(this.#session, { ...this.#defaults, ...defaults });
  }

  /** Any call of libvirt's remote protocol, typed by its name (protocol/remote.gen.ts). */
  async call<N extends keyof RemoteCalls>(
    name: N,
    ...[args, options]: RemoteCalls[N]["args"] extends void ? [args?: undefined, options?: CallOptions]
      : [args: RemoteCalls[N]["args"], options?: CallOptions]
  ): Promise<RemoteCalls[N]["ret"]> {
    const reply = await this.#session.rpc.call(remoteProgram, name, args, { ...options, ...this.#defaults });
    return reply as RemoteCalls[N]["ret"];
  }

  /** Any call of libvirt's QEMU protocol, typed by its name (protocol/qemu.gen.ts). */
  async callQemu<N extends keyof QemuCalls>(
    name: N,
    args: QemuCalls[N]["args"],
    options?: CallOptions,
  ): Promise<QemuCalls[N]["ret"]> {
    const reply = await this.#session.rpc.call(qemuProgram, name, args, { ...options, ...this.#defaults });
    return reply as QemuCalls[N]["ret"];
  }

  /**
   * A call that opens a stream. It runs on a connection of its own, so that a slow reader of the stream holds up nothing
   * else: libvirt's protocol has no flow control for a single stream.
   */
  async stream<N extends StreamingCall>(
    name: N,
    args: RemoteCalls[N]["args"],
    options: { sparse?: boolean } = {},
  ): Promise<{ reply: RemoteCalls[N]["ret"]; stream: Stream }> {
    const session = await dial(this.#session.uri, {
      ...this.#session.options,
      keepalive: { intervalMs: 0, count: 0 },
      ...(this.#defaults.signal === undefined ? {} : { signal: this.#defaults.signal }),
    });
    const { reply, stream } = await openStream(session.rpc, name, args, { ...options, call: this.#defaults });
    return { reply: reply as RemoteCalls[N]["ret"], stream };
  }

  /** Ends the connection. Calls still under way fail with VIR_ERR_INVALID_CONN. */
  async close(): Promise<void> {
    if (this.isOpen) {
      // The daemon need not answer: what matters is that the socket is closed.
      await this.#session.rpc.call(remoteProgram, "CONNECT_CLOSE", undefined, { timeoutMs: 1000 }).catch(() => {});
    }
    this.#session.rpc.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Hears the daemon's messages; for events.ts. */
  onMessage(handler: (name: string, payload: unknown) => void): void {
    this.#session.rpc.onMessage = handler;
  }
}
