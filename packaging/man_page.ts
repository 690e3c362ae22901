/** neuron-setup(8), made from the definitions of the commands. Source: man(7), groff_char(7). Pure. */
import type { Command, Flag } from "../cli/command.ts";
import { globalFlags } from "../cli/parse.ts";

const exitCodes: readonly (readonly [string, string])[] = [
  ["0", "done"],
  ["1", "failed: one line says what, one line begins with hint:"],
  ["2", "wrong usage"],
  ["3", "done, a reboot is needed"],
  ["4", "this hardware cannot do it"],
  ["5", "an answer or a confirmation is missing"],
  ["130", "interrupted"],
];

const files: readonly (readonly [string, string])[] = [
  ["/var/lib/neuron", "what was changed and how it is taken back; saved originals; the page's database"],
  ["/var/lib/neuron/runtime", "what the program unpacked from itself; made anew where it is missing"],
  ["/etc/neuron", "what apply has written for units and hooks, and templates of your own"],
];

/** @param date of the sources, as man pages write it: 2026-11-29 */
export function renderManPage(commands: readonly Command[], version: string, date: string): string {
  const built = commands.filter(({ fromSources }) => fromSources !== true);
  return [
    `.TH NEURON\\-SETUP 8 "${date}" "neuron\\-setup ${version}" "System administration"`,
    section("name"),
    "neuron\\-setup \\- turn a Linux machine into an appliance that runs Windows with its own graphics card",
    section("synopsis"),
    ".B neuron\\-setup",
    "[\\fICOMMAND\\fR [\\fIFLAGS\\fR]]",
    section("description"),
    "It looks at the hardware, says what is possible and why, shows what it would change, changes it, and takes it back",
    "when asked. Without a command, on a terminal, it is the wizard (the same as",
    "\\fBneuron\\-setup setup\\fR).",
    section("commands"),
    ...built.flatMap(renderCommand),
    section("flags of every command"),
    ...globalFlags.flatMap(renderFlag),
    section("exit status"),
    ...exitCodes.flatMap(([code, means]) => [".TP", bold(code), text(means)]),
    section("files"),
    ...files.flatMap(([path, what]) => [".TP", bold(path), text(what)]),
    section("environment"),
    ".TP",
    bold("NO_COLOR"),
    "no colours",
    ".TP",
    bold("NEURON_RUNTIME_FOLDER"),
    text("an absolute path: where the program unpacks itself to, instead of the folders named above"),
    section("see also"),
    ".BR virsh (1),",
    ".BR systemd (1)",
    "",
  ].join("\n");
}

const section = (title: string) => `.SH ${title.toUpperCase()}`;
const bold = (words: string) => `.B ${escaped(words)}`;

function renderCommand({ summary, usage, flags, examples }: Command): string[] {
  return [
    ...usage.flatMap((line, index) => [index === 0 ? ".TP" : ".TQ", bold(`neuron-setup ${line}`)]),
    text(`${summary[0]!.toUpperCase()}${summary.slice(1)}.`),
    ...(flags.length === 0 ? [] : [".RS", ...flags.flatMap(renderFlag), ".RE"]),
    ...(examples.length === 0 ? [] : [
      ".RS",
      ...examples.flatMap(({ line, why }) => [".PP", ".EX", text(line), ".EE", text(why)]),
      ".RE",
    ]),
  ];
}

function renderFlag({ name, value, help }: Flag): string[] {
  return [
    ".TP",
    `\\fB${escaped(`--${name}`)}\\fR${value === undefined ? "" : ` \\fI${escaped(value)}\\fR`}`,
    text(help),
  ];
}

/** A line of words: one that begins like a request must not be one. */
const text = (words: string): string => `${/^[.']/.test(words) ? "\\&" : ""}${escaped(words)}`;

const special: Readonly<Record<string, string>> = {
  "\\": "\\e",
  "-": "\\-",
  "…": "\\&...",
  "~": "\\(ti",
  "^": "\\(ha",
};

function escaped(words: string): string {
  return words.replaceAll(/[\\…~^-]/g, (char) => special[char]!);
}
