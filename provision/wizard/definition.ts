/** How a question of the wizard is defined, and what its rules may look at. Pure. */
import type { Answers } from "../../model/answers.ts";
import type { Detection } from "../../model/detection.ts";
import type { VmSpec } from "../../model/vm_spec.ts";
import { resolve } from "../resolve.ts";
import type { Question, Reply } from "./question.ts";

export interface Context {
  readonly detection: Detection;
  readonly given: Answers;
  /** Given and heard so far. */
  readonly answers: Answers;
  readonly replies: Readonly<Record<string, Reply>>;
}

export interface Definition {
  /** Null: there is nothing to ask. */
  ask(context: Context): Question | null;
  /** The part of the answers file that the reply writes: nothing where it is the default. */
  answers(value: Reply, context: Context): Answers;
}

export const isAdjusted = ({ replies }: Context) => replies.tuning === "adjust" || replies.tuning === "advanced";
export const isAdvanced = ({ replies }: Context) => replies.tuning === "advanced";

/** The VM as resolve() would make it by what is known so far. */
export function vmSpecOf(answers: Answers, { detection }: Context): VmSpec {
  return resolve(answers, detection).vmSpec;
}
