/** What plan, apply, status, verify and rollback share: the machine they were pointed at, and what is wanted of it. */
import { type Answers, parseAnswers } from "../model/answers.ts";
import { AppError, errorMessage } from "../model/errors.ts";
import type { HostSpec } from "../model/host_spec.ts";
import { status } from "../provision/engine.ts";
import { detect } from "../provision/hardware/detect.ts";
import type { Host } from "../provision/host/host.ts";
import { openHost } from "../provision/host/open.ts";
import { readProfiles } from "../provision/profile_store.ts";
import { resolve } from "../provision/resolve.ts";
import type { Flag, Invocation } from "./command.ts";

export const answersFlag: Flag = {
  name: "answers",
  value: "FILE",
  help: "the answers file (JSON or JSONC); without it those of the last apply, else the defaults",
};
export const yesFlag: Flag = { name: "yes", help: "do not ask; needed where nobody can be asked" };

export interface Wish {
  readonly answers: Answers;
  readonly spec: HostSpec;
}

export function openMachine({ options }: Invocation): Host {
  return openHost({ root: options.root, state: options.state });
}

export function refuseWords(command: string, { words }: Invocation): void {
  if (words.length === 0) return;
  throw new AppError("usage", `${command} takes no words, but "${words[0]}" was given`, {
    hint: `neuron-setup ${command} --help shows what it takes`,
  });
}

/** What the host shall be: from the file that was named, else from the host's last apply, else nothing but defaults. */
export function readWish(host: Host, invocation: Invocation): Wish {
  const answers = readAnswersOrLast(host, invocation, "host");
  return { answers, spec: resolve(answers, detect(host), readProfiles(host)).hostSpec };
}

/** @param of whose last apply counts where no file is named: the host's, or the last of all */
export function readAnswersOrLast(host: Host, { flags }: Invocation, of: "host" | "any" = "any"): Answers {
  if (typeof flags.answers === "string") return readAnswers(flags.answers);
  const { last, lastHost } = status(host);
  const origin = (of === "host" ? lastHost : last)?.origin ?? { schema: "neuron.answers/1" };
  return parseAnswers(JSON.stringify(origin), "the answers of the last apply");
}

/** Throws AppError `not-found`, and `answer-invalid` as parseAnswers does. */
export function readAnswers(path: string): Answers {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    throw new AppError("not-found", `Cannot read the answers file ${path}: ${errorMessage(error)}`, {
      hint: 'The smallest one is {"schema": "neuron.answers/1"}',
      cause: error,
    });
  }
  return parseAnswers(text, path);
}

/** Asks on the terminal. Throws AppError `answer-missing` where nobody can be asked. */
export function confirmed(question: string, { flags, terminal, options }: Invocation): boolean {
  if (flags.yes === true) return true;
  if (!terminal.interactive || options.json) {
    throw new AppError("answer-missing", `Nobody can be asked: ${question}`, { hint: "Add --yes if you agree" });
  }
  return confirm(question);
}

/** Runs `work` with a signal that the first Ctrl-C, or a TERM, raises: the change in flight is finished or unwound. */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const abort = () => controller.abort();
  Deno.addSignalListener("SIGINT", abort);
  Deno.addSignalListener("SIGTERM", abort);
  try {
    return await work(controller.signal);
  } finally {
    Deno.removeSignalListener("SIGINT", abort);
    Deno.removeSignalListener("SIGTERM", abort);
  }
}
