/** How a question of the wizard is defined, and what its rules may look at. Pure. */
import type { Answers } from "../../model/answers.ts";
import type { Detection } from "../../model/detection.ts";
import type { VmSpec } from "../../model/vm_spec.ts";
import type { Profile } from "../profiles.ts";
import { resolve } from "../resolve.ts";
import type { StoryQuestion, Told } from "./story.ts";

/** The facts of the wizard's questions. */
export interface Facts {
  readonly detection: Detection;
  /** Those that may be chosen. */
  readonly profiles: readonly Profile[];
  /** Who administers this machine: the account a new Windows is likely to want; null where nobody is known. */
  readonly person: string | null;
  /** Where whoever asks keeps the password: the answers only name it. */
  readonly passwordFile: string;
}

export type Context = Facts & Told;
export type Definition = StoryQuestion<Facts>;

export const isAdjusted = ({ replies }: Context) => replies.tuning === "adjust" || replies.tuning === "advanced";
export const isAdvanced = ({ replies }: Context) => replies.tuning === "advanced";

/** The VM as resolve() would make it by what is known so far. */
export function vmSpecOf(answers: Answers, { detection, profiles }: Context): VmSpec {
  return resolve(answers, detection, profiles).vmSpec;
}
