/**
 * The wizard as a pure state machine: (detection, what was given, what was heard) -> the next question, or none.
 * Faces (terminal, page) show questions and bring replies; they know no question by name. Going back is dropping the
 * last reply. Never looks at the machine, never prints; what the questions are is in wizard/questions.ts.
 */
import type { Answers } from "../model/answers.ts";
import type { Detection } from "../model/detection.ts";
import { AppError } from "../model/errors.ts";
import { mergeParts } from "./vm/merge.ts";
import { problemOf, type Question, type Reply } from "./wizard/question.ts";
import { questions } from "./wizard/questions.ts";

export interface Heard {
  readonly id: string;
  readonly value: Reply;
}

export interface Situation {
  readonly detection: Detection;
  /** From an answers file; what stands there is not asked. */
  readonly given: Answers;
  /** Replies in the order of their questions. */
  readonly heard: readonly Heard[];
}

/** @throws AppError when what was given contradicts itself or this machine */
export function nextQuestion(situation: Situation): Question | null {
  return walk(situation).question;
}

/** What was given and heard: only what differs from the defaults. */
export function answersOf(situation: Situation): Answers {
  return { schema: "neuron.answers/1", ...walk(situation).answers };
}

/** @throws AppError `answer-invalid` for a reply the question does not take */
export function hear(situation: Situation, id: string, value: Reply): Situation {
  const after = { ...situation, heard: [...situation.heard, { id, value }] };
  walk(after);
  return after;
}

export function back(situation: Situation): Situation {
  return { ...situation, heard: situation.heard.slice(0, -1) };
}

/** Tells the whole story again: what is asked depends on everything said before. */
function walk({ detection, given, heard }: Situation): { question: Question | null; answers: Answers } {
  let answers = given;
  const replies: Record<string, Reply> = {};
  let told = 0;
  for (const definition of questions) {
    const context = { detection, given, answers, replies };
    const question = definition.ask(context);
    if (question === null) continue;
    const reply = heard[told];
    if (reply === undefined) return { question, answers };
    const problem = reply.id === question.id ? problemOf(question, reply.value) : `"${question.id}" comes first`;
    if (problem !== null) {
      throw new AppError("answer-invalid", `Cannot take ${JSON.stringify(reply.value)} for "${reply.id}": ${problem}`, {
        hint: question.title,
      });
    }
    answers = mergeParts(answers, definition.answers(reply.value, context));
    replies[question.id] = reply.value;
    told++;
  }
  return { question: null, answers };
}
