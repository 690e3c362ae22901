/**
 * Questions answered with arrow keys, by @inquirer/prompts. Esc goes back, and so does the last choice. Ctrl-D and a
 * terminal that goes away end it with words: the library would end silently.
 */
import { confirm, input, password, select } from "@inquirer/prompts";
import process from "node:process";
import { wrap } from "../../provision/detect_report/text.ts";
import { type Question, readNumber, type Reply } from "../../provision/wizard/question.ts";
import type { Terminal } from "../command.ts";
import { BACK, endedAt, type Face, interruptedAt } from "./face.ts";

const back = "\0back";

export class ArrowsFace implements Face {
  readonly #terminal: Terminal;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  async ask(question: Question, canGoBack: boolean): Promise<Reply | typeof BACK> {
    const leaving = new AbortController();
    const onKey = (_text: string | undefined, key: { readonly name?: string; readonly ctrl?: boolean }) => {
      if (key.name === "escape" && canGoBack) leaving.abort("back");
      if (key.name === "d" && key.ctrl === true) leaving.abort("end");
    };
    const onEnd = () => leaving.abort("end");
    process.stdin.on("keypress", onKey).once("end", onEnd).once("close", onEnd);
    try {
      const reply = await this.#prompt(question, canGoBack, leaving.signal);
      return reply === back ? BACK : reply;
    } catch (error) {
      if (leaving.signal.reason === "back") return BACK;
      if (leaving.signal.reason === "end") throw endedAt(question);
      if (error instanceof Error && error.name === "ExitPromptError") throw interruptedAt(question);
      throw error;
    } finally {
      process.stdin.off("keypress", onKey).off("end", onEnd).off("close", onEnd);
    }
  }

  async #prompt(question: Question, canGoBack: boolean, signal: AbortSignal): Promise<Reply> {
    const keys = canGoBack ? "Esc goes back" : "Ctrl-C leaves";
    const promise = question.afterwards === true ? "" : "; nothing is changed before you say so";
    const help = [...this.#wrap(question.help), this.#dim(`(${keys}${promise})`)].join("\n");
    /** The explanation goes away once the question is answered. */
    const message = (text: string, status: string) => status === "done" ? text : `${text}\n${help}\n`;
    // The library's mark is blue: on a bare console hardly to be seen.
    const theme = { prefix: { idle: this.#terminal.color ? "\x1b[36m?\x1b[39m" : "?" }, style: { message } };
    const context = {
      signal,
      /** Whoever goes back sees the question before, not both. */
      get clearPromptOnDone() {
        return signal.reason === "back";
      },
    };
    switch (question.kind) {
      case "choice":
        return await select({
          message: question.title,
          default: question.default,
          loop: false,
          pageSize: 10,
          theme: { ...theme, i18n: { disabledError: "This one cannot be chosen: the lines above say why." } },
          choices: [
            ...question.choices.map(({ value, label, hint, disabled }) => ({
              value,
              name: label,
              description: this.#wrap(disabled ?? hint ?? "").join("\n"),
              ...(disabled === undefined ? {} : { disabled: "(not possible)" }),
            })),
            ...(canGoBack ? [{ value: back, name: "Back" }] : []),
          ],
        }, context);
      case "confirm":
        return await confirm({ message: question.title, default: question.default, theme }, context);
      case "typed":
        return await input({
          message: question.title,
          theme,
          validate: (line) => question.validate(line) ?? true,
        }, context);
      case "secret":
        return await password({
          message: question.title,
          mask: "*",
          theme,
          validate: (line) => question.validate(line) ?? true,
        }, context);
      case "text":
      case "number": {
        const text = await input({
          message: question.kind === "number" ? `${question.title} (${question.unit})` : question.title,
          default: `${question.default}`,
          theme,
          validate: (line) => question.validate(line) ?? true,
        }, context);
        return question.kind === "number" ? readNumber(text) : text;
      }
    }
  }

  #wrap(text: string): string[] {
    return text === "" ? [] : wrap(text, Math.min(this.#terminal.columns, 100) - 4).map((line) => `  ${line}`);
  }

  #dim(text: string): string {
    return `  ${this.#terminal.color ? `\x1b[2m${text}\x1b[0m` : text}`;
  }
}
