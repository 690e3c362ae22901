/**
 * `neuron-setup setup`, and `neuron-setup` alone on a terminal: what was found, the questions, the plan, and after a yes
 * apply. Decides nothing by itself: the questions are provision/wizard.ts, the work is the engine's.
 */
import type { Answers } from "../model/answers.ts";
import type { Detection } from "../model/detection.ts";
import { AppError } from "../model/errors.ts";
import type { HostSpec } from "../model/host_spec.ts";
import { apply, plan, type Planning, refuse } from "../provision/engine.ts";
import { detect } from "../provision/hardware/detect.ts";
import type { Host } from "../provision/host/host.ts";
import { readProfiles } from "../provision/profile_store.ts";
import { type Resolution, resolve } from "../provision/resolve.ts";
import { steps } from "../provision/steps.ts";
import { answersOf, back, nextQuestion, passwordOf, type Situation } from "../provision/wizard.ts";
import { renderFound, renderPreview, renderWorkload } from "../provision/wizard/preview.ts";
import type { WorkloadSpec } from "../provision/workload/spec.ts";
import { showing } from "./apply.ts";
import { readPeople } from "../provision/distro/people.ts";
import type { Command, ExitCode, Invocation, Terminal } from "./command.ts";
import { answersFlag, confirmed, interruptible, openMachine, readAnswers, refuseWords } from "./machine.ts";
import { printPlan } from "./plan.ts";
import { type Face, openFace } from "./prompts/face.ts";
import { review, type Said } from "./setup/review.ts";
import { singleBlanks } from "./setup/single_blanks.ts";
import { hearAll } from "./prompts/hear_all.ts";
import { offerRestart, sayWhatNow, whatStands } from "./setup/standing.ts";
import { plainly, setUpWorkload } from "./setup/workload.ts";
import { workloadOf } from "./workload/request.ts";
import { goesOn, keepAnswers, keepPassword, keptPasswordPath } from "./workload/kept_answers.ts";
import { refuseToOverwrite, saveAnswers } from "./prompts/save_answers.ts";

export const setupCommand: Command = {
  name: "setup",
  summary: "the wizard: asks what is wanted, shows the plan, and applies it after a yes",
  usage: ["setup [--answers FILE] [--save-answers FILE] [--plain] [--yes]"],
  flags: [
    { ...answersFlag, help: "an answers file (JSON or JSONC): what it says is not asked" },
    { name: "save-answers", value: "FILE", help: "write the answers to a new file; with --yes also over an old one" },
    { name: "plain", help: "plain lines instead of arrow keys: for screen readers and serial lines" },
    { name: "yes", help: "ask nothing: take what is proposed, and apply" },
  ],
  examples: [
    { line: "neuron-setup setup", why: "at a terminal; nothing is changed before you say so" },
    { line: "neuron-setup setup --root /mnt/image", why: "on a copy: commands are recorded, not run" },
    {
      line: "neuron-setup setup --save-answers mine.json",
      why: "to set up another machine with setup --answers mine.json",
    },
  ],
  async run({ terminal: whole, ...called }): Promise<ExitCode> {
    const invocation = { ...called, terminal: singleBlanks(whole) };
    refuseWords("setup", invocation);
    refuseJson(invocation);
    const { flags, terminal } = invocation;
    refuseToOverwrite(flags["save-answers"], flags.yes === true);
    const given = typeof flags.answers === "string" ? readAnswers(flags.answers) : {};
    const host = openMachine(invocation);
    if (host.live && Deno.uid() !== 0) throw needsRoot(detect(host), invocation);
    const face = terminal.interactive && flags.yes !== true ? await openFace(terminal, flags.plain === true) : null;
    const standing = flags.answers === undefined ? await whatStands(host, invocation, face) : null;
    if (standing !== null) return standing;
    const detection = detect(host);
    printFound(detection, terminal);
    const begin = {
      detection,
      given,
      heard: [],
      profiles: readProfiles(host),
      person: readPeople(host)[0]?.name ?? null,
      passwordFile: keptPasswordPath(invocation),
    };
    const decided = await decide(host, begin, invocation, face);
    if (decided === null) {
      terminal.print("Nothing was changed.");
      return 0;
    }
    const { answers, spec, password, planning: { plan: { digest }, work } } = decided;
    keepAnswers(host, answers);
    if (password !== null) keepPassword(host, password);
    const { rebootNeeded } = await showing(
      flags.plain === true ? plainly(invocation) : invocation,
      work.length,
      (tell) =>
        interruptible((signal) => apply(host, { steps, spec, phase: "host", digest, origin: answers, signal, tell })),
    );
    const goesOnLater = rebootNeeded && workloadOf(host, answers).vm !== null;
    if (goesOnLater) goesOn.set(host);
    else goesOn.clear(host);
    sayWhatNow(host, spec, { rebootNeeded, goesOn: goesOnLater }, invocation);
    if (rebootNeeded) await offerRestart(host, face);
    return rebootNeeded ? 3 : await setUpWorkload(host, answers, invocation, face);
  },
};

function printFound(detection: Detection, terminal: Terminal): void {
  printPlan(renderFound(detection, terminal.columns).join("\n"), terminal);
  terminal.print("");
}

/** What was found can be shown; but nobody shall answer questions for nothing. */
function needsRoot(detection: Detection, { terminal }: Invocation): AppError {
  printFound(detection, terminal);
  return new AppError("file-access", "Cannot set this machine up: that needs root, already to read what is there", {
    hint: "sudo neuron-setup; detect and doctor look without root",
  });
}

function refuseJson({ options }: Invocation): void {
  if (!options.json) return;
  throw new AppError("usage", "setup talks to people: it has no --json", {
    hint: "Scripts use neuron-setup plan --json and neuron-setup apply --yes --json",
  });
}

interface Decided {
  readonly answers: Answers;
  readonly spec: HostSpec;
  readonly planning: Planning;
  /** What was typed for the account in Windows; null where it was not asked for. */
  readonly password: string | null;
}

/** Null: the person does not want it. Throws AppError when the machine cannot be changed as wanted. */
async function decide(
  host: Host,
  begin: Situation,
  invocation: Invocation,
  face: Face | null,
): Promise<Decided | null> {
  let situation = begin;
  while (true) {
    const asker = { face, takesProposals: invocation.flags.yes === true };
    const heard = await hearAll(situation.heard, (heard) => nextQuestion({ ...begin, heard }), asker);
    situation = { ...begin, heard };
    const answers = answersOf(situation);
    const { detection } = situation;
    const resolution = resolve(answers, detection, readProfiles(host));
    const planning = await plan(host, steps, resolution.hostSpec, "host");
    show(planning, resolution, workloadOf(host, answers), detection, invocation);
    const isDone = planning.work.length === 0 || face === null;
    const said = isDone ? "apply" : await reviewHost(planning, situation, host, invocation, face);
    if (said === "back") {
      situation = back(situation);
      continue;
    }
    if (face === null && planning.work.length > 0) confirmed("Change this machine as shown?", invocation);
    saveAnswers(invocation.flags["save-answers"], answers, invocation.flags.yes === true);
    refuse(planning.blockers);
    if (said === "stop") return null;
    return { answers, spec: resolution.hostSpec, planning, password: passwordOf(situation) };
  }
}

function show(
  { plan }: Planning,
  { hostSpec, notes }: Resolution,
  workload: WorkloadSpec,
  detection: Detection,
  { terminal }: Invocation,
): void {
  terminal.print("");
  const lines = [
    ...renderPreview(plan, hostSpec, detection, notes, terminal.columns),
    ...renderWorkload(workload, plan.rebootNeeded, terminal.columns),
  ];
  printPlan(lines.join("\n"), terminal);
  terminal.print("");
}

function reviewHost(
  planning: Planning,
  situation: Situation,
  host: Host,
  { terminal }: Invocation,
  face: Face,
): Promise<Said> {
  const obstacle = planning.blockers.length > 0 ? "Something stands in the way: see above." : null;
  return review(
    {
      title: host.live ? "Change this machine?" : `Change the copy below ${host.root}?`,
      help: "The host goes back to what it was with neuron-setup rollback; media and VMs stay until you delete them.",
      plan: planning.plan,
      default: host.live || obstacle !== null ? "stop" : "apply",
      obstacle,
      canGoBack: situation.heard.length > 0,
    },
    terminal,
    face,
  );
}
