/**
 * The wizard on a machine that was set up before, and after it has set one up: how the trial boot went, whether what
 * stands holds, what is left to do, and the restart, which only happens after a yes.
 */
import { AppError, errorMessage } from "../../model/errors.ts";
import { cardBoundAtBoot, type HostSpec } from "../../model/host_spec.ts";
import { wrap } from "../../provision/detect_report/text.ts";
import { plan, status } from "../../provision/engine.ts";
import type { Host } from "../../provision/host/host.ts";
import { readProof } from "../../provision/proof.ts";
import { steps } from "../../provision/steps.ts";
import { readTrial } from "../../provision/steps/trial_boot.ts";
import type { ChoiceQuestion, ConfirmQuestion } from "../../provision/wizard/question.ts";
import type { ExitCode, Invocation } from "../command.ts";
import { readAnswersOrLast, readWish } from "../machine.ts";
import { workloadWork } from "../phase.ts";
import type { Face } from "../prompts/face.ts";
import { renderProof } from "../prove.ts";
import { verifyCommand } from "../verify.ts";
import { goesOn } from "../workload/kept_answers.ts";
import { workloadOf } from "../workload/request.ts";
import { setUpWorkload } from "./workload.ts";

/** After an earlier apply: what is left to do, or whether it holds. Null when there are questions to ask. */
export async function whatStands(host: Host, invocation: Invocation, face: Face | null): Promise<ExitCode | null> {
  const { standing, rebootNeeded, interrupted, last, lastHost } = status(host);
  const { terminal } = invocation;
  if (interrupted) terminal.print("The last run did not come to its end. This one picks up what is there.");
  sayProof(host, lastHost?.atMs ?? 0, invocation);
  const cutShort = interrupted && last?.phase === "host";
  if (standing.length === 0 || lastHost === null || cutShort) return null;
  const spec = lastSpec(host, invocation);
  if (spec === null || (await plan(host, steps, spec, "host")).work.length > 0) return null;
  terminal.print("Neuron has set this machine up already.");
  const code: ExitCode = rebootNeeded ? 3 : await verifyCommand.run(invocation);
  if (code === 0) {
    const gone = await goOn(host, invocation, face);
    if (gone !== null) return gone;
  } else sayWhatNow(host, spec, { rebootNeeded, goesOn: goesOn.read(host) }, invocation);
  if (face === null) return code;
  const said = await face.ask(again(rebootNeeded && mayRestart(host)), false);
  if (said === "restart") await restart(host);
  return said === "again" ? null : code;
}

/** What comes after the host, where the last answers want it; null where nothing is left of it. */
async function goOn(host: Host, invocation: Invocation, face: Face | null): Promise<ExitCode | null> {
  const answers = readAnswersOrLast(host, invocation);
  if (workloadOf(host, answers).vm === null || !host.live) return null;
  const { work, blockers } = await (await workloadWork(host, answers, invocation)).plan();
  return work.length + blockers.length === 0 ? null : await setUpWorkload(host, answers, invocation, face);
}

/** The last trial boot's proof; one of an earlier apply says nothing of what stands now. */
function sayProof(host: Host, sinceMs: number, { terminal }: Invocation): void {
  const proof = readProof(host);
  if (proof === null || Date.parse(proof.at) < sinceMs) return;
  for (const line of renderProof(proof)) {
    const indent = /^ */.exec(line)![0];
    for (const part of wrap(line, terminal.columns - indent.length)) terminal.print(`${indent}${part}`);
  }
  terminal.print("");
}

/** Null, and a word why, when the machine is not any more what the last answers were for: a card was taken out. */
function lastSpec(host: Host, invocation: Invocation): HostSpec | null {
  try {
    return readWish(host, invocation).spec;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    invocation.terminal.print(`What was set up does not fit this machine any more. ${errorMessage(error)}`);
    return null;
  }
}

const again = (mayRestart: boolean): ChoiceQuestion => ({
  id: "again",
  kind: "choice",
  title: mayRestart ? "What now?" : "Change something?",
  help: "The questions come again; the plan shows what would be different.",
  default: "leave",
  choices: [
    { value: "leave", label: "Leave it as it is" },
    ...(mayRestart ? [{ value: "restart", label: "Reboot now", hint: "Save your work first." }] : []),
    { value: "again", label: "Answer the questions again" },
  ],
});

export interface Ahead {
  readonly rebootNeeded: boolean;
  /** What comes after the host begins by itself after the proof. */
  readonly goesOn: boolean;
}

/** What there is to do next. */
export function sayWhatNow(host: Host, spec: HostSpec, ahead: Ahead, { terminal }: Invocation): void {
  const say = (text: string) => wrap(text, terminal.columns).forEach((line) => terminal.print(line));
  terminal.print("");
  if (!host.live) say("This is a copy: commands were recorded, not run.");
  else if (ahead.rebootNeeded && readTrial(host).wanted) {
    say(
      "Next, when it suits you: reboot. The machine then starts once with passthrough, and checks every claim by " +
        "itself. Only if all hold is it kept; else the start after it is as before, and everything is taken back. " +
        "neuron-setup then tells how it went.",
    );
    say("Should it hang, or stay dark for more than five minutes: switch it off and on.");
    if (ahead.goesOn) {
      say("Once it is proved it goes on with the VM by itself; neuron-setup status tells how far it is.");
    }
  } else if (ahead.rebootNeeded) {
    say("Next, when it suits you (Neuron does not restart the machine by itself):");
    for (const command of ["systemctl reboot", "neuron-setup"]) terminal.print(`  ${command}`);
    if (cardBoundAtBoot(spec) !== null) {
      say('Should it not start: press "e" in the boot menu and remove neuron.vfio=1 from the kernel\'s line.');
    }
  }
}

const rebootNow: ConfirmQuestion = {
  id: "reboot",
  kind: "confirm",
  title: "Reboot now?",
  afterwards: true,
  help: "Save your work first: everything that runs on this machine is ended.",
  default: false,
};

/** Only a person who says so restarts the machine. */
export async function offerRestart(host: Host, face: Face | null): Promise<void> {
  if (face !== null && mayRestart(host) && await face.ask(rebootNow, false) === true) await restart(host);
}

const mayRestart = (host: Host) => host.live && Deno.uid() === 0;

async function restart(host: Host): Promise<void> {
  const argv = ["systemctl", "reboot"] as const;
  const { code, stderr } = await host.run({ argv: [...argv], step: "setup", reason: "the person said so" });
  if (code === 0) return;
  throw new AppError("command-failed", `Cannot reboot: ${stderr.trim() || `${argv.join(" ")} ended with ${code}`}`, {
    hint: "Reboot by hand; everything that was applied stands",
  });
}
