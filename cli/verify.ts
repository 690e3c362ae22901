/** `neuron-setup verify`: whether what was set up really holds. Only reads; exit 1 when a claim does not hold. */
import { whenToJudge } from "../provision/engine.ts";
import type { Command, ExitCode } from "./command.ts";
import { answersFlag, openMachine, readAnswersOrLast, refuseWords } from "./machine.ts";
import { hostWork, openPhase, phaseFlag } from "./phase.ts";

export const verifyCommand: Command = {
  name: "verify",
  summary: "check every claim: files as written and, after the reboot, drivers, pages and libvirt",
  usage: ["verify [--answers FILE] [--json]"],
  flags: [answersFlag, { ...phaseFlag, help: "host (the default) or workload: media, VM, Windows" }],
  examples: [
    { line: "neuron-setup verify", why: "after the reboot: does vfio-pci hold the card, is its group viable?" },
    { line: "neuron-setup verify --json | jq '.findings[].title'", why: "for scripts; the exit code says it too" },
  ],
  async run(invocation): Promise<ExitCode> {
    refuseWords("verify", invocation);
    const host = openMachine(invocation);
    const work = invocation.flags.phase === undefined
      ? hostWork(host, readAnswersOrLast(host, invocation, "host"))
      : await openPhase(host, invocation);
    const when = whenToJudge(host);
    const findings = await work.verify(when);
    const holds = findings.every(({ severity }) => severity !== "blocker");
    const { options, terminal } = invocation;
    if (options.json) {
      terminal.print(JSON.stringify({ schema: "neuron.verify/1", phase: work.phase, when, holds, findings }, null, 2));
      return holds ? 0 : 1;
    }
    for (const { title, hint } of findings) {
      terminal.print(title);
      if (hint !== undefined) terminal.print(`  hint: ${hint}`);
    }
    if (holds && !options.quiet) {
      terminal.print(`Everything holds (judged: ${when === "effective" ? "running" : "files"}).`);
    }
    return holds ? 0 : 1;
  },
};
