/**
 * From argv to an exit code: finds the command, gives it its words, and turns whatever it throws into one line of
 * what and one line of hint. Never exits the process itself.
 */
import { resolve } from "node:path";
import { AppError, type ErrorCode, errorMessage } from "../model/errors.ts";
import { builtAs } from "../provision/host/program.ts";
import type { ExitCode, GlobalOptions, Terminal } from "./command.ts";
import { commands } from "./commands.ts";
import { renderCommandHelp, renderOverview } from "./help.ts";
import { globalFlags, parseFlags, splitCommand, unknownWord } from "./parse.ts";

export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  try {
    return await dispatch(args, terminal);
  } catch (error) {
    return renderFailure(error, args.includes("--verbose"), terminal);
  }
}

async function dispatch(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const { before, name, after } = splitCommand(args);
  const early = parseFlags(before, globalFlags);
  if (name === null || name === "help") {
    const topic = name === "help" ? after[0] : undefined;
    if (topic !== undefined) return await dispatch([topic, "--help"], terminal);
    if (name === null && early.flags.help !== true && terminal.interactive) {
      return await dispatch([...before, "setup"], terminal);
    }
    const all = await Promise.all(Object.values(commands).map((load) => load()));
    const offered = all.filter((command) => command.fromSources !== true || builtAs() === "sources");
    terminal.print(renderOverview(offered, terminal.columns));
    return early.flags.help === true || name === "help" ? 0 : 2;
  }
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (load === undefined) throw unknownWord("command", name, Object.keys(commands));
  const command = await load();
  const late = parseFlags(after, [...command.flags, ...globalFlags]);
  const flags = { ...late.flags, ...withoutFalse(early.flags) };
  if (flags.help === true) {
    terminal.print(renderCommandHelp(command, terminal.columns));
    return 0;
  }
  return await command.run({ words: late.words, flags, options: globalOptions(flags), terminal });
}

function withoutFalse<T extends Record<string, unknown>>(flags: T): Partial<T> {
  return Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== false)) as Partial<T>;
}

function globalOptions(flags: Readonly<Record<string, unknown>>): GlobalOptions {
  const root = resolve(typeof flags.root === "string" ? flags.root : "/");
  return {
    root,
    state: resolve(typeof flags.state === "string" ? flags.state : `${root}/var/lib/neuron`),
    connect: typeof flags.connect === "string" ? flags.connect : "qemu:///system",
    json: flags.json === true,
    quiet: flags.quiet === true,
    verbose: flags.verbose === true,
  };
}

const exitCodes: Partial<Record<ErrorCode, ExitCode>> = {
  "usage": 2,
  "hardware-unsuitable": 4,
  "answer-missing": 5,
  "interrupted": 130,
};

function renderFailure(error: unknown, verbose: boolean, terminal: Terminal): ExitCode {
  terminal.note(`error: ${errorMessage(error)}`);
  terminal.note(`hint: ${hintOf(error).trim().replace(/\s*\n\s*/g, " · ")}`);
  if (verbose) { for (const line of causes(error)) terminal.note(line); }
  return error instanceof AppError ? exitCodes[error.code] ?? 1 : 1;
}

/** Always one: scripts and people count on the second line. */
function hintOf(error: unknown): string {
  if (!(error instanceof AppError) || error.code === "internal") {
    return "This is a mistake in neuron-setup. Run it again with --verbose and report what it prints";
  }
  return error.hint ?? "Run it again with --verbose: it shows the cause";
}

function causes(error: unknown): string[] {
  const lines: string[] = [];
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
    lines.push(...(at.stack ?? errorMessage(at)).split("\n"));
  }
  return lines;
}
