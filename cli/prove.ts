/**
 * `neuron-setup prove`: ends a trial boot. What the unit neuron-proof.service runs at each start while a trial is
 * wanted; by hand it tells how far the trial is.
 */
import { AppError } from "../model/errors.ts";
import { type Proof, prove } from "../provision/proof.ts";
import { readTrial } from "../provision/steps/trial_boot.ts";
import { teller } from "./apply.ts";
import type { Command, ExitCode, Invocation } from "./command.ts";
import type { Host } from "../provision/host/host.ts";
import { openMachine, readWish, refuseWords } from "./machine.ts";
import { goesOn, keptAnswersPath } from "./workload/kept_answers.ts";

/** The machine may still be starting its services when this begins. */
const patienceMs = 3 * 60_000;

export const proveCommand: Command = {
  name: "prove",
  summary: "after the trial boot: make it the default if every claim holds, else take it back",
  usage: ["prove [--restart] [--json]"],
  flags: [{ name: "restart", help: "start the machine anew when the trial boot did not hold (what its unit does)" }],
  examples: [
    { line: "neuron-setup prove", why: "how far is the trial boot? In it: judge it now" },
    {
      line: "neuron-setup prove --json | jq .outcome",
      why: "for scripts: proved, failed, taken-back, to-come or none",
    },
  ],
  async run(invocation): Promise<ExitCode> {
    refuseWords("prove", invocation);
    const host = openMachine(invocation);
    if (!host.live) {
      throw new AppError("usage", `Cannot prove anything on a copy (${host.root}): it is not running`, {
        hint: "neuron-setup verify judges what is written there",
      });
    }
    if (readTrial(host).wanted && Deno.uid() !== 0) {
      throw new AppError("file-access", "Cannot prove the trial boot: only root may read and write what it needs", {
        hint: "Run it with sudo",
      });
    }
    const { once } = readTrial(host);
    const proof = await prove(host, {
      wish: () => readWish(host, invocation),
      patienceMs: invocation.flags.restart === true ? patienceMs : 0,
      pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      tell: invocation.options.json ? () => {} : teller(invocation),
    });
    print(proof, invocation);
    if (proof.outcome === "proved" && invocation.flags.restart === true) await goOn(host, invocation);
    // Where no boot loader starts it only once, what was taken back still runs.
    const stillRuns = proof.outcome === "failed" || (proof.outcome === "taken-back" && !once);
    if (stillRuns && invocation.flags.restart === true) await restart(invocation);
    return proof.outcome === "failed" || proof.outcome === "taken-back" ? 1 : proof.outcome === "to-come" ? 3 : 0;
  },
};

/**
 * What the person agreed to before the restart begins now, in a unit of its own that outlives the proof's. Should it not
 * come to its end, neuron-setup takes it up.
 */
async function goOn(host: Host, invocation: Invocation): Promise<void> {
  if (!goesOn.read(host)) return;
  goesOn.clear(host);
  const unit = ["--collect", "--unit=neuron-workload", "--property=StandardOutput=journal+console"];
  const args = ["setup", "--yes", "--plain", "--answers", keptAnswersPath(invocation)];
  const argv = ["systemd-run", ...unit, "--property=StandardError=journal+console", ...host.program, ...args] as const;
  const { code, stderr } = await host.run({ argv: [...argv], step: "prove", reason: "the VM was agreed to before" });
  if (code !== 0) invocation.terminal.note(`Cannot go on with the VM by itself: ${stderr.trim()}. neuron-setup does`);
}

async function restart({ terminal }: Invocation): Promise<void> {
  terminal.print("The machine starts anew, without passthrough.");
  const { success } = await new Deno.Command("systemctl", { args: ["reboot"] }).output();
  if (!success) throw new AppError("command-failed", "Cannot start the machine anew: systemctl reboot failed");
}

const sentences: Readonly<Record<Proof["outcome"], string>> = {
  "proved": "The trial boot is proved: every claim holds, and from now on the machine starts with passthrough.",
  "failed": "The trial boot does not hold. The next start is without passthrough and takes everything back.",
  "taken-back": "The trial boot did not hold: everything it was for is taken back.",
  "to-come": "The trial boot is still to come: reboot.",
  "none": "No trial boot is wanted.",
};

export function renderProof({ outcome, findings, kept }: Proof): string[] {
  return [
    sentences[outcome],
    ...findings.flatMap(({ title, hint }) => [`  ${title}`, ...(hint === undefined ? [] : [`    hint: ${hint}`])]),
    ...(kept ?? []).map(({ target, reason }) => `  left as it is: ${target}: ${reason}`),
  ];
}

function print(proof: Proof, { options, terminal }: Invocation): void {
  if (options.json) terminal.print(JSON.stringify(proof, null, 2));
  else for (const line of renderProof(proof)) terminal.print(line);
}
