/** What a verb of `neuron-setup vm` is. Its flags are checked by name, so that none is taken in silence. */
import type { ExitCode, Invocation } from "../command.ts";

export interface Verb {
  /** One line for each form, after `vm `. */
  readonly usage: readonly string[];
  /** Names of the flags of vmCommand that it understands. */
  readonly flags: readonly string[];
  readonly load: () => Promise<RunVerb>;
}

/** The words are those behind the verb. */
export type RunVerb = (invocation: Invocation) => Promise<ExitCode>;
