/**
 * The computer's screen as a person has it. Pictures come from QEMU's display; what is written there is read from the
 * kernel's own memory of it, by somebody at the serial line.
 * Sources: vcs(4), QEMU QMP reference (screendump).
 */
import { DeadlineError } from "../machine/deadline.ts";
import type { Qmp } from "../machine/qmp.ts";

export class Screen {
  readonly #qmp: Qmp;
  readonly #ask: (script: string) => Promise<string>;

  /** @param ask runs a script in the computer, as root, and gives what it printed */
  constructor(qmp: Qmp, ask: (script: string) => Promise<string>) {
    this.#qmp = qmp;
    this.#ask = ask;
  }

  /** Every line that is on the first console now. */
  async lines(): Promise<string[]> {
    const text = await this.#ask("fold --bytes --width=$(stty --file=/dev/tty1 size | cut -d ' ' -f 2) /dev/vcs1");
    return text.split("\n").map((line) => line.trimEnd());
  }

  /** Waits until `find` finds something on the screen. @throws DeadlineError with what is there */
  async until<T>(what: string, deadlineMs: number, find: (lines: readonly string[]) => T | null): Promise<T> {
    const endMs = performance.now() + deadlineMs;
    while (true) {
      const lines = await this.lines();
      const found = find(lines);
      if (found !== null) return found;
      if (performance.now() > endMs) {
        throw new DeadlineError(`not within ${deadlineMs / 1000} s: ${what}\n${lines.join("\n").trim()}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 2000));
    }
  }

  /** @param path ends with .png */
  async picture(path: string): Promise<void> {
    await this.#qmp.execute("screendump", { filename: path, format: "png" });
  }
}
