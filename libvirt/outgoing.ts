/** The sending side of a connection: frames go out in order, as many as are waiting in one write. Knows no procedures. */
import type { Transport } from "./transport.ts";

/** Above this much unsent, streams wait before they add more. */
const HIGH_WATER_BYTES = 1024 * 1024;

export class Outgoing {
  readonly #transport: Transport;
  readonly #onError: (cause: unknown) => void;
  #frames: Uint8Array[] = [];
  #bytes = 0;
  #running = false;
  #stopped = false;
  #drained: (() => void)[] = [];

  constructor(transport: Transport, onError: (cause: unknown) => void) {
    this.#transport = transport;
    this.#onError = onError;
  }

  send(frame: Uint8Array): void {
    if (this.#stopped) return;
    this.#frames.push(frame);
    this.#bytes += frame.length;
    if (this.#running) return;
    this.#running = true;
    // What this turn of the event loop still adds goes out with the same write.
    queueMicrotask(() => this.#run());
  }

  /** Whether more is waiting than the other side takes. */
  get isFull(): boolean {
    return this.#bytes > HIGH_WATER_BYTES;
  }

  /** Resolves when little enough is waiting for more to be added; also when the connection has ended. */
  ready(): Promise<void> {
    if (this.#stopped || !this.isFull) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  stop(): void {
    this.#stopped = true;
    this.#frames = [];
    this.#bytes = 0;
    this.#wake();
  }

  async #run(): Promise<void> {
    try {
      while (this.#frames.length > 0) {
        const frames = this.#frames;
        this.#frames = [];
        const bytes = joined(frames);
        for (let at = 0; at < bytes.length && !this.#stopped;) at += await this.#transport.write(bytes.subarray(at));
        if (this.#stopped) return;
        this.#bytes -= bytes.length;
        if (!this.isFull) this.#wake();
      }
    } catch (cause) {
      this.#onError(cause);
    } finally {
      this.#running = false;
    }
  }

  #wake(): void {
    const waiting = this.#drained;
    this.#drained = [];
    for (const resolve of waiting) resolve();
  }
}

function joined(frames: readonly Uint8Array[]): Uint8Array {
  if (frames.length === 1) return frames[0]!;
  const all = new Uint8Array(frames.reduce((sum, each) => sum + each.length, 0));
  let at = 0;
  for (const each of frames) {
    all.set(each, at);
    at += each.length;
  }
  return all;
}
