/** What can be completed, read from the definitions of the commands. Pure. */
import type { Command, Flag } from "../command.ts";
import { globalFlags } from "../parse.ts";

export interface Words {
  readonly commands: readonly CompletedCommand[];
  /** Understood before and after every command. */
  readonly global: readonly CompletedFlag[];
}

export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  /** Its verbs, in the order of its usage; none where it takes no fixed words. */
  readonly verbs: readonly string[];
  readonly flags: readonly CompletedFlag[];
  /** Behind flags and verbs a path may stand. */
  readonly takesFiles: boolean;
}

export interface CompletedFlag {
  readonly name: string;
  readonly help: string;
  /** What follows it; null: nothing. */
  readonly value: "file" | "folder" | "text" | null;
  readonly many: boolean;
}

export function completable(commands: readonly Command[], built: boolean): Words {
  return {
    commands: commands.filter((command) => !(built && command.fromSources === true)).map(completedCommand),
    global: globalFlags.map(completedFlag),
  };
}

function completedCommand({ name, summary, usage, flags }: Command): CompletedCommand {
  const seconds = usage.map((line) => line.split(" ")[1] ?? "");
  // `vm render …`: a verb is written as it is typed, what stands for something else is in capitals or brackets.
  const verbs = [...new Set(seconds.filter((word) => /^[a-z][a-z-]*$/.test(word)))];
  const takesFiles = usage.some((line) =>
    /(^|[ |])FILE(\.\w+)?( |$)/.test(line.replaceAll(/--[\w-]+ FILE(\.\w+)?/g, ""))
  );
  return { name, summary, verbs, flags: flags.map(completedFlag), takesFiles };
}

function completedFlag({ name, help, value, many }: Flag): CompletedFlag {
  return { name, help, value: value === undefined ? null : kindOf(value), many: many === true };
}

function kindOf(value: string): "file" | "folder" | "text" {
  if (/^(DIR|FOLDER)$/.test(value)) return "folder";
  return /^(FILE(\.\w+)?|PATH)$/.test(value) ? "file" : "text";
}

/** Every flag that takes a value of this kind, of any command: `--answers`. */
export function flagsWith({ commands, global }: Words, kind: CompletedFlag["value"]): string[] {
  const all = [...global, ...commands.flatMap(({ flags }) => flags)].filter(({ value }) => value === kind);
  return [...new Set(all.map(({ name }) => `--${name}`))];
}

/** One word of a POSIX shell. */
export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
