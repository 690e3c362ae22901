/**
 * The phases a machine goes through, as the subcommands work on them: the host until what it needs is proved, then the
 * workload (media, the VM, Windows in it). `--phase` names one; else the machine says which it is at.
 */
import type { Answers } from "../model/answers.ts";
import { AppError, type Finding } from "../model/errors.ts";
import type { HostSpec } from "../model/host_spec.ts";
import {
  type Applied,
  apply,
  type ApplyOptions,
  isRebootNeeded,
  plan,
  type Planning,
  verify,
  type When,
} from "../provision/engine.ts";
import { detect } from "../provision/hardware/detect.ts";
import type { Host } from "../provision/host/host.ts";
import { readProfiles } from "../provision/profile_store.ts";
import { resolve } from "../provision/resolve.ts";
import type { Phase, Step } from "../provision/step.ts";
import { steps } from "../provision/steps.ts";
import { readTrial } from "../provision/steps/trial_boot.ts";
import { workloadSteps } from "../provision/workload/steps.ts";
import type { Flag, Invocation } from "./command.ts";
import { readAnswersOrLast } from "./machine.ts";
import { keepAnswers, keptAnswersPath } from "./workload/kept_answers.ts";
import { workloadOf } from "./workload/request.ts";
import { mediaFolderOf, workloadTools } from "./workload/tools.ts";

export const phaseFlag: Flag = {
  name: "phase",
  value: "PHASE",
  help: "host or workload (media, VM, Windows); without it the one this machine is at",
};

/** One phase of one machine, with what is wanted there. */
export interface PhaseWork {
  readonly phase: Phase;
  readonly answers: Answers;
  plan(): Promise<Planning>;
  apply(options: Pick<ApplyOptions<unknown>, "digest" | "signal" | "tell">): Promise<Applied>;
  verify(when: When): Promise<Finding[]>;
}

/** @throws AppError `usage` for a phase that does not exist, and as resolve() does */
export async function openPhase(host: Host, invocation: Invocation): Promise<PhaseWork> {
  const { phase } = invocation.flags;
  const answers = readAnswersOrLast(host, invocation);
  if (phase === "host") return hostWork(host, answers);
  if (phase === "workload") return await workloadWork(host, answers, invocation);
  if (phase !== undefined) {
    throw new AppError("usage", `There is no phase "${phase}"`, { hint: "The phases are host and workload" });
  }
  const ofHost = hostWork(host, answers);
  return await isHostReady(host, ofHost) ? await workloadWork(host, answers, invocation) : ofHost;
}

/** Everything of the host is done and proved; a copy never runs, so nothing is ever proved there. */
export async function isHostReady(host: Host, ofHost: PhaseWork): Promise<boolean> {
  if (!host.live || isRebootNeeded(host) || readTrial(host).wanted) return false;
  const { work, blockers } = await ofHost.plan();
  return work.length === 0 && blockers.length === 0;
}

export function hostWork(host: Host, answers: Answers): PhaseWork {
  return workOn<HostSpec>(host, answers, "host", steps, resolve(answers, detect(host), readProfiles(host)).hostSpec);
}

/** @throws AppError `answer-missing` for what an installation cannot do without */
export async function workloadWork(host: Host, answers: Answers, invocation: Invocation): Promise<PhaseWork> {
  const spec = workloadOf(host, answers, await mediaFolderOf(host, invocation));
  const ofWorkload = workloadSteps(workloadTools(host, answers, invocation), keptAnswersPath(invocation));
  const work = workOn(host, answers, "workload", ofWorkload, spec);
  return {
    ...work,
    apply(options) {
      keepAnswers(host, answers);
      return work.apply(options);
    },
  };
}

function workOn<Spec>(
  host: Host,
  answers: Answers,
  phase: Phase,
  ofPhase: readonly Step<unknown, Spec>[],
  spec: Spec,
): PhaseWork {
  return {
    phase,
    answers,
    plan: () => plan(host, ofPhase, spec, phase),
    apply: (options) => apply(host, { ...options, steps: ofPhase, spec, phase, origin: answers }),
    verify: (when) => verify(host, ofPhase, spec, when),
  };
}
