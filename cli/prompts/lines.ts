/**
 * Questions as plain lines, for terminals that cannot move their cursor, serial lines and screen readers: numbered
 * choices, Enter for the proposal, `b` back, `?` help. Writes nothing but lines and one prompt; moves no cursor.
 */
import { wrap } from "../../provision/detect_report/text.ts";
import { proposalOf, type Question, readNumber, type Reply } from "../../provision/wizard/question.ts";
import type { Terminal } from "../command.ts";
import { BACK, endedAt, type Face, interruptedAt } from "./face.ts";

export interface Lines {
  /** Shows `prompt` and reads a line without its end; null at the end of the input, "interrupted" at Ctrl-C. */
  read(prompt: string): Promise<{ readonly line: string } | null | "interrupted">;
  /** The same, and what is typed is not shown. */
  readHidden(prompt: string): Promise<{ readonly line: string } | null | "interrupted">;
}

export class LinesFace implements Face {
  readonly #terminal: Terminal;
  readonly #lines: Lines;

  constructor(terminal: Terminal, lines: Lines) {
    this.#terminal = terminal;
    this.#lines = lines;
  }

  async ask(question: Question, canGoBack: boolean): Promise<Reply | typeof BACK> {
    this.#show(question);
    const isHidden = question.kind === "secret";
    const keys = [
      ...(proposalOf(question) === null ? [] : ["Enter takes the proposal"]),
      ...(isHidden ? ["what you type is not shown"] : []),
      ...(canGoBack ? ["b goes back"] : []),
      "? explains",
    ].join(", ");
    this.#print(`${keys[0]!.toUpperCase()}${keys.slice(1)}.`);
    while (true) {
      const prompt = `${proposal(question)}> `;
      const read = isHidden ? await this.#lines.readHidden(prompt) : await this.#lines.read(prompt);
      if (read === null) throw endedAt(question);
      if (read === "interrupted") throw interruptedAt(question);
      // A password may begin with a blank.
      const line = isHidden ? read.line : read.line.trim();
      if (line === "?") this.#print(question.help);
      else if (line.toLowerCase() === "b" && canGoBack) return BACK;
      else {
        const proposed = line === "" ? proposalOf(question) : null;
        if (proposed !== null) return proposed;
        const reply = replyOf(question, line);
        if ("value" in reply) return reply.value;
        this.#print(reply.problem);
      }
    }
  }

  #show(question: Question): void {
    this.#terminal.print("");
    this.#print(question.title);
    if (question.kind !== "choice") return this.#print(question.help, "   ");
    for (const [index, { label, hint, disabled }] of question.choices.entries()) {
      const number = `${index + 1}`.padStart(2);
      this.#print(`${label}${disabled === undefined ? "" : " - not possible"}`, `${number}. `);
      const why = disabled ?? hint ?? "";
      if (why !== "") this.#print(why, "      ");
    }
  }

  /** `head` before the first line, blanks of the same width before the others. */
  #print(text: string, head = ""): void {
    for (
      const [index, line] of wrap(text, Math.max(30, Math.min(this.#terminal.columns, 100) - head.length)).entries()
    ) {
      this.#terminal.print(`${index === 0 ? head : " ".repeat(head.length)}${line}`);
    }
  }
}

function proposal(question: Question): string {
  switch (question.kind) {
    case "choice":
      return `[${question.choices.findIndex((one) => one.value === question.default) + 1}] `;
    case "confirm":
      return question.default ? "y or n [y] " : "y or n [n] ";
    case "text":
      return `[${question.default}] `;
    case "number":
      return `[${question.default} ${question.unit}] `;
    case "typed":
    case "secret":
      return "";
  }
}

function replyOf(question: Question, line: string): { readonly value: Reply } | { readonly problem: string } {
  switch (question.kind) {
    case "choice": {
      const choice = /^\d{1,3}$/.test(line) ? question.choices[Number(line) - 1] : undefined;
      if (choice === undefined) return { problem: `Write a number from 1 to ${question.choices.length}.` };
      return choice.disabled === undefined ? { value: choice.value } : { problem: `Not possible: ${choice.disabled}` };
    }
    case "confirm":
      if (/^(y|yes)$/i.test(line)) return { value: true };
      return /^(n|no)$/i.test(line) ? { value: false } : { problem: "Write y or n." };
    case "text":
    case "typed":
    case "secret":
    case "number": {
      const problem = question.validate(line);
      if (problem !== null) return { problem: `${problem}.` };
      return { value: question.kind === "number" ? readNumber(line) : line };
    }
  }
}

/** The person's keyboard. What is typed ahead is kept for the next question. */
export function stdinLines(): Lines {
  const decoder = new TextDecoder();
  const chunk = new Uint8Array(4096);
  let buffered = "";
  const readLine = async (): Promise<{ line: string } | null> => {
    while (!buffered.includes("\n")) {
      const length = await Deno.stdin.read(chunk);
      if (length === null) return null;
      // A terminal that shows nothing does not translate Enter, nor Ctrl-D, either.
      buffered += decoder.decode(chunk.subarray(0, length), { stream: true }).replace(/\r\n?/g, "\n");
      if (buffered.includes("\x04")) return null;
    }
    const end = buffered.indexOf("\n");
    const line = buffered.slice(0, end);
    buffered = buffered.slice(end + 1);
    return { line };
  };
  const ask = async (prompt: string): Promise<{ line: string } | null | "interrupted"> => {
    const { promise, resolve } = Promise.withResolvers<"interrupted">();
    const onSignal = () => resolve("interrupted");
    for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, onSignal);
    try {
      // Not before somebody listens: who sees the prompt may press Ctrl-C.
      Deno.stdout.writeSync(new TextEncoder().encode(prompt));
      const read = await Promise.race([readLine(), promise]);
      if (read === null || read === "interrupted") Deno.stdout.writeSync(new TextEncoder().encode("\n"));
      return read;
    } finally {
      for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.removeSignalListener(signal, onSignal);
    }
  };
  return {
    read: ask,
    async readHidden(prompt) {
      if (!Deno.stdin.isTerminal()) return await ask(prompt);
      // With cbreak the terminal shows nothing and edits nothing, but Ctrl-C is still a signal.
      Deno.stdin.setRaw(true, { cbreak: true });
      try {
        const read = await ask(prompt);
        if (read === null || read === "interrupted") return read;
        Deno.stdout.writeSync(new TextEncoder().encode("\n"));
        return { line: withoutErased(read.line) };
      } finally {
        Deno.stdin.setRaw(false);
      }
    },
  };
}

/** What is left after the backspaces in it: DEL or BS take one character, Ctrl-U all. */
export function withoutErased(typed: string): string {
  let left: string[] = [];
  for (const character of typed) {
    if (character === "\x7f" || character === "\b") left.pop();
    else if (character === "\x15") left = [];
    else left.push(character);
  }
  return left.join("");
}
