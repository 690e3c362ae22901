/**
 * `neuron-setup install`: on the live system, shows the disks, asks what is not answered, shows what will be erased, and
 * after the disk's name was typed, or by the answers alone, installs. Decides nothing by itself: that is
 * provision/installer/.
 */
import type { Answers } from "../model/answers.ts";
import { AppError, errorMessage } from "../model/errors.ts";
import type { Secret } from "../model/secret.ts";
import type { Host } from "../provision/host/host.ts";
import { openHost } from "../provision/host/open.ts";
import type { DetectedDisk } from "../provision/installer/disk.ts";
import { execute } from "../provision/installer/execute.ts";
import { newIdentities } from "../provision/installer/identities.ts";
import {
  installedFrom,
  type LiveSystem,
  readLiveSystem,
  refuseUnknownTimeZone,
} from "../provision/installer/live_system.ts";
import { diskWishOf, type InstallPlan, planInstallation } from "../provision/installer/plan.ts";
import { actionWords, installPlanDocument, renderDisks, renderInstallPlan } from "../provision/installer/plan_text.ts";
import { installQuestions } from "../provision/installer/questions.ts";
import { readDisks, refuseChangedDisk } from "../provision/installer/read_disks.ts";
import { judgeDisks } from "../provision/installer/verdict.ts";
import { type Heard, tellStory } from "../provision/wizard/story.ts";
import type { Command, ExitCode, Invocation } from "./command.ts";
import { review } from "./install/review.ts";
import { readSecrets } from "./install/secrets.ts";
import { findSeed, withSeed } from "./install/seed.ts";
import { InstallShow } from "./install/show.ts";
import { answersFlag, interruptible, openMachine, readAnswers, refuseWords, yesFlag } from "./machine.ts";
import { type Face, openFace } from "./prompts/face.ts";
import { hearAll } from "./prompts/hear_all.ts";
import { readSecret } from "./secrets.ts";

export const installCommand: Command = {
  name: "install",
  summary: "install this live system to a disk; nothing is erased before its name was typed or answered",
  usage: ["install [--answers FILE | --seed] [--plain] [--yes] [--json]", "install --plan [--answers FILE] [--json]"],
  flags: [
    { ...answersFlag, help: "an answers file: what its part install says is not asked" },
    {
      name: "seed",
      help: "the answers are on the volume NEURON-SEED (the default where there is one); nobody is asked",
    },
    { name: "plan", help: "show the disks and the plan, on any machine; change nothing" },
    { name: "plain", help: "plain lines instead of arrow keys: for screen readers and serial lines" },
    yesFlag,
  ],
  examples: [
    { line: "neuron-setup install", why: "on the live system: asks, shows what is erased, asks for the disk's name" },
    { line: "neuron-setup install --plan --answers answers.json", why: "every command, and what would be erased" },
    { line: "neuron-setup install --answers answers.json --yes --json", why: "for scripts: one JSON object a line" },
  ],
  async run(invocation): Promise<ExitCode> {
    refuseWords("install", invocation);
    const { flags, options, terminal } = invocation;
    if (flags.seed === true && flags.answers !== undefined) {
      throw new AppError("usage", "Answers come from one place: --seed and --answers exclude each other", {
        hint: "Leave one of them away",
      });
    }
    try {
      const host = openMachine(invocation);
      const system = readLiveSystem(host);
      refuseElsewhere(host, system, flags.plan === true);
      const device = flags.answers === undefined && (flags.seed === true || system.image !== null)
        ? await findSeed(host)
        : null;
      if (device === null && flags.seed === true) {
        throw new AppError("not-found", "There is no volume with answers: none is labelled NEURON-SEED", {
          hint: "Attach it, or give --answers FILE",
        });
      }
      if (device !== null) {
        // Every console of the medium has an installer; nobody is asked, so the first of them does the work.
        using lock = flags.plan === true ? UNNEEDED : options.json ? host.state.lock() : lockUnlessTaken(host);
        if (lock === null) {
          terminal.print("Another console is installing Neuron by the answers on the volume NEURON-SEED.");
          terminal.print("That one shows how far it is.");
          return 0;
        }
        return await withSeed(
          host,
          device,
          ({ answers, secret }) =>
            install({ host, system, invocation, given: answers, secret, face: null, isSeeded: true }),
        );
      }
      const given = typeof flags.answers === "string" ? readAnswers(flags.answers) : {};
      const asks = terminal.interactive && flags.yes !== true && flags.plan !== true && !options.json;
      const face = asks ? await openFace(terminal, flags.plain === true) : null;
      return await install({
        host,
        system: face === null ? system : installedFrom(system, host.readLink("/proc/self/fd/0")),
        invocation,
        given,
        secret: readSecret,
        face,
        isSeeded: false,
      });
    } catch (error) {
      if (options.json && flags.plan !== true) {
        const hint = error instanceof AppError && error.hint !== undefined ? { hint: error.hint } : {};
        terminal.print(JSON.stringify({ type: "failed", message: errorMessage(error), ...hint }));
      }
      throw error;
    }
  },
};

/** Held already, or nothing is going to be changed. */
const UNNEEDED: Disposable = { [Symbol.dispose]: () => {} };

function lockUnlessTaken(host: Host): Disposable | null {
  try {
    return host.state.lock();
  } catch (error) {
    if (error instanceof AppError && error.code === "locked") return null;
    throw error;
  }
}

interface Work {
  readonly host: Host;
  readonly system: LiveSystem;
  readonly invocation: Invocation;
  readonly given: Answers;
  secret(secret: Secret, key: string): string;
  /** Null: nobody is asked. */
  readonly face: Face | null;
  /** The volume with answers is the yes, too. */
  readonly isSeeded: boolean;
}

async function install(work: Work): Promise<ExitCode> {
  const { host, system, invocation, given, face, isSeeded } = work;
  const { flags, options, terminal } = invocation;
  const disks = await readDisks(host);
  if (!options.json && !options.quiet) {
    for (const line of renderDisks(judgeDisks(disks, system.firmware, diskWishOf(given)), terminal.columns)) {
      terminal.print(line);
    }
    terminal.print("");
  }
  const decided = await decide(work, disks);
  if (decided === null) {
    terminal.print("Nothing was changed.");
    return 0;
  }
  const { plan, answers, secrets } = decided;
  if (flags.plan === true) return showPlan(plan, disks, work);
  if (face === null && flags.yes !== true && !isSeeded) {
    throw new AppError("answer-missing", `Nobody can be asked: Erase what is on ${plan.disk.path} as planned?`, {
      hint: "Add --yes if you agree; --plan shows what would be done",
    });
  }
  using _lock = isSeeded ? UNNEEDED : host.state.lock();
  await refuseChangedDisk(host, plan.disk);
  using show = new InstallShow(invocation);
  const warnings = await interruptible((signal) =>
    execute(host, plan, {
      secrets,
      signal,
      openTarget: (root) => openHost({ root }),
      tell: (event) => show.tell(event),
    })
  );
  return await end(answers.install?.then ?? (isSeeded ? "poweroff" : "stay"), warnings, plan, work);
}

interface Decided {
  readonly plan: InstallPlan;
  readonly answers: Answers;
  readonly secrets: Awaited<ReturnType<typeof readSecrets>>;
}

/** Null: the person does not want it. */
async function decide(work: Work, disks: readonly DetectedDisk[]): Promise<Decided | null> {
  const { host, system, invocation, given, face, isSeeded } = work;
  const { terminal, options } = invocation;
  const knowsTimeZone = (name: string) => host.stat(`/usr/share/zoneinfo/${name}`) !== null;
  const facts = { disks, firmware: system.firmware, knowsTimeZone };
  const story = (heard: readonly Heard[]) => tellStory(installQuestions, facts, given, heard);
  const identities = newIdentities();
  let heard: readonly Heard[] = [];
  while (true) {
    if (face !== null) heard = await hearAll(heard, (so) => story(so).question, { face, takesProposals: false });
    const { answers, replies } = story(heard);
    const plan = planInstallation({ answers, disks, system, identities, unattended: isSeeded });
    refuseUnknownTimeZone(host, plan.settings.timeZone);
    if (invocation.flags.plan === true) return { plan, answers, secrets: {} };
    const secrets = await readSecrets(host, answers, replies, work.secret);
    if (!options.json) {
      for (const line of ["", ...renderInstallPlan(plan, terminal.columns), ""]) terminal.print(line);
    }
    const said = face === null ? "install" : await review(plan, face, invocation);
    if (said === "install") return { plan, answers, secrets };
    if (said === "stop") return null;
    heard = heard.slice(0, -1);
  }
}

function showPlan(plan: InstallPlan, disks: readonly DetectedDisk[], { invocation, given, system }: Work): ExitCode {
  const { terminal, options } = invocation;
  if (options.json) {
    const verdicts = judgeDisks(disks, system.firmware, diskWishOf(given));
    terminal.print(JSON.stringify(installPlanDocument(plan, verdicts), null, 2));
    return 0;
  }
  for (const line of renderInstallPlan(plan, terminal.columns)) terminal.print(line);
  terminal.print("\nCommands");
  for (const action of plan.actions) terminal.print(`  ${actionWords(action)}`);
  return 0;
}

async function end(
  then: "reboot" | "poweroff" | "stay",
  warnings: readonly string[],
  { disk: { path: disk } }: InstallPlan,
  { host, invocation: { terminal, options }, face }: Work,
): Promise<ExitCode> {
  if (options.json) terminal.print(JSON.stringify({ type: "done", disk, warnings, then }));
  else terminal.print(`\nNeuron is installed on ${disk}. Take the medium out before the machine starts again.`);
  let now = then;
  if (face !== null && then === "stay") {
    const title = "Restart now?";
    const help = "The machine then starts from its disk.";
    const reply = await face.ask(
      { id: "restart", kind: "confirm", title, help, default: true, afterwards: true },
      false,
    );
    if (reply === true) now = "reboot";
  }
  if (now === "stay") return 3;
  await host.run({ argv: ["systemctl", "--no-block", now], step: "install", reason: "the installation is done" });
  return 0;
}

function refuseElsewhere(host: Host, { image }: LiveSystem, onlyPlan: boolean): void {
  if (!host.live) {
    throw new AppError("usage", "Cannot install into a copy: install works on the disks of the running machine", {
      hint: "Leave --root away; --plan changes nothing",
    });
  }
  if (Deno.uid() !== 0) {
    throw new AppError("file-access", "Cannot look at the disks: that needs root", {
      hint: "sudo neuron-setup install",
    });
  }
  if (image !== null || onlyPlan) return;
  throw new AppError("usage", "Cannot install: this machine was not started from Neuron's medium", {
    hint:
      "Start it from the stick or the ISO. To set up this very system: neuron-setup setup; --plan shows a plan anywhere",
  });
}
