/**
 * Ends a connection that brings nothing, or next to nothing. Only the time spent waiting for the other side counts: a
 * slow disk of ours is not their fault.
 */
import { Fault } from "./faults.ts";

export interface StallLimits {
  /** Not one byte for this long. */
  readonly idleTimeoutMs: number;
  /** Less than this, over a whole window of waiting, is a stall too. */
  readonly floorBytesPerSecond: number;
  readonly floorWindowMs: number;
}

export const defaultStallLimits: StallLimits = {
  idleTimeoutMs: 30_000,
  floorBytesPerSecond: 2048,
  floorWindowMs: 60_000,
};

export class StallWatch implements Disposable {
  readonly #controller = new AbortController();
  readonly #timer: ReturnType<typeof setInterval>;
  #waitingSinceMs: number | null = performance.now();
  #windowBytes = 0;
  #windowMs = 0;

  /** Begins to wait at once: connecting and the headers count as well. */
  constructor(readonly limits: StallLimits) {
    const everyMs = Math.max(10, Math.min(limits.idleTimeoutMs, limits.floorWindowMs) / 8);
    this.#timer = setInterval(() => this.#look(), everyMs);
  }

  /** Aborted with a Fault `stalled`. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Call before asking for the next bytes. */
  waiting(): void {
    this.#waitingSinceMs = performance.now();
  }

  got(bytes: number): void {
    if (this.#waitingSinceMs !== null) this.#windowMs += performance.now() - this.#waitingSinceMs;
    this.#waitingSinceMs = null;
    this.#windowBytes += bytes;
    if (this.#windowMs < this.limits.floorWindowMs) return;
    this.#judge();
    this.#windowBytes = this.#windowMs = 0;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    if (this.#waitingSinceMs === null) return;
    const waitedMs = performance.now() - this.#waitingSinceMs;
    if (waitedMs < this.limits.idleTimeoutMs) return;
    this.#end(`the server sent nothing for ${this.limits.idleTimeoutMs / 1000} s`);
  }

  #judge(): void {
    const bytesPerSecond = this.#windowBytes / this.#windowMs * 1000;
    if (bytesPerSecond >= this.limits.floorBytesPerSecond) return;
    this.#end(`the server sent only ${bytesPerSecond.toFixed(0)} bytes a second`);
  }

  #end(message: string): void {
    this.#controller.abort(new Fault("stalled", message));
  }
}
