/** The keyboard as a person has it: QEMU's. Source: QEMU QMP reference (send-key). */
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

export class Keyboard {
  readonly #qmp: Qmp;

  constructor(qmp: Qmp) {
    this.#qmp = qmp;
  }

  /** One key, or several at once, by QEMU's names (QKeyCode): ret, up, ctrl. */
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
}
