/**
 * The computer's screen and keyboard as a person has them. Keys go through QEMU's keyboard, pictures come from its
 * display; what is written there is read from the kernel's own memory of it, by somebody at the serial line.
 * Sources: vcs(4), QEMU QMP reference (send-key, screendump).
 */
import { DeadlineError } from "../machine/deadline.ts";
import type { Qmp } from "../machine/qmp.ts";

/** Key names of QEMU that are not the character itself, and whether Shift is held. US keyboard. */
const keys: Readonly<Record<string, readonly string[]>> = {
  "\n": ["ret"],
  " ": ["spc"],
  "-": ["minus"],
  ".": ["dot"],
  "/": ["slash"],
  ";": ["semicolon"],
  "_": ["shift", "minus"],
};

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

  /** One key, by QEMU's name (QKeyCode): ret, up, ctrl. */
  async press(...chord: readonly string[]): Promise<void> {
    await this.#qmp.execute("send-key", { keys: chord.map((data) => ({ type: "qcode", data })) });
  }

  async type(text: string): Promise<void> {
    for (const character of text) {
      const isCapital = /[A-Z]/.test(character);
      await this.press(...(keys[character] ?? [...(isCapital ? ["shift"] : []), character.toLowerCase()]));
      // Keys that come faster than a slow computer's interrupts are lost.
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  /** @param path ends with .png */
  async picture(path: string): Promise<void> {
    await this.#qmp.execute("screendump", { filename: path, format: "png" });
  }
}
