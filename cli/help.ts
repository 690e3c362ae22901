/** Help texts, made from the command definitions, in lines of at most `columns`. Pure. */
import { wrap } from "../provision/detect_report/text.ts";
import type { Command, Flag } from "./command.ts";
import { globalFlags } from "./parse.ts";

export function renderOverview(commands: readonly Command[], columns: number): string {
  return [
    ...wrap(
      "neuron-setup turns a Linux machine into an appliance that runs Windows with its own graphics card.",
      columns,
    ),
    "",
    "Usage: neuron-setup COMMAND [FLAGS]",
    "",
    ...renderTable(commands.map(({ name, summary }) => [name, summary]), columns),
    "",
    "Flags of every command:",
    ...renderFlags(globalFlags, columns),
    "",
    ...hang(
      "Exit codes: ",
      "0 done, 1 failed, 2 wrong usage, 3 done and a reboot is needed, 4 this hardware cannot do it, " +
        "5 an answer or a confirmation is missing, 130 interrupted",
      columns,
    ),
    "neuron-setup COMMAND --help shows examples.",
  ].join("\n");
}

export function renderCommandHelp(command: Command, columns: number): string {
  return [
    ...wrap(command.summary, columns),
    "",
    ...command.usage.flatMap((line, index) =>
      hang(index === 0 ? "Usage: " : "       ", `neuron-setup ${line}`, columns)
    ),
    ...(command.flags.length === 0 ? [] : ["", "Flags:", ...renderFlags(command.flags, columns)]),
    "",
    "Flags of every command:",
    ...renderFlags(globalFlags, columns),
    ...(command.examples.length === 0 ? [] : ["", "Examples:"]),
    // A line to be copied is never broken.
    ...command.examples.flatMap((example) => [`  ${example.line}`, ...hang("      ", example.why, columns)]),
  ].join("\n");
}

function renderFlags(flags: readonly Flag[], columns: number): string[] {
  return renderTable(
    flags.map((flag) => [`--${flag.name}${flag.value === undefined ? "" : ` ${flag.value}`}`, flag.help]),
    columns,
  );
}

function renderTable(rows: readonly (readonly [string, string])[], columns: number): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.flatMap(([left, right]) => hang(`  ${left.padEnd(width)}  `, right, columns));
}

/** The first line behind `head`, the others below it. */
function hang(head: string, text: string, columns: number): string[] {
  return wrap(text, Math.max(20, columns - head.length))
    .map((line, index) => `${index === 0 ? head : " ".repeat(head.length)}${line}`);
}
