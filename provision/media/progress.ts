/** How far, how fast, how long still: what a bar or a page shows of a download. */

export interface MediaProgress {
  /** `downloading NAME`, `checking NAME`, `copying NAME`. */
  readonly what: string;
  readonly done: number;
  /** Null while the source has not said it. */
  readonly total: number | null;
  readonly unit: "bytes";
  /** Over the last seconds; null before there is anything to judge. */
  readonly bytesPerSecond: number | null;
  readonly etaMs: number | null;
}

const windowMs = 5000;
const everyMs = 250;

export class ProgressMeter {
  readonly #samples: { atMs: number; bytes: number }[] = [];
  #toldMs = -Infinity;

  /** `now` in monotonic milliseconds. */
  constructor(
    readonly report: (progress: MediaProgress) => void,
    readonly now: () => number = () => performance.now(),
  ) {}

  /** Tells at most four times a second; `force` for the last word. */
  update(what: string, done: number, total: number | null, force = false): void {
    const atMs = this.now();
    const last = this.#samples.at(-1);
    if (last !== undefined && done < last.bytes) this.#samples.length = 0;
    if (last === undefined || atMs - last.atMs >= 50 || force) this.#samples.push({ atMs, bytes: done });
    while (this.#samples.length > 2 && this.#samples[1]!.atMs < atMs - windowMs) this.#samples.shift();
    if (!force && atMs - this.#toldMs < everyMs) return;
    this.#toldMs = atMs;
    const bytesPerSecond = this.#speed(atMs, done);
    const etaMs = total === null || bytesPerSecond === null || bytesPerSecond === 0
      ? null
      : Math.round((total - done) / bytesPerSecond * 1000);
    this.report({
      what,
      done,
      total,
      unit: "bytes",
      bytesPerSecond: bytesPerSecond === null ? null : Math.round(bytesPerSecond),
      etaMs,
    });
  }

  #speed(atMs: number, done: number): number | null {
    const first = this.#samples[0];
    if (first === undefined || atMs - first.atMs < 100) return null;
    return Math.max(0, done - first.bytes) / (atMs - first.atMs) * 1000;
  }
}
