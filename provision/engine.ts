/**
 * The engine: what every face of the program (command line, page, tests) calls to plan, apply, verify and roll back.
 * Knows no step by name and changes nothing but through apply and rollback.
 */
import { AppError, type Finding } from "../model/errors.ts";
import { readHistory, rebootNeeded } from "./engine/history.ts";
import { changeOf, makePlan, type Planning } from "./engine/plan.ts";
import { readBootId, undo, type Undone } from "./engine/undo.ts";
import type { Host } from "./host/host.ts";
import { Journal } from "./journal.ts";
import type { Phase, Step, StepName } from "./step.ts";

export { type Applied, apply, type ApplyEvent, type ApplyOptions, refuse } from "./engine/apply.ts";
export type { Kept, Undone } from "./engine/undo.ts";
export type { Planning } from "./engine/plan.ts";

/** Read-only: makes no state folder, takes no lock. */
export async function plan<Spec>(
  host: Host,
  steps: readonly Step<unknown, Spec>[],
  spec: Spec,
  phase: Phase,
): Promise<Planning> {
  return await makePlan(host, steps, spec, phase, readHistory(Journal.open(host.state).records).pending);
}

export type When = "written" | "effective";

/** After the reboot that makes changes effective everything is judged; before it, and on a copy, what is written. */
export function whenToJudge(host: Host): When {
  return host.live && !isRebootNeeded(host) ? "effective" : "written";
}

export function isRebootNeeded(host: Host): boolean {
  return rebootNeeded(Journal.open(host.state).records, readBootId(host));
}

/** Every claim that does not hold, as findings; a path that is not as wanted is a blocker. */
export async function verify<Spec>(
  host: Host,
  steps: readonly Step<unknown, Spec>[],
  spec: Spec,
  when: When,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const step of steps) {
    const seen = await step.inspect(host, spec);
    for (const node of step.wants(spec, seen).nodes) {
      const change = changeOf(host, node);
      if (change === null) continue;
      findings.push({
        code: `${step.name.replaceAll("_", "-")}-not-written`,
        severity: "blocker",
        title: `${step.name}: ${node.path} ${change.action === "create" ? "is missing" : "is not as it shall be"}`,
        hint: "neuron-setup plan shows the difference, apply repairs it",
        target: node.path,
      });
    }
    findings.push(...step.verify(spec, seen, when));
  }
  return findings;
}

export interface StandingChange {
  readonly step: StepName;
  readonly target: string;
  /** Its intent is written and nothing says that it was finished. */
  readonly halfDone: boolean;
}

export interface LastApply {
  readonly atMs: number;
  readonly phase: Phase;
  readonly origin: unknown;
}

export interface Status {
  readonly standing: readonly StandingChange[];
  readonly rebootNeeded: boolean;
  readonly interrupted: boolean;
  /** Phase and answers of the last apply; null when there was none. */
  readonly last: LastApply | null;
  /** The same of the host's phase. */
  readonly lastHost: LastApply | null;
}

/** What the journal says was done to this machine and not taken back. */
export function status(host: Host): Status {
  const { standing, done, interrupted, lastBegin, lastHostBegin } = readHistory(Journal.open(host.state).records);
  return {
    standing: standing.map((change) => ({
      step: change.step,
      target: change.type === "intent" ? change.path : change.argv.join(" "),
      halfDone: !done.has(change.id),
    })),
    rebootNeeded: isRebootNeeded(host),
    interrupted,
    last: lastBegin,
    lastHost: lastHostBegin,
  };
}

/**
 * Takes back everything, or what came after the step `to`. What somebody changed since stays and is returned in `kept`.
 * May be killed anywhere and run again.
 * @param neverInEffect steps whose changes did nothing in the boot that runs
 */
export async function rollback(
  host: Host,
  steps: readonly Step[],
  to: StepName | null,
  neverInEffect: ReadonlySet<StepName> = new Set(),
): Promise<Undone> {
  using _lock = host.state.lock();
  const journal = Journal.open(host.state);
  const order = steps.map(({ name }) => name);
  const keep = to === null ? -1 : order.indexOf(to);
  if (to !== null && keep === -1) {
    throw new AppError("usage", `Cannot roll back to "${to}": there is no such step`, {
      hint: `The steps are ${order.join(", ")}`,
    });
  }
  const standing = readHistory(journal.records).standing.filter(({ step }) => order.indexOf(step) > keep);
  const undone = await undo(host, journal, standing, "rolled-back", neverInEffect);
  if (undone.unrecorded !== null) throw undone.unrecorded;
  return undone;
}
