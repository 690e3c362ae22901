/** `neuron-setup status`: what Neuron changed here and what is still to do. Only reads; exit 0 whenever it could look. */
import { errorMessage } from "../model/errors.ts";
import { status } from "../provision/engine.ts";
import { readTrialReport } from "../provision/proof.ts";
import type { Host } from "../provision/host/host.ts";
import type { Command, ExitCode, Invocation } from "./command.ts";
import { renderProof } from "./prove.ts";
import { answersFlag, openMachine, refuseWords } from "./machine.ts";
import { openPhase, phaseFlag } from "./phase.ts";

export const statusCommand: Command = {
  name: "status",
  summary: "what was changed on this machine, what is still to do, whether a reboot is needed",
  usage: ["status [--answers FILE] [--json]"],
  flags: [answersFlag, phaseFlag],
  examples: [
    { line: "neuron-setup status", why: "after an interruption: what stands and what is left" },
    { line: "neuron-setup status --json | jq .rebootNeeded", why: "for scripts" },
  ],
  async run(invocation): Promise<ExitCode> {
    refuseWords("status", invocation);
    const host = openMachine(invocation);
    const { standing, rebootNeeded, interrupted, last } = status(host);
    const pending = await pendingOf(host, invocation);
    const { trial, proof } = readTrialReport(host);
    const { options, terminal } = invocation;
    if (options.json) {
      const lastApply = last === null ? null : { at: new Date(last.atMs).toISOString(), phase: last.phase };
      const document = {
        schema: "neuron.status/1",
        applied: standing,
        ...pending,
        rebootNeeded,
        interrupted,
        lastApply,
        trial,
        proof,
      };
      terminal.print(JSON.stringify(document, null, 2));
      return 0;
    }
    if (standing.length === 0) terminal.print("Neuron has changed nothing here, as far as its journal knows.");
    for (const change of standing) {
      terminal.print(`${change.step}: ${change.target}${change.halfDone ? " (half done)" : ""}`);
    }
    if (trial.wanted) terminal.print("A trial boot is wanted: what it does not prove is taken back.");
    if (proof !== null) { for (const line of renderProof(proof)) terminal.print(line); }
    for (const line of summary(pending, rebootNeeded, interrupted)) terminal.print(line);
    return 0;
  },
};

interface Pending {
  readonly pending: readonly { readonly step: string; readonly action: string; readonly target: string }[];
  /** Why apply could not go on; null when it could. */
  readonly blocked: string | null;
}

/** A machine that lost its card, or has no journal to go by, still has a status. */
async function pendingOf(host: Host, invocation: Invocation): Promise<Pending> {
  try {
    const planned = await (await openPhase(host, invocation)).plan();
    const pending = planned.work.map(({ step, change }) => ({ step, action: change.action, target: change.target }));
    return { pending, blocked: planned.blockers[0]?.title ?? null };
  } catch (error) {
    return { pending: [], blocked: errorMessage(error) };
  }
}

function summary({ pending, blocked }: Pending, rebootNeeded: boolean, interrupted: boolean): string[] {
  const lines: string[] = [];
  if (interrupted) lines.push("The last run did not come to its end: run apply to go on, or rollback to take it back.");
  if (blocked !== null) lines.push(`Apply could not go on: ${blocked}`);
  else if (pending.length === 0) lines.push("Nothing is left to do.");
  else {lines.push(
      `${pending.length === 1 ? "1 change is" : `${pending.length} changes are`} still to do: neuron-setup plan`,
    );}
  if (rebootNeeded) lines.push("A reboot is needed.");
  return lines;
}
