/**
 * What ends a trial boot: every claim is judged in it, and either becomes the default or is taken back. Runs at each
 * start for as long as a trial is wanted (steps/trial_boot.ts): a trial that came to no proof (a panic, a hang, a lost
 * screen) is found by the start after it, which is one without passthrough.
 */
import { AppError, errorMessage, type Finding } from "../model/errors.ts";
import type { HostSpec } from "../model/host_spec.ts";
import { apply, type ApplyEvent, isRebootNeeded, rollback, status, verify } from "./engine.ts";
import type { Kept } from "./engine/undo.ts";
import type { Host } from "./host/host.ts";
import { appendRecord } from "./host/recorded.ts";
import type { StepName } from "./step.ts";
import { provedSteps, steps } from "./steps.ts";
import { readTrial, type Trial } from "./steps/trial_boot.ts";

const recordsName = "proofs.jsonl";

export type ProofOutcome =
  /** Every claim held: starts with passthrough are the default now. */
  | "proved"
  /** A claim did not hold; the next start, without passthrough, takes everything back. */
  | "failed"
  /** The trial failed or never came to its end, and what it was for is taken back. */
  | "taken-back"
  /** The trial is still to come: GRUB was asked for it, or the machine has not been started anew. */
  | "to-come"
  /** No trial is wanted. */
  | "none";

export interface Proof {
  readonly schema: "neuron.proof/1";
  readonly at: string;
  readonly outcome: ProofOutcome;
  /** Claims that did not hold. */
  readonly findings: readonly Finding[];
  /** What a rollback left as it is, since somebody had changed it. */
  readonly kept?: readonly Kept[];
}

/** What the machine shall be, and the answers that was made from. */
export interface Wish {
  readonly spec: HostSpec;
  readonly answers: unknown;
}

export interface ProveOptions {
  /** May throw AppError: a card that is gone is a claim that does not hold. */
  wish(): Wish;
  /** How long a claim may take to become true: a daemon that starts, a network that comes up. */
  readonly patienceMs: number;
  pause(ms: number): Promise<void>;
  tell(event: ApplyEvent): void;
}

/** The last proof that came to something; null when there was none. */
export function readProof(host: Host): Proof | null {
  const lines = new TextDecoder().decode(host.state.read(recordsName) ?? new Uint8Array()).trim().split("\n");
  return lines.toReversed().map(parseProof).find((proof) => proof !== null) ?? null;
}

/** Where a trial stands, and what came of the last one. */
export interface TrialReport {
  readonly trial: Trial;
  /** Null when nothing was proved or taken back since the last apply: an earlier proof says nothing of what stands now. */
  readonly proof: Proof | null;
}

export function readTrialReport(host: Host): TrialReport {
  const proof = readProof(host);
  const isNews = proof !== null && Date.parse(proof.at) >= (status(host).last?.atMs ?? 0);
  return { trial: readTrial(host), proof: isNews ? proof : null };
}

function parseProof(line: string): Proof | null {
  try {
    const value = JSON.parse(line);
    return value?.schema === "neuron.proof/1" ? value : null;
  } catch {
    // A torn last line is what a power cut leaves.
    return null;
  }
}

/** @throws AppError as rollback does; what was to be taken back then still stands */
export async function prove(host: Host, options: ProveOptions): Promise<Proof> {
  const trial = readTrial(host);
  if (!trial.wanted) return report(host, "none");
  if (isRebootNeeded(host)) return report(host, "to-come");
  if (trial.running || !trial.once) {
    const proof = note(host, await judge(host, options));
    // Without a start to fall back to this one has to take it back itself.
    return proof.outcome === "failed" && !trial.once ? await takeBack(host, trial) : proof;
  }
  return trial.asked ? report(host, "to-come", [notStarted]) : await takeBack(host, trial);
}

/** Whatever goes wrong while judging is one more reason not to trust this boot. */
async function judge(host: Host, options: ProveOptions): Promise<Proof> {
  try {
    const { spec, answers } = options.wish();
    const findings = await findingsInTime(host, spec, options);
    if (findings.length > 0) return report(host, "failed", findings);
    await apply(host, { steps: provedSteps, spec, phase: "host", origin: answers, tell: options.tell });
    return report(host, "proved");
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { message: title, hint } = error;
    const finding: Finding = { code: error.code, severity: "blocker", title, ...(hint === undefined ? {} : { hint }) };
    return report(host, "failed", [finding]);
  }
}

/** Claims that still do not hold when patience ends. */
async function findingsInTime(
  host: Host,
  spec: HostSpec,
  { patienceMs, pause }: ProveOptions,
): Promise<readonly Finding[]> {
  const untilMs = host.now() + patienceMs;
  while (true) {
    const findings = (await verify(host, steps, spec, "effective")).filter(({ severity }) => severity === "blocker");
    if (findings.length === 0 || host.now() >= untilMs) return findings;
    await pause(3000);
  }
}

/** What GRUB keeps from the old start: its kernel parameters and its initial ram disk are those of before. */
const onlyInTrial: ReadonlySet<StepName> = new Set([
  "kernel_parameters",
  "fallback_entry",
  "initramfs",
  "vfio_binding",
  "trial_boot",
]);

/** The identity stays: browsers know the machine by it. */
async function takeBack(host: Host, { once }: Trial): Promise<Proof> {
  const { standing, last: begun } = status(host);
  if (standing.length === 0) {
    throw new AppError("journal-damaged", "Cannot take the trial boot back: the journal knows of no change", {
      hint: "neuron-setup apply prepares it anew, with a journal that can be taken back",
    });
  }
  const last = readProof(host);
  const findings = last?.outcome === "failed" && Date.parse(last.at) >= (begun?.atMs ?? 0)
    ? last.findings
    : [unfinished];
  const { kept } = await rollback(host, steps, "identity", once ? onlyInTrial : new Set());
  return note(host, { ...report(host, "taken-back", findings), ...(kept.length === 0 ? {} : { kept }) });
}

const unfinished: Finding = {
  code: "trial-not-finished",
  severity: "blocker",
  title: "The trial boot did not come to its proof: it stopped, hung, or was switched off",
  hint: "journalctl --boot=-1 shows how far it came; apply tries it again",
};

const notStarted: Finding = {
  code: "trial-not-started",
  severity: "warning",
  title: "GRUB did not start the trial by itself: it cannot write its environment block where /boot lies",
  hint: 'Start the machine anew and choose "Trial start with passthrough" in the boot menu',
};

const report = (host: Host, outcome: ProofOutcome, findings: readonly Finding[] = []): Proof => ({
  schema: "neuron.proof/1",
  at: new Date(host.now()).toISOString(),
  outcome,
  findings,
});

/** What happened counts more than that it could be written down. */
function note(host: Host, proof: Proof): Proof {
  try {
    appendRecord(host.state, JSON.stringify(proof), recordsName);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const finding: Finding = { code: "proof-not-recorded", severity: "warning", title: errorMessage(error) };
    return { ...proof, findings: [...proof.findings, finding] };
  }
  return proof;
}
