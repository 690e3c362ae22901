/** What a verb of `neuron-setup vm`, `media` or `profile` is. Its flags are checked by name: none is taken in silence. */
import { AppError } from "../../model/errors.ts";
import type { ExitCode, Invocation } from "../command.ts";
import { globalFlags, unknownWord } from "../parse.ts";

export interface Verb {
  /** One line for each form, after the command. */
  readonly usage: readonly string[];
  /** Names of the command's flags that it understands. */
  readonly flags: readonly string[];
  readonly load: () => Promise<RunVerb>;
}

/** The words are those behind the verb. */
export type RunVerb = (invocation: Invocation) => Promise<ExitCode>;

/** @throws AppError `usage` without a verb, for one that does not exist, and for a flag that only another verb takes */
export async function runVerb(
  command: string,
  verbs: Readonly<Record<string, Verb>>,
  invocation: Invocation,
): Promise<ExitCode> {
  const [word, ...words] = invocation.words;
  if (word === undefined) {
    throw new AppError("usage", `${command} needs a verb`, { hint: `One of: ${Object.keys(verbs).join(", ")}` });
  }
  const verb = Object.hasOwn(verbs, word) ? verbs[word] : undefined;
  if (verb === undefined) throw unknownWord(`${command} verb`, word, Object.keys(verbs));
  refuseOtherFlags(command, word, verb, invocation);
  return await (await verb.load())({ ...invocation, words });
}

function refuseOtherFlags(command: string, name: string, verb: Verb, invocation: Invocation): void {
  const known = new Set([...verb.flags, ...globalFlags.map((flag) => flag.name)]);
  const given = Object.entries(invocation.flags).filter(([, value]) => value !== undefined && value !== false);
  const foreign = given.find(([flag, value]) => !known.has(flag) && !(Array.isArray(value) && value.length === 0));
  if (foreign === undefined) return;
  const own = verb.flags.map((flag) => `--${flag}`).join(", ");
  throw new AppError("usage", `${command} ${name} does not take --${foreign[0]}`, {
    hint: own === "" ? `${command} ${name} takes none but the global flags` : `${command} ${name} takes: ${own}`,
  });
}
