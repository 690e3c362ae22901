/**
 * How often it is tried again, and after how long. Nothing here can go on for ever: tries without progress are counted,
 * progress must be worth the name, and starting from zero is counted for the whole download.
 */
import { consequenceOf, type Fault, type FaultKind } from "./faults.ts";

export interface PatienceLimits {
  /** Tries in a row without progress. */
  readonly tries: number;
  /** Starts from zero after the first. */
  readonly restarts: number;
  /** New links in a row without progress. */
  readonly relinks: number;
  /** Fewer new bytes than this are no progress. */
  readonly progressBytes: number;
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** A Retry-After beyond this is told to the person instead of waited for. */
  readonly maxRetryAfterMs: number;
}

export const defaultPatience: PatienceLimits = {
  tries: 6,
  restarts: 2,
  relinks: 3,
  progressBytes: 1 << 20,
  firstDelayMs: 1000,
  maxDelayMs: 30_000,
  maxRetryAfterMs: 5 * 60_000,
};

export type Verdict =
  | { readonly next: "again" | "fresh" | "relink"; readonly delayMs: number }
  | { readonly next: "stop" };

export class Patience {
  #tries = 0;
  #restarts = 0;
  #relinks = 0;
  #received = 0;
  readonly #counts = new Map<FaultKind, number>();

  constructor(readonly limits: PatienceLimits, readonly canRelink: boolean) {}

  /** How often it came to this, for the one who reads the refusal. */
  timesOf(fault: Fault): number {
    return Math.max(this.#tries, this.#counts.get(fault.kind) ?? 0);
  }

  /** `received`: bytes that came in all, whatever became of them. */
  judge(fault: Fault, received: number): Verdict {
    if (received - this.#received >= this.limits.progressBytes) {
      this.#tries = this.#relinks = 0;
      this.#received = received;
    }
    this.#tries++;
    const count = (this.#counts.get(fault.kind) ?? 0) + 1;
    this.#counts.set(fault.kind, count);
    const { then, most = Infinity } = consequenceOf(fault.kind);
    const spent = this.#tries >= this.limits.tries || count > most;
    if (then === "stop" || spent) return { next: "stop" };
    if (then === "fresh" && ++this.#restarts > this.limits.restarts) return { next: "stop" };
    if (then === "relink" && (!this.canRelink || ++this.#relinks > this.limits.relinks)) return { next: "stop" };
    if ((fault.retryAfterMs ?? 0) > this.limits.maxRetryAfterMs) return { next: "stop" };
    const delayMs = Math.min(this.limits.firstDelayMs * 2 ** (this.#tries - 1), this.limits.maxDelayMs);
    return { next: then, delayMs: Math.max(delayMs, fault.retryAfterMs ?? 0) };
  }
}
