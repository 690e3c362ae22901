/** What a face of the terminal does: shows one question and brings the reply. Two of them: arrows.ts and lines.ts. */
import { AppError } from "../../model/errors.ts";
import type { Question, Reply } from "../../provision/wizard/question.ts";
import type { Terminal } from "../command.ts";
import { canMoveCursor } from "../terminal.ts";

/** The person wants the question before this one. */
export const BACK = Symbol("back");

export interface Face {
  /**
   * @throws AppError `interrupted` at Ctrl-C, `answer-missing` when the input ends
   */
  ask(question: Question, canGoBack: boolean): Promise<Reply | typeof BACK>;
}

/** Arrow keys where the terminal can move its cursor, else plain lines: TERM=dumb, no TERM, or `--plain`. */
export async function openFace(terminal: Terminal, plain: boolean): Promise<Face> {
  if (plain || !canMoveCursor()) {
    const { LinesFace, stdinLines } = await import("./lines.ts");
    return new LinesFace(terminal, stdinLines());
  }
  const { ArrowsFace } = await import("./arrows.ts");
  return new ArrowsFace(terminal);
}

export function interruptedAt(question: Question): AppError {
  return new AppError("interrupted", `Interrupted at "${question.title}": nothing was changed`, {
    hint: "Run neuron-setup again when you like",
  });
}

export function endedAt(question: Question): AppError {
  return new AppError(
    "answer-missing",
    `The input ended before "${question.title}" was answered: nothing was changed`,
    {
      hint: "Answer at a terminal, or give the answers with --answers FILE --yes",
    },
  );
}
