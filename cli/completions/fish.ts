/** Completion for fish: lines of `complete`. Source: complete(1) of fish. Pure. */
import type { CompletedCommand, CompletedFlag, Words } from "./words.ts";

export function renderFish({ commands, global }: Words): string {
  const names = [...commands.map(({ name }) => name), "help"];
  return [
    "# fish completion for neuron-setup; made by: neuron-setup completions fish",
    `set -g __neuron_setup_commands ${names.join(" ")}`,
    "complete -c neuron-setup -f",
    ...global.map((flag) => flagLine(flag, null)),
    ...commands.map(({ name, summary }) =>
      line(`not __fish_seen_subcommand_from $__neuron_setup_commands`, `-a ${name}`, summary)
    ),
    line("not __fish_seen_subcommand_from $__neuron_setup_commands", "-a help", "what a command is for, with examples"),
    line("__fish_seen_subcommand_from help", `-a ${quoted(commands.map(({ name }) => name).join(" "))}`, "command"),
    ...commands.flatMap(commandLines),
    "",
  ].join("\n");
}

function commandLines({ name, verbs, flags, takesFiles }: CompletedCommand): string[] {
  const seen = `__fish_seen_subcommand_from ${name}`;
  const afterVerb = `__fish_seen_subcommand_from ${verbs.join(" ")}`;
  const noVerb = `${seen}; and not ${afterVerb}`;
  return [
    ...(verbs.length === 0 ? [] : [line(noVerb, `-a ${quoted(verbs.join(" "))}`, `${name}: verb`)]),
    ...flags.map((flag) => flagLine(flag, seen)),
    ...(takesFiles
      ? [`complete -c neuron-setup -n ${quoted(verbs.length === 0 ? seen : `${seen}; and ${afterVerb}`)} -F`]
      : []),
  ];
}

function flagLine({ name, help, value }: CompletedFlag, condition: string | null): string {
  const takes = {
    file: " -r -F",
    folder: ` -x -a "(__fish_complete_directories (commandline -ct))"`,
    text: " -x",
  };
  const when = condition === null ? "" : ` -n ${quoted(condition)}`;
  return `complete -c neuron-setup${when} -l ${name}${value === null ? "" : takes[value]} -d ${quoted(help)}`;
}

const line = (condition: string, what: string, help: string) =>
  `complete -c neuron-setup -n ${quoted(condition)} ${what} -d ${quoted(help)}`;

/** In fish's single quotes only these two mean something. */
const quoted = (text: string): string => `'${text.replaceAll(/[\\']/g, "\\$&")}'`;
