/**
 * The calls that wait for the daemon: those it works on and those it has no room for yet, with their deadlines. Knows
 * nothing of bytes.
 */
import { Deadlines } from "./deadlines.ts";
import { LibvirtError, type LibvirtErrorCode } from "./errors.ts";
import type { Program } from "./schema.ts";

export interface PendingCall {
  program: Program;
  name: string;
  serial: number;
  /** Its bytes; gone once they are on their way. */
  frame: Uint8Array | undefined;
  /** In the time of performance.now(); Infinity for none. */
  deadline: number;
}

interface Tracked extends PendingCall {
  /** undefined once the caller has given up, while the daemon still works on it. */
  settle: { resolve: (value: unknown) => void; reject: (error: LibvirtError) => void } | undefined;
}

/** A call that was answered: the caller hears the outcome, unless it has given up. */
export interface Answered {
  readonly call: PendingCall;
  settle(outcome: () => unknown): void;
}

export class PendingCalls {
  readonly #room: number;
  readonly #send: (frame: Uint8Array) => void;
  readonly #waiting = new Set<Tracked>();
  readonly #inFlight = new Map<number, Tracked>();
  readonly #deadlines = new Deadlines((now) => this.#expire(now));

  /** `room` is how many calls the daemon is given at once. */
  constructor(room: number, send: (frame: Uint8Array) => void) {
    this.#room = room;
    this.#send = send;
  }

  /** Resolves with the reply; rejects with the daemon's error, at the deadline, or when the signal says so. */
  add(call: PendingCall, signal: AbortSignal | undefined): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const tracked: Tracked = { ...call, settle: { resolve, reject } };
      if (signal !== undefined) this.#follow(tracked, { resolve, reject }, signal);
      this.#deadlines.add(call.deadline);
      this.#waiting.add(tracked);
      this.#advance();
    });
  }

  /** The call a reply is for; undefined when there is none. */
  answered(serial: number): Answered | undefined {
    const tracked = this.#inFlight.get(serial);
    if (tracked === undefined) return undefined;
    return {
      call: tracked,
      settle: (outcome) => {
        this.#inFlight.delete(serial);
        this.#settle(tracked, outcome);
        this.#advance();
      },
    };
  }

  /** Fails them all. */
  failAll(error: LibvirtError): void {
    this.#deadlines.stop();
    for (const tracked of [...this.#inFlight.values(), ...this.#waiting]) {
      this.#giveUp(tracked, error.code, `${tracked.name}: ${error.message}`, error);
    }
    this.#inFlight.clear();
    this.#waiting.clear();
  }

  #settle({ settle }: Tracked, outcome: () => unknown): void {
    if (settle === undefined) return;
    try {
      settle.resolve(outcome());
    } catch (error) {
      if (!(error instanceof LibvirtError)) throw error;
      settle.reject(error);
    }
  }

  #follow(tracked: Tracked, settle: NonNullable<Tracked["settle"]>, signal: AbortSignal): void {
    const onAbort = () =>
      this.#giveUp(tracked, "VIR_ERR_OPERATION_ABORTED", `${tracked.name} was given up by its caller`, signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    const forget = () => signal.removeEventListener("abort", onAbort);
    tracked.settle = {
      resolve: (value) => (forget(), settle.resolve(value)),
      reject: (error) => (forget(), settle.reject(error)),
    };
  }

  /** Sends waiting calls as long as the daemon has room for them. */
  #advance(): void {
    for (const tracked of this.#waiting) {
      if (this.#inFlight.size >= this.#room) return;
      this.#waiting.delete(tracked);
      this.#inFlight.set(tracked.serial, tracked);
      if (tracked.frame !== undefined) this.#send(tracked.frame);
      tracked.frame = undefined;
    }
  }

  #giveUp(tracked: Tracked, code: LibvirtErrorCode, message: string, cause: unknown): void {
    const { settle, name } = tracked;
    tracked.settle = undefined;
    this.#waiting.delete(tracked);
    settle?.reject(new LibvirtError({ code, message, procedure: name, cause }));
  }

  /** Fails the calls whose time is over; returns when the next one is due. */
  #expire(now: number): number {
    let next = Infinity;
    for (const tracked of [...this.#inFlight.values(), ...this.#waiting]) {
      if (tracked.settle === undefined) continue;
      if (tracked.deadline > now) next = Math.min(next, tracked.deadline);
      else {
        const message = `${tracked.name}: the daemon did not answer in time`;
        this.#giveUp(tracked, "VIR_ERR_OPERATION_TIMEOUT", message, undefined);
      }
    }
    return next;
  }
}
