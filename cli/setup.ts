/**
 * `neuron-setup setup`, and `neuron-setup` alone on a terminal: what was found, the questions, the plan, and after a yes
 * apply. Decides nothing by itself: the questions are provision/wizard.ts, the work is the engine's. Never reboots.
 */
import type { Answers } from "../model/answers.ts";
import type { Detection } from "../model/detection.ts";
import { AppError, errorMessage } from "../model/errors.ts";
import type { HostSpec } from "../model/host_spec.ts";
import { apply, plan, type Planning, refuse, status } from "../provision/engine.ts";
import { wrap } from "../provision/detect_report/text.ts";
import { detect } from "../provision/hardware/detect.ts";
import type { Host } from "../provision/host/host.ts";
import { renderPlanText } from "../provision/plan_text.ts";
import { type Resolution, resolve } from "../provision/resolve.ts";
import { steps } from "../provision/steps.ts";
import { answersOf, back, hear, nextQuestion, type Situation } from "../provision/wizard.ts";
import { renderFound, renderPreview } from "../provision/wizard/preview.ts";
import type { ChoiceQuestion } from "../provision/wizard/question.ts";
import { teller } from "./apply.ts";
import type { Command, ExitCode, Invocation } from "./command.ts";
import { answersFlag, confirmed, interruptible, openMachine, readAnswers, readWish, refuseWords } from "./machine.ts";
import { printPlan } from "./plan.ts";
import { BACK, type Face, openFace } from "./prompts/face.ts";
import { refuseToOverwrite, saveAnswers } from "./prompts/save_answers.ts";
import { verifyCommand } from "./verify.ts";

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
  async run(invocation): Promise<ExitCode> {
    refuseWords("setup", invocation);
    refuseJson(invocation);
    const { flags, terminal } = invocation;
    refuseToOverwrite(flags["save-answers"], flags.yes === true);
    const given = typeof flags.answers === "string" ? readAnswers(flags.answers) : {};
    const host = openMachine(invocation);
    const face = terminal.interactive && flags.yes !== true ? await openFace(terminal, flags.plain === true) : null;
    const standing = flags.answers === undefined ? await whatStands(host, invocation, face) : null;
    if (standing !== null) return standing;
    const detection = detect(host);
    for (const line of renderFound(detection, terminal.columns)) terminal.print(line);
    const decided = await decide(host, { detection, given, heard: [] }, invocation, face);
    if (decided === null) {
      terminal.print("Nothing was changed.");
      return 0;
    }
    const { answers, spec, planning: { plan: { digest } } } = decided;
    const tell = teller(invocation);
    const applied = await interruptible((signal) =>
      apply(host, { steps, spec, phase: "host", digest, origin: answers, signal, tell })
    );
    sayWhatNow(host, spec, applied.rebootNeeded, invocation);
    return applied.rebootNeeded ? 3 : 0;
  },
};

function refuseJson({ options }: Invocation): void {
  if (!options.json) return;
  throw new AppError("usage", "setup talks to people: it has no --json", {
    hint: "Scripts use neuron-setup plan --json and neuron-setup apply --yes --json",
  });
}

/** After an earlier apply: what is left to do, or whether it holds. Null when there are questions to ask. */
async function whatStands(host: Host, invocation: Invocation, face: Face | null): Promise<ExitCode | null> {
  const { standing, rebootNeeded, interrupted, last } = status(host);
  const { terminal } = invocation;
  if (interrupted) terminal.print("The last run did not come to its end. This one picks up what is there.");
  if (standing.length === 0 || last === null || interrupted) return null;
  const spec = lastSpec(host, invocation);
  if (spec === null || (await plan(host, steps, spec, "host")).work.length > 0) return null;
  terminal.print("Neuron has set this machine up already.");
  let code: ExitCode = 3;
  if (!rebootNeeded) code = await verifyCommand.run(invocation);
  sayWhatNow(host, spec, rebootNeeded, invocation);
  return face !== null && await face.ask(again, false) === "again" ? null : code;
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

const again: ChoiceQuestion = {
  id: "again",
  kind: "choice",
  title: "Change something?",
  help: "The questions come again; the plan shows what would be different.",
  default: "leave",
  choices: [
    { value: "leave", label: "Leave it as it is" },
    { value: "again", label: "Answer the questions again" },
  ],
};

interface Decided {
  readonly answers: Answers;
  readonly spec: HostSpec;
  readonly planning: Planning;
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
    situation = await hearAll(situation, invocation, face);
    const answers = answersOf(situation);
    const { detection } = situation;
    const resolution = resolve(answers, detection);
    const planning = await plan(host, steps, resolution.hostSpec, "host");
    show(planning, resolution, detection, invocation);
    const isDone = planning.work.length === 0 || face === null;
    const said = isDone ? "apply" : await review(planning, situation, host, invocation, face);
    if (said === "back") {
      situation = back(situation);
      continue;
    }
    if (face === null && planning.work.length > 0) confirmed("Change this machine as shown?", invocation);
    saveAnswers(invocation.flags["save-answers"], answers, invocation.flags.yes === true);
    refuse(planning.blockers);
    if (said === "stop") return null;
    return { answers, spec: resolution.hostSpec, planning };
  }
}

/** Asks until nothing is left; with --yes takes what is proposed. Throws AppError `answer-missing` where nobody is. */
async function hearAll(begin: Situation, { flags }: Invocation, face: Face | null): Promise<Situation> {
  let situation = begin;
  for (let question = nextQuestion(situation); question !== null; question = nextQuestion(situation)) {
    if (face === null && flags.yes !== true) {
      throw new AppError("answer-missing", `Nobody can be asked: ${question.title} (${question.id})`, {
        hint: "Answer it in the file of --answers, or add --yes to take what is proposed",
      });
    }
    const reply = face === null ? question.default : await face.ask(question, situation.heard.length > 0);
    situation = reply === BACK ? back(situation) : hear(situation, question.id, reply);
  }
  return situation;
}

function show({ plan }: Planning, { hostSpec, notes }: Resolution, detection: Detection, { terminal }: Invocation) {
  terminal.print("");
  for (const line of renderPreview(plan, hostSpec, detection, notes, terminal.columns)) terminal.print(line);
}

type Said = "apply" | "back" | "stop";

async function review(
  planning: Planning,
  situation: Situation,
  host: Host,
  { terminal }: Invocation,
  face: Face,
): Promise<Said> {
  const obstacle = planning.blockers.length > 0
    ? "Something stands in the way: see above."
    : host.live && Deno.uid() !== 0
    ? "This needs root: run it with sudo."
    : null;
  const canGoBack = situation.heard.length > 0;
  while (true) {
    const reply = await face.ask({
      id: "review",
      kind: "choice",
      title: host.live ? "Change this machine?" : `Change the copy below ${host.root}?`,
      help: "All of it can be taken back: neuron-setup rollback.",
      default: host.live || obstacle !== null ? "stop" : "apply",
      choices: [
        { value: "apply", label: "Yes, apply it", ...(obstacle === null ? {} : { disabled: obstacle }) },
        { value: "diff", label: "Show every line first" },
        { value: "stop", label: "No, change nothing" },
      ],
    }, canGoBack);
    if (reply === BACK) return "back";
    if (reply === "apply" || reply === "stop") return reply;
    printPlan(renderPlanText(planning.plan), terminal);
  }
}

/** What there is to do, and what Neuron does not do yet. */
function sayWhatNow(host: Host, { gpu }: HostSpec, rebootNeeded: boolean, { terminal }: Invocation): void {
  const say = (text: string) => wrap(text, terminal.columns).forEach((line) => terminal.print(line));
  terminal.print("");
  if (!host.live) say("This is a copy: commands were recorded, not run.");
  else if (rebootNeeded) {
    say("Next, when it suits you (Neuron does not restart the machine by itself):");
    for (const command of ["systemctl reboot", "neuron-setup verify"]) terminal.print(`  ${command}`);
    if (gpu !== null) {
      say('Should it not start: press "e" in the boot menu and remove neuron.vfio=1 from the kernel\'s line.');
    }
  }
  say("This was the host. Neuron does not install Windows yet and does not show it with Looking Glass.");
  say("What makes the VM, with a Windows ISO of your own in vm.cdroms of the answers:");
  terminal.print("  neuron-setup vm define --answers FILE");
}
