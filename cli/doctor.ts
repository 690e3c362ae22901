/** `neuron-setup doctor`: every known trouble of this machine, each with its cure. Only reads; exit 0 when it could look. */
import { wrap } from "../provision/detect_report/text.ts";
import { printable, SEVERITY_WORDS } from "../provision/detect_report/words.ts";
import { diagnose, type Diagnosis, knownTroubles } from "../provision/doctor.ts";
import type { Command, ExitCode, Invocation, Terminal } from "./command.ts";
import { answersFlag, openMachine, readWish, refuseWords } from "./machine.ts";

const MOST_COLUMNS = 100;
/** A line of a log is shown up to here. */
const MOST_SEEN = 240;

export const doctorCommand: Command = {
  name: "doctor",
  summary: "every known trouble of this machine, each with its cure; changes nothing",
  usage: ["doctor [--all] [--json]"],
  flags: [answersFlag, {
    name: "all",
    help: "list every trouble it knows, with its source, also those not found here",
  }],
  examples: [
    { line: "sudo neuron-setup doctor", why: "a VM does not start, or something is slow: what is known about it?" },
    { line: "neuron-setup doctor --all | less", why: "to look up a message, or what somebody else has" },
    { line: "neuron-setup doctor --json | jq '.findings[].title'", why: "for scripts" },
  ],
  async run(invocation): Promise<ExitCode> {
    refuseWords("doctor", invocation);
    const { flags, options, terminal } = invocation;
    const host = openMachine(invocation);
    const diagnosis = await diagnose(host, () => readWish(host, invocation).spec);
    const all = flags.all === true;
    if (options.json) {
      const document = all ? { ...diagnosis, known: knownTroubles } : diagnosis;
      terminal.print(JSON.stringify(document, null, 2));
      return 0;
    }
    renderDiagnosis(diagnosis, invocation);
    if (all) renderTable(terminal);
    return 0;
  },
};

function renderDiagnosis({ findings, checked }: Diagnosis, { terminal, options }: Invocation): void {
  const say = sayer(terminal);
  for (const { severity, title, hint, target, seen, source } of findings) {
    say(
      "",
      `${SEVERITY_WORDS[severity]}: ${title}${target === undefined || title.includes(target) ? "" : ` (${target})`}`,
    );
    if (hint !== undefined) say("  -> ", hint);
    if (seen !== undefined) say("  it says: ", seen.length > MOST_SEEN ? `${seen.slice(0, MOST_SEEN)}…` : seen);
    if (options.verbose && source !== undefined) say("  known from: ", source);
    terminal.print("");
  }
  const notLooked = checked.filter(({ result }) => result === "not-looked");
  if (options.verbose) { for (const { result, what } of checked) if (result === "fine") say("  fine: ", what); }
  for (const [why, what] of grouped(notLooked)) say("", `Not looked at (${why}): ${what.join("; ")}.`);
  const looked = checked.length - notLooked.length;
  const troubles = findings.length === 0
    ? "no known trouble"
    : findings.length === 1
    ? "1 finding"
    : `${findings.length} findings`;
  say("", `${looked} things looked at, ${troubles}. neuron-setup doctor --all lists every trouble it knows.`);
}

/** What could not be looked at, by the reason. */
function grouped(checked: Diagnosis["checked"]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { what, why = "" } of checked) groups.set(why, [...new Set([...groups.get(why) ?? [], what])]);
  return groups;
}

function renderTable(terminal: Terminal): void {
  const say = sayer(terminal);
  say("", `All ${knownTroubles.length} known troubles, found here or not`);
  for (const { code, title, hint, source, where, example } of knownTroubles) {
    terminal.print("");
    say("", `${code} (${where})`);
    say("  ", title);
    if (example !== undefined) say("  it says: ", example);
    say("  -> ", hint);
    say("  known from: ", source);
  }
}

/** Prints wrapped lines, those after the first below the first one's text; what a log holds cannot reach the terminal. */
function sayer(terminal: Terminal): (head: string, text: string) => void {
  return (head, text) => {
    const width = Math.max(30, Math.min(terminal.columns, MOST_COLUMNS) - head.length);
    for (const [index, line] of wrap(printable(text), width).entries()) {
      terminal.print(`${index === 0 ? head : " ".repeat(head.length)}${line}`);
    }
  };
}
