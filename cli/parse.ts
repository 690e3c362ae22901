/**
 * argv -> which command, with which words, flags and global options. Pure: knows the definitions, touches nothing.
 */
import { closestString } from "@std/text/closest-string";
import { parseArgs } from "@std/cli/parse-args";
import { AppError } from "../model/errors.ts";
import type { Flag } from "./command.ts";

/** Understood by every subcommand, before or after its name. */
export const globalFlags: readonly Flag[] = [
  { name: "root", value: "DIR", help: "work on the machine below DIR instead of /; nothing outside it is touched" },
  { name: "state", value: "DIR", help: "where the journal and saved files live (default <root>/var/lib/neuron)" },
  { name: "connect", value: "URI", help: "libvirt URI (default qemu:///system)" },
  { name: "json", help: "machine-readable output" },
  { name: "quiet", help: "only results and errors" },
  { name: "verbose", help: "say more; errors with their cause" },
  { name: "no-color", help: "no colours (also: the NO_COLOR variable)" },
  { name: "help", help: "this help" },
];

export interface ParsedWords {
  readonly words: readonly string[];
  readonly flags: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
}

/**
 * Splits `--root X plan --json` into the global flags before the command's name, the name, and what follows.
 * Throws AppError `usage`.
 */
export function splitCommand(
  args: readonly string[],
): { before: readonly string[]; name: string | null; after: string[] } {
  const takesValue = new Set(globalFlags.filter((flag) => flag.value !== undefined).map((flag) => `--${flag.name}`));
  let index = 0;
  while (index < args.length) {
    const arg = args[index]!;
    if (!arg.startsWith("-")) return { before: args.slice(0, index), name: arg, after: args.slice(index + 1) };
    index += takesValue.has(arg) ? 2 : 1;
  }
  return { before: args, name: null, after: [] };
}

/** Reads flags and words by their definitions. Throws AppError `usage` naming the nearest known flag. */
export function parseFlags(args: readonly string[], flags: readonly Flag[]): ParsedWords {
  const withValue = flags.filter((flag) => flag.value !== undefined);
  const parsed = parseArgs(args, {
    boolean: flags.filter((flag) => flag.value === undefined).map((flag) => flag.name),
    string: [...withValue.map((flag) => flag.name), "_"],
    collect: flags.filter((flag) => flag.many === true).map((flag) => flag.name),
    alias: { help: "h" },
    unknown(_arg, key) {
      if (key !== undefined) throw unknownFlag(key, flags);
      return true;
    },
  });
  for (const flag of withValue) refuseEmpty(flag, parsed[flag.name]);
  const values: Record<string, string | boolean | readonly string[] | undefined> = {};
  for (const flag of flags) {
    const value = parsed[flag.name];
    if (Array.isArray(value)) values[flag.name] = value.map(String);
    else if (typeof value === "string" || typeof value === "boolean") values[flag.name] = value;
  }
  return { words: parsed._.map(String), flags: values };
}

/** Throws AppError `usage` naming the nearest known word. */
export function unknownWord(kind: string, given: string, known: readonly string[]): AppError {
  return new AppError("usage", `There is no ${kind} "${given}"`, {
    hint: `Did you mean "${closestString(given, known)}"? neuron-setup --help lists them all`,
  });
}

function unknownFlag(key: string, flags: readonly Flag[]): AppError {
  const nearest = closestString(key, flags.map((flag) => flag.name));
  return new AppError("usage", `There is no flag --${key}`, {
    hint: `Did you mean --${nearest}? Add --help to see what this command takes`,
  });
}

function refuseEmpty(flag: Flag, value: unknown): void {
  const given = Array.isArray(value) ? value : [value];
  if (!given.some((one) => one === "")) return;
  throw new AppError("usage", `--${flag.name} needs a value`, { hint: `Write --${flag.name} ${flag.value}` });
}
