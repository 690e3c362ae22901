/** What a subcommand is. Help, completions and the man page are made from these definitions; none is written twice. */

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** What follows `neuron-setup `, one line a form. */
  readonly usage: readonly string[];
  readonly flags: readonly Flag[];
  readonly examples: readonly { readonly line: string; readonly why: string }[];
  /** What it needs is in the sources alone: a built program does not offer it. */
  readonly fromSources?: true;
  run(invocation: Invocation): Promise<ExitCode>;
}

export interface Flag {
  /** Without dashes. */
  readonly name: string;
  /** Name of its value in the help; absent: a switch. */
  readonly value?: string;
  readonly help: string;
  /** May be given more than once. */
  readonly many?: true;
}

/** 0 done · 1 failed · 2 wrong usage · 3 done, a reboot is needed · 4 hardware cannot · 5 answer missing · 130 interrupted. */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 130;

export interface Invocation {
  /** Words that are not flags, without the subcommand's own name. */
  readonly words: readonly string[];
  readonly flags: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  readonly options: GlobalOptions;
  readonly terminal: Terminal;
}

export interface GlobalOptions {
  /** Absolute path; "/" is the running machine. */
  readonly root: string;
  /** Absolute path of the state folder; default `<root>/var/lib/neuron`. */
  readonly state: string;
  /** libvirt URI. */
  readonly connect: string;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

/** Where words go. Results to stdout, everything else to stderr. */
export interface Terminal {
  readonly columns: number;
  readonly color: boolean;
  /** Whether a person sits at stdin. */
  readonly interactive: boolean;
  /** Writes a line to stdout. */
  print(line: string): void;
  /** Writes a line to stderr. */
  note(line: string): void;
  /** Shows a line in place of the one it showed before, "" for none; absent where the cursor cannot move. */
  readonly redraw?: (line: string) => void;
}
