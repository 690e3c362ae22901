/**
 * Questions as plain lines, for terminals that cannot move their cursor, serial lines and screen readers: numbered
 * choices, Enter for the proposal, `b` back, `?` help. Writes nothing but lines and one prompt; moves no cursor.
 */
import { wrap } from "../../provision/detect_report/text.ts";
import { type Question, readNumber, type Reply } from "../../provision/wizard/question.ts";
import type { Terminal } from "../command.ts";
import { BACK, endedAt, type Face, interruptedAt } from "./face.ts";

export interface Lines {
  /** Shows `prompt` and reads a line without its end; null at the end of the input, "interrupted" at Ctrl-C. */
  read(prompt: string): Promise<{ readonly line: string } | null | "interrupted">;
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
    const keys = ["Enter takes the proposal", ...(canGoBack ? ["b goes back"] : []), "? explains"].join(", ");
    this.#print(`${keys}.`);
    while (true) {
      const read = await this.#lines.read(`${proposal(question)}> `);
      if (read === null) throw endedAt(question);
      if (read === "interrupted") throw interruptedAt(question);
      const line = read.line.trim();
      if (line === "?") this.#print(question.help);
      else if (line.toLowerCase() === "b" && canGoBack) return BACK;
      else if (line === "") return question.default;
      else {
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
    case "number": {
      const problem = question.validate(line);
      if (problem !== null) return { problem: `${problem}.` };
      return { value: question.kind === "text" ? line : readNumber(line) };
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
      buffered += decoder.decode(chunk.subarray(0, length), { stream: true });
    }
    const end = buffered.indexOf("\n");
    const line = buffered.slice(0, end);
    buffered = buffered.slice(end + 1);
    return { line };
  };
  return {
    async read(prompt) {
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
    },
  };
}
