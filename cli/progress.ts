/**
 * Shows that a long command runs: what, for how long, and how far the whole plan is. One line that is drawn anew where
 * the terminal can do that; else, for dumb terminals, screen readers and log files, a plain line every so often.
 */
import type { ApplyEvent } from "../provision/engine.ts";
import type { WorkProgress } from "../provision/step.ts";
import type { Terminal } from "./command.ts";
import { MediaLine } from "./media/line.ts";

/** A quarter of a second looks alive and costs a slow serial line some 300 bytes a second. */
const DRAW_EVERY_MS = 250;
/** When a plain line is due, in seconds; then every minute. */
const PLAIN_AT_S = [10, 30];
const BAR_WIDTH = 20;

export interface Clock {
  nowMs(): number;
  /** Calls `tick` again and again until the function it returns is called. */
  every(intervalMs: number, tick: () => void): () => void;
}

const systemClock: Clock = {
  nowMs: () => performance.now(),
  every(intervalMs, tick) {
    const timer = setInterval(tick, intervalMs);
    return () => clearInterval(timer);
  },
};

/** Follows what apply tells; dispose it before anything else is written. */
export class Progress implements Disposable {
  readonly #terminal: Terminal;
  readonly #clock: Clock;
  readonly #media: MediaLine;
  #applied = 0;
  #total: number;
  #stop: (() => void) | null = null;

  /** @param total how many changes the plan has, as far as it is known */
  constructor(terminal: Terminal, total: number, clock: Clock = systemClock) {
    this.#terminal = terminal;
    this.#total = total;
    this.#clock = clock;
    this.#media = new MediaLine(terminal, () => clock.nowMs());
  }

  /** Every event ends what was shown: its own words may follow. */
  follow(event: ApplyEvent): void {
    this.#end();
    if (event.type === "step-started") this.#total = Math.max(this.#total, this.#applied + event.changes);
    else if (event.type === "change-applied") this.#applied++;
    else if (event.type === "progress") this.#show(event);
  }

  #show({ what, done, total, unit, bytesPerSecond = null, etaMs = null }: WorkProgress): void {
    // How far the whole is, while one change of it runs; how far that change is, where it knows.
    if (unit === "bytes") {
      this.#media.show({ what, done, total, unit, bytesPerSecond, etaMs });
      this.#stop = () => this.#media[Symbol.dispose]();
    } else if (unit === "changes") this.#begin(what, this.#applied, this.#total);
    else this.#begin(what, done, total ?? 0);
  }

  [Symbol.dispose](): void {
    this.#end();
  }

  #begin(what: string, done: number, total: number): void {
    const startedMs = this.#clock.nowMs();
    const seconds = () => Math.floor((this.#clock.nowMs() - startedMs) / 1000);
    const { redraw } = this.#terminal;
    if (redraw === undefined) {
      let told = 0;
      this.#stop = this.#clock.every(1000, () => {
        const due = lastDue(seconds());
        if (due <= told) return;
        told = due;
        this.#terminal.print(`  still running: ${what} (${durationWords(due)})`);
      });
      return;
    }
    const draw = () => redraw(this.#line(what, seconds(), done, total));
    draw();
    const stop = this.#clock.every(DRAW_EVERY_MS, draw);
    this.#stop = () => {
      stop();
      redraw("");
    };
  }

  #end(): void {
    this.#stop?.();
    this.#stop = null;
  }

  /** `  [######--------------]  3 of 11  12 s  update-initramfs -u -k all`, cut to the terminal. */
  #line(what: string, seconds: number, done: number, total: number): string {
    const filled = Math.floor((BAR_WIDTH * done) / Math.max(1, total));
    const bar = `[${"#".repeat(filled)}${"-".repeat(BAR_WIDTH - filled)}]`;
    const line = `  ${bar} ${Math.min(done + 1, total)} of ${total}  ${durationWords(seconds)}  ${what}`;
    // The last column stays free: some terminals go to the next line there.
    return line.slice(0, this.#terminal.columns - 1);
  }
}

/** 10, 30, 60, 120, 180, … */
function lastDue(seconds: number): number {
  return seconds >= 60 ? seconds - seconds % 60 : PLAIN_AT_S.findLast((at) => at <= seconds) ?? 0;
}

function durationWords(seconds: number): string {
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
