/** `neuron-setup apply`: shows the plan, asks, and makes it so. */
import { AppError, errorMessage } from "../model/errors.ts";
import { type ApplyEvent, refuse } from "../provision/engine.ts";
import { renderPlanText } from "../provision/plan_text.ts";
import type { Command, ExitCode, Invocation } from "./command.ts";
import { answersFlag, confirmed, interruptible, openMachine, refuseWords, yesFlag } from "./machine.ts";
import { openPhase, phaseFlag } from "./phase.ts";
import { printPlan } from "./plan.ts";
import { Progress } from "./progress.ts";

export const applyCommand: Command = {
  name: "apply",
  summary: "change this machine as planned; rollback takes back what is changed on it",
  usage: ["apply [--answers FILE] [--yes] [--json]"],
  flags: [answersFlag, phaseFlag, yesFlag],
  examples: [
    { line: "neuron-setup apply --answers answers.json", why: "shows the plan and asks before it changes anything" },
    { line: "neuron-setup apply --answers answers.json --yes --json", why: "for scripts: one JSON object a line" },
    { line: "neuron-setup apply --root /mnt/image --yes", why: "a copy: commands are recorded, not run" },
  ],
  async run(invocation): Promise<ExitCode> {
    refuseWords("apply", invocation);
    const { options, terminal } = invocation;
    try {
      const host = openMachine(invocation);
      const work = await openPhase(host, invocation);
      const shown = await work.plan();
      refuse(shown.blockers);
      const { digest } = shown.plan;
      if (shown.work.length > 0 && invocation.flags.yes !== true) {
        if (!options.json) printPlan(renderPlanText(shown.plan), terminal);
        if (!confirmed("Change this machine as shown?", invocation)) {
          terminal.note("Nothing was changed.");
          return 0;
        }
      }
      const applied = await showing(
        invocation,
        shown.work.length,
        (tell) => interruptible((signal) => work.apply({ digest, signal, tell })),
      );
      return applied.rebootNeeded ? 3 : 0;
    } catch (error) {
      const hint = error instanceof AppError && error.hint !== undefined ? { hint: error.hint } : {};
      if (options.json) teller(invocation)({ type: "failed", message: errorMessage(error), ...hint });
      throw error;
    }
  },
};

/** JSON lines for scripts; for people one line a change, and at the end what there is to do. */
export function teller({ options, terminal }: Invocation): (event: ApplyEvent) => void {
  if (options.json) return (event) => terminal.print(JSON.stringify(event));
  return (event) => {
    const line = renderEvent(event);
    if (line !== null && !options.quiet) terminal.print(line);
  };
}

/** The same with progress while a command runs; gone when the work ends, however it ends. */
export async function showing<T>(
  invocation: Invocation,
  changes: number,
  work: (tell: (event: ApplyEvent) => void) => Promise<T>,
): Promise<T> {
  const tell = teller(invocation);
  if (invocation.options.json || invocation.options.quiet) return await work(tell);
  using progress = new Progress(invocation.terminal, changes);
  return await work((event) => {
    progress.follow(event);
    tell(event);
  });
}

function renderEvent(event: ApplyEvent): string | null {
  switch (event.type) {
    case "step-started":
      return `${event.step}: ${event.changes === 1 ? "1 change" : `${event.changes} changes`}`;
    case "change-applied":
      return `  ${event.action} ${event.target}`;
    case "planned-again":
      return `Looked again after ${event.step}: ${event.changes === 1 ? "1 change" : `${event.changes} changes`} to go`;
    case "note":
      return `  ${event.text}`;
    case "rolled-back":
      // Of the workload everything stays: what was downloaded is not downloaded twice.
      if (event.targets.length === 0 && event.kept.length === 0) return null;
      return [`Taken back: ${event.targets.length === 0 ? "nothing" : event.targets.join(", ")}`]
        .concat(event.kept.map(({ target, reason }) => `Left as it is: ${target}: ${reason}`)).join("\n");
    case "reboot-needed":
      return "A reboot is needed; after it, neuron-setup status says how it went.";
    case "done":
      return event.changes === 0 ? "Nothing to change." : "Done.";
    case "progress":
    case "step-verified":
    case "failed":
      return null;
  }
}
