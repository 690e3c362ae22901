/** One timer for any number of deadlines; a timer a call would cost more than the call. */
const LONGEST_TIMER_MS = 0x7fffffff;

export class Deadlines {
  readonly #expire: (now: number) => number;
  #due = Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `expire` handles what is due at `now` and returns when the next is, or Infinity. Times are of `performance.now()`. */
  constructor(expire: (now: number) => number) {
    this.#expire = expire;
  }

  add(deadline: number): void {
    if (deadline < this.#due) this.#arm(deadline);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#due = Infinity;
  }

  #arm(deadline: number): void {
    clearTimeout(this.#timer);
    this.#due = deadline;
    if (deadline === Infinity) return;
    this.#timer = setTimeout(() => {
      this.#due = Infinity;
      this.#arm(this.#expire(performance.now()));
    }, Math.min(LONGEST_TIMER_MS, Math.max(1, deadline - performance.now())));
  }
}
