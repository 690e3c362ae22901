/** Progress of a download on a terminal: one line drawn anew, or a plain line every so often where that cannot be. */
import type { MediaProgress } from "../../provision/media/progress.ts";
import { sizeWords } from "../../provision/media/words.ts";
import type { Terminal } from "../command.ts";

const barWidth = 20;
/** Plain lines are for log files and screen readers: few. */
const plainEveryMs = 30_000;

export class MediaLine implements Disposable {
  #toldMs = -Infinity;
  #what = "";

  constructor(readonly terminal: Terminal, readonly nowMs: () => number = () => performance.now()) {}

  show(progress: MediaProgress): void {
    const { redraw, columns } = this.terminal;
    // The last column stays free: some terminals go to the next line there.
    if (redraw !== undefined) return redraw(lineOf(progress).slice(0, columns - 1));
    const atMs = this.nowMs();
    if (atMs - this.#toldMs < plainEveryMs && this.#what === progress.what) return;
    this.#toldMs = atMs;
    this.#what = progress.what;
    this.terminal.note(lineOf(progress));
  }

  [Symbol.dispose](): void {
    this.terminal.redraw?.("");
  }
}

/** `  [######--------------]  31 %  2.1 of 7.2 GiB  54 MiB/s  1 min 36 s left  downloading x.iso`. */
export function lineOf({ what, done, total, bytesPerSecond, etaMs }: MediaProgress): string {
  const parts: string[] = [];
  if (total !== null && total > 0) {
    const filled = Math.floor(barWidth * done / total);
    parts.push(`[${"#".repeat(filled)}${"-".repeat(barWidth - filled)}]`, `${Math.floor(100 * done / total)} %`);
  }
  // Work that nobody can measure is only named.
  if (total !== null) parts.push(`${sizeWords(done)} of ${sizeWords(total)}`);
  else if (done > 0) parts.push(sizeWords(done));
  if (bytesPerSecond !== null && bytesPerSecond > 0) parts.push(`${sizeWords(bytesPerSecond)}/s`);
  if (etaMs !== null && done !== total) parts.push(`${durationWords(etaMs)} left`);
  return `  ${[...parts, what].join("  ")}`;
}

function durationWords(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
