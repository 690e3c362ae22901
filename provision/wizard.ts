/**
 * The wizard as a pure state machine: (detection, what was given, what was heard) -> the next question, or none.
 * Faces (terminal, page) show questions and bring replies; they know no question by name. Going back is dropping the
 * last reply. Never looks at the machine, never prints; what the questions are is in wizard/questions.ts.
 */
import type { Answers } from "../model/answers.ts";
import type { Detection } from "../model/detection.ts";
import type { Question, Reply } from "./wizard/question.ts";
import { type Profile, shippedProfiles } from "./profiles.ts";
import { questions } from "./wizard/questions.ts";
import { type Heard, tellStory } from "./wizard/story.ts";

export type { Heard } from "./wizard/story.ts";

export interface Situation {
  readonly detection: Detection;
  /** From an answers file; what stands there is not asked. */
  readonly given: Answers;
  /** Replies in the order of their questions. */
  readonly heard: readonly Heard[];
  /** Those that may be chosen; absent: the shipped ones. */
  readonly profiles?: readonly Profile[];
  /** Who administers this machine; null or absent: nobody is known. */
  readonly person?: string | null;
  /** Where the password is kept that was heard: answers name files, and hold no secrets. */
  readonly passwordFile?: string;
}

const defaultPasswordFile = "/var/lib/neuron/windows-password";

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

/** The password that was heard, for whoever keeps it where the answers say; null where none was asked. */
export function passwordOf({ heard }: Situation): string | null {
  const reply = heard.find(({ id }) => id === "password")?.value;
  return typeof reply === "string" ? reply : null;
}

export function back(situation: Situation): Situation {
  return { ...situation, heard: situation.heard.slice(0, -1) };
}

function walk(
  { detection, given, heard, profiles = shippedProfiles, person = null, passwordFile = defaultPasswordFile }: Situation,
): { question: Question | null; answers: Answers } {
  return tellStory(questions, { detection, profiles, person, passwordFile }, given, heard);
}
