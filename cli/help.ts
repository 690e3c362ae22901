/** Help texts, made from the command definitions. Pure. */
import type { Command, Flag } from "./command.ts";
import { globalFlags } from "./parse.ts";

export function renderOverview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map((command) => command.name.length));
  return [
    "neuron-setup turns a Linux machine into an appliance that runs Windows with its own graphics card.",
    "",
    "Usage: neuron-setup COMMAND [FLAGS]",
    "",
    ...commands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`),
    "",
    "Flags of every command:",
    ...renderFlags(globalFlags),
    "",
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done and a reboot is needed, 4 this hardware cannot do it,",
    "            5 an answer or a confirmation is missing, 130 interrupted",
    "neuron-setup COMMAND --help shows examples.",
  ].join("\n");
}

export function renderCommandHelp(command: Command): string {
  return [
    command.summary,
    "",
    ...command.usage.map((line, index) => `${index === 0 ? "Usage:" : "      "} neuron-setup ${line}`),
    ...(command.flags.length === 0 ? [] : ["", "Flags:", ...renderFlags(command.flags)]),
    "",
    "Flags of every command:",
    ...renderFlags(globalFlags),
    ...(command.examples.length === 0 ? [] : ["", "Examples:"]),
    ...command.examples.flatMap((example) => [`  ${example.line}`, `      ${example.why}`]),
  ].join("\n");
}

function renderFlags(flags: readonly Flag[]): string[] {
  const left = flags.map((flag) => `--${flag.name}${flag.value === undefined ? "" : ` ${flag.value}`}`);
  const width = Math.max(...left.map((text) => text.length));
  return flags.map((flag, index) => `  ${left[index]!.padEnd(width)}  ${flag.help}`);
}
