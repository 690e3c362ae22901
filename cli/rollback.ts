/** `neuron-setup rollback`: takes back what Neuron changed. What somebody changed since is left alone and shown. */
import { AppError } from "../model/errors.ts";
import { isRebootNeeded, rollback, status, type Undone } from "../provision/engine.ts";
import type { StepName } from "../provision/step.ts";
import { steps } from "../provision/steps.ts";
import type { Command, ExitCode, Invocation } from "./command.ts";
import { confirmed, openMachine, refuseWords, yesFlag } from "./machine.ts";

export const rollbackCommand: Command = {
  name: "rollback",
  summary: "take back what was changed: files come back exactly as they were",
  usage: ["rollback [--to STEP] [--yes]"],
  flags: [
    { name: "to", value: "STEP", help: "keep this step and those before it, take back what came after" },
    yesFlag,
  ],
  examples: [
    { line: "neuron-setup rollback", why: "shows what would be taken back, and asks" },
    {
      line: "neuron-setup rollback --to kernel_parameters --yes",
      why: "keeps the kernel parameters, not the card's binding",
    },
  ],
  async run(invocation): Promise<ExitCode> {
    refuseWords("rollback", invocation);
    const { options, terminal, flags } = invocation;
    const host = openMachine(invocation);
    const to = readStep(flags.to);
    if (status(host).standing.length === 0 && !options.json) {
      if (!options.quiet) terminal.print("The journal knows of nothing to take back.");
    } else if (!confirmed("Take back what Neuron changed on this machine?", invocation)) {
      terminal.note("Nothing was changed.");
      return 0;
    }
    const undone = await rollback(host, steps, to);
    const rebootNeeded = isRebootNeeded(host);
    print(undone, rebootNeeded, invocation);
    if (undone.kept.length > 0) {
      throw new AppError(
        "conflict",
        `Not everything was taken back: ${undone.kept.map(({ target }) => target).join(", ")}`,
        {
          hint: "Look at what differs, put those right or remove them by hand, then run rollback again",
        },
      );
    }
    return rebootNeeded ? 3 : 0;
  },
};

function readStep(name: unknown): StepName | null {
  if (typeof name !== "string") return null;
  const step = steps.find((one) => one.name === name);
  if (step !== undefined) return step.name;
  throw new AppError("usage", `There is no step "${name}"`, {
    hint: `The steps are ${steps.map((s) => s.name).join(", ")}`,
  });
}

function print({ paths, kept }: Undone, rebootNeeded: boolean, { options, terminal }: Invocation): void {
  if (options.json) {
    terminal.print(JSON.stringify({ schema: "neuron.rollback/1", targets: paths, kept, rebootNeeded }, null, 2));
    return;
  }
  for (const path of options.quiet ? [] : paths) terminal.print(`taken back: ${path}`);
  for (const { target, reason, diff } of kept) {
    terminal.print(`left as it is: ${target}: ${reason}`);
    if (diff !== undefined) terminal.print(diff.trimEnd());
  }
  if (rebootNeeded && !options.quiet) terminal.print("A reboot is needed.");
}
