/** What a verb of `neuron-setup vm` or `media` is. Its flags are checked by name, so that none is taken in silence. */
import { AppError } from "../../model/errors.ts";
import type { ExitCode, Invocation } from "../command.ts";
import { globalFlags } from "../parse.ts";

export interface Verb {
  /** One line for each form, after the command. */
  readonly usage: readonly string[];
  /** Names of the command's flags that it understands. */
  readonly flags: readonly string[];
  readonly load: () => Promise<RunVerb>;
}

/** The words are those behind the verb. */
export type RunVerb = (invocation: Invocation) => Promise<ExitCode>;

/** Throws `usage` for a flag that another verb understands, but not this one. */
export function refuseOtherFlags(command: string, name: string, verb: Verb, invocation: Invocation): void {
  const known = new Set([...verb.flags, ...globalFlags.map((flag) => flag.name)]);
  const given = Object.entries(invocation.flags).filter(([, value]) => value !== undefined && value !== false);
  const foreign = given.find(([flag, value]) => !known.has(flag) && !(Array.isArray(value) && value.length === 0));
  if (foreign === undefined) return;
  const own = verb.flags.map((flag) => `--${flag}`).join(", ");
  throw new AppError("usage", `${command} ${name} does not take --${foreign[0]}`, {
    hint: own === "" ? `${command} ${name} takes none but the global flags` : `${command} ${name} takes: ${own}`,
  });
}
