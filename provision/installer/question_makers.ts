/** Makers of the installer's questions: lines with a proposal, lines without, and secrets. Pure. */
import type { Answers } from "../../model/answers.ts";
import type { Question } from "../wizard/question.ts";
import type { StoryQuestion, Told } from "../wizard/story.ts";
import type { DetectedDisk } from "./disk.ts";
import type { Firmware } from "./verdict.ts";

export interface InstallFacts {
  readonly disks: readonly DetectedDisk[];
  readonly firmware: Firmware;
  knowsTimeZone(name: string): boolean;
}

export type Context = InstallFacts & Told;
export type Asks = StoryQuestion<InstallFacts>;

export function text(id: string, title: string, options: {
  given(context: Context): string | undefined;
  readonly help: string;
  readonly default: string;
  problem(value: string, context: Context): string | null;
  answers(value: string): Answers;
}): Asks {
  return {
    ask(context): Question | null {
      if (options.given(context) !== undefined) return null;
      const { help } = options;
      return {
        id,
        kind: "text",
        title,
        help,
        default: options.default,
        validate: (value) => options.problem(value, context),
      };
    },
    answers: (value) => options.answers(`${value}`),
  };
}

export function typed(
  id: string,
  title: string,
  when: (context: Context) => boolean,
  help: string,
  validate: (value: string) => string | null,
  answers: (value: string) => Answers,
): Asks {
  return {
    ask: (context) => when(context) ? { id, kind: "typed", title, help, validate } : null,
    answers: (value) => answers(`${value}`),
  };
}

/** Nobody sees what is typed, so it is typed twice. */
export function secretTwice(
  id: string,
  title: string,
  when: (context: Context) => boolean,
  leastLength: number,
  answers: Answers = {},
): [Asks, Asks] {
  const problem = (value: string) =>
    value.length < leastLength
      ? `It has at least ${leastLength === 1 ? "1 character" : `${leastLength} characters`}`
      : value.length > 127 || /\p{Cc}/u.test(value)
      ? "It is one line of up to 127 characters"
      : null;
  return [
    {
      ask: (context) =>
        when(context) ? { id, kind: "secret", title: `${title}?`, help: "It is not shown.", validate: problem } : null,
      answers: () => answers,
    },
    {
      ask: (context) =>
        when(context)
          ? {
            id: `${id}-again`,
            kind: "secret",
            title: `${title}, again?`,
            help: "Esc or b goes back to the first one.",
            validate: (value) => value === context.replies[id] ? null : "It is not the same as before",
          }
          : null,
      answers: () => ({}),
    },
  ];
}
