/**
 * How a list of questions is walked: what was given, then what was heard, reply by reply. The wizard and the installer
 * are two such lists. Pure.
 */
import type { Answers } from "../../model/answers.ts";
import { AppError } from "../../model/errors.ts";
import { mergeParts } from "../vm/merge.ts";
import { problemOf, type Question, type Reply } from "./question.ts";

export interface Heard {
  readonly id: string;
  readonly value: Reply;
}

/** What a question may look at, beside the facts of its own list. */
export interface Told {
  readonly given: Answers;
  /** Given and heard so far. */
  readonly answers: Answers;
  readonly replies: Readonly<Record<string, Reply>>;
}

export interface StoryQuestion<Facts> {
  /** Null: there is nothing to ask. */
  ask(context: Facts & Told): Question | null;
  /** The part of the answers file that the reply writes: nothing where it is the default. */
  answers(value: Reply, context: Facts & Told): Answers;
}

/**
 * Tells the whole story again: what is asked depends on everything said before.
 * @throws AppError `answer-invalid` for a reply the question does not take
 */
export function tellStory<Facts>(
  questions: readonly StoryQuestion<Facts>[],
  facts: Facts,
  given: Answers,
  heard: readonly Heard[],
): Told & { readonly question: Question | null } {
  let answers = given;
  const replies: Record<string, Reply> = {};
  let told = 0;
  for (const definition of questions) {
    const context = { ...facts, given, answers, replies };
    const question = definition.ask(context);
    if (question === null) continue;
    const reply = heard[told];
    if (reply === undefined) return { question, given, answers, replies };
    const problem = reply.id === question.id ? problemOf(question, reply.value) : `"${question.id}" comes first`;
    if (problem !== null) {
      const shown = question.kind === "secret" ? "what was written" : JSON.stringify(reply.value);
      throw new AppError("answer-invalid", `Cannot take ${shown} for "${reply.id}": ${problem}`, {
        hint: question.title,
      });
    }
    answers = mergeParts(answers, definition.answers(reply.value, context));
    replies[question.id] = reply.value;
    told++;
  }
  return { question: null, given, answers, replies };
}
