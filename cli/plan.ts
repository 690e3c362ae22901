/** `neuron-setup plan`: what apply would change, as a diff. Only reads. */
import { renderPlanText } from "../provision/plan_text.ts";
import type { Command, ExitCode, Terminal } from "./command.ts";
import { answersFlag, openMachine, refuseWords } from "./machine.ts";
import { openPhase, phaseFlag } from "./phase.ts";

export const planCommand: Command = {
  name: "plan",
  summary: "what would be changed on this machine, as a diff; changes nothing",
  usage: ["plan [--answers FILE] [--json]"],
  flags: [answersFlag, phaseFlag],
  examples: [
    { line: "neuron-setup plan", why: "with the defaults for this machine" },
    { line: "neuron-setup plan --answers answers.json --json | jq .digest", why: "for scripts" },
    { line: "neuron-setup plan --root /mnt/image", why: "for a machine whose disk is mounted there" },
  ],
  async run(invocation): Promise<ExitCode> {
    refuseWords("plan", invocation);
    const host = openMachine(invocation);
    const planned = await (await openPhase(host, invocation)).plan();
    if (invocation.options.json) invocation.terminal.print(JSON.stringify(planned.plan, null, 2));
    else printPlan(renderPlanText(planned.plan), invocation.terminal);
    return 0;
  },
};

/** Headings stand out; green and red as in any diff. */
export function printPlan(text: string, terminal: Terminal): void {
  for (const line of text.split("\n")) terminal.print(terminal.color ? colored(line) : line);
}

function colored(line: string): string {
  const sign = /^ {2}([+-])(?!\1\1 )/.exec(line)?.[1];
  if (sign === "+") return `\x1b[32m${line}\x1b[0m`;
  if (sign === "-") return `\x1b[31m${line}\x1b[0m`;
  return /^\S/.test(line) ? `\x1b[1m${line}\x1b[0m` : line;
}
