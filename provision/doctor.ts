/**
 * Looks for every known trouble of this machine: states it can be in, words its logs hold, what detect, plan, status and
 * verify say. Only reads. `knownTroubles` is the whole table, for whoever wants to look theirs up.
 */
import type { Detection } from "../model/detection.ts";
import type { Severity } from "../model/errors.ts";
import type { HostSpec } from "../model/host_spec.ts";
import type { Checked, DoctorFinding, KnownMessage, KnownState } from "./doctor/trouble.ts";
import { readEvidence } from "./doctor/evidence.ts";
import { GLASS_STATES } from "./doctor/glass_states.ts";
import { KNOWN_MESSAGES } from "./doctor/known_messages.ts";
import { Looked } from "./doctor/looked.ts";
import { type Log, type Logs, readLogs } from "./doctor/logs.ts";
import { MACHINE_STATES } from "./doctor/machine_states.ts";
import { SYSTEM_STATES } from "./doctor/system_states.ts";
import { plan, type Status, status, verify, whenToJudge } from "./engine.ts";
import { chooseGpu } from "./hardware/choose_gpu.ts";
import { TROUBLES } from "./hardware/troubles.ts";
import type { Host } from "./host/host.ts";
import { readProof } from "./proof.ts";
import { steps } from "./steps.ts";

export const KNOWN_STATES: readonly KnownState[] = [...MACHINE_STATES, ...GLASS_STATES, ...SYSTEM_STATES];

export { KNOWN_MESSAGES };

/** The document `neuron.doctor/1` of the command line contract. */
export interface Diagnosis {
  readonly schema: "neuron.doctor/1";
  /** Worst first. */
  readonly findings: readonly DoctorFinding[];
  readonly checked: readonly Checked[];
}

/** @param wish what the host is to be, as resolve() says; throws where it cannot say */
export async function diagnose(host: Host, wish: () => HostSpec): Promise<Diagnosis> {
  const looked = new Looked();
  const spec = looked.ask("wish", "what was asked for, and whether this machine can do it", wish);
  const evidence = await readEvidence(host, spec);
  looked.tell("detect", "the hardware, as neuron-setup detect sees it", cardsToo(evidence.detection));
  await lookAtEngine(host, spec, looked);
  for (const state of KNOWN_STATES) {
    const judged = state.judge(evidence);
    if ("notLooked" in judged) looked.skip(state.code, state.looks, judged.notLooked);
    else {
      const { code, severity, title, hint, source } = state;
      looked.tell(code, state.looks, judged.hits.map((hit) => ({ code, severity, title, hint, source, ...hit })));
    }
  }
  const logs = await readLogs(host);
  for (const message of KNOWN_MESSAGES) lookFor(message, logs, looked);
  return { schema: "neuron.doctor/1", findings: looked.findings(), checked: looked.checked };
}

/** Reasons against a card are findings about it; that it is ready is none. */
function cardsToo(detection: Detection): DoctorFinding[] {
  const { findings, gpus } = detection;
  // Where another card can be handed over, what is wrong with this one stops nobody.
  const gravest = chooseGpu(detection) === null ? "warning" : "info";
  const cards = gpus.flatMap(({ address, name, reasons, verdict }) =>
    reasons.filter(({ hint }) => hint !== null).map(({ code, message, hint }, index): DoctorFinding => ({
      code,
      severity: index === 0 && verdict !== "ready" ? gravest : "info",
      title: `${name}: ${message.replace(/\.$/, "")}`,
      hint: hint!,
      target: address,
      ...sourceOf(code),
    }))
  );
  return [...findings, ...cards];
}

function sourceOf(code: string): { source?: string } {
  const source = TROUBLES.find((trouble) => trouble.code === code)?.source;
  return source === undefined ? {} : { source };
}

async function lookAtEngine(host: Host, spec: HostSpec | null, looked: Looked): Promise<void> {
  await looked.askFor("status", "what earlier runs left, by the journal", () => leftovers(status(host)));
  await looked.askFor("proof", "how the last trial boot went", () => proofFindings(host));
  if (spec === null) return;
  await looked.askFor(
    "plan",
    "what stands in the way of apply",
    async () => (await plan(host, steps, spec, "host")).blockers,
  );
  await looked.askFor("verify", "whether everything Neuron set up holds", async () => {
    const isSetUp = status(host).standing.length > 0;
    return isSetUp ? await verify(host, steps, spec, whenToJudge(host)) : [];
  });
}

function leftovers({ interrupted, rebootNeeded }: Status): DoctorFinding[] {
  const found: DoctorFinding[] = [];
  if (interrupted) {
    found.push({
      code: "run-interrupted",
      severity: "warning",
      title: "The last run of neuron-setup did not come to its end",
      hint: "neuron-setup apply goes on, neuron-setup rollback takes it back.",
    });
  }
  if (rebootNeeded) {
    found.push({
      code: "reboot-needed",
      severity: "info",
      title: "What was changed works only after a reboot",
      hint: "systemctl reboot, then neuron-setup verify.",
    });
  }
  return found;
}

/** One of an earlier apply says nothing of what stands now. */
function proofFindings(host: Host): DoctorFinding[] {
  const proof = readProof(host);
  if (proof === null || Date.parse(proof.at) < (status(host).last?.atMs ?? 0)) return [];
  if (proof.outcome !== "failed" && proof.outcome !== "taken-back") return [];
  return [{
    code: "trial-boot-failed",
    severity: "warning",
    title: `The trial boot did not hold${proof.outcome === "failed" ? "" : ": everything was taken back"}`,
    hint: "Each claim that did not hold is told as well: put it right, then apply again.",
    seen: proof.at,
  }, ...proof.findings];
}

function lookFor(message: KnownMessage, logs: Logs, looked: Looked): void {
  const { code, severity, title, hint, source, where, pattern } = message;
  const what = whereWords[where];
  const seen = logs[where];
  if ("notLooked" in seen) return looked.skip(code, what, seen.notLooked);
  const hits = seen.value.flatMap(({ target, lines }: Log): DoctorFinding[] => {
    const line = lines.findLast((one) => pattern.test(one));
    if (line === undefined) return [];
    return [{ code, severity, title, hint, source, seen: line.trim(), ...(target === null ? {} : { target }) }];
  });
  looked.tell(code, what, hits);
}

export const whereWords: Readonly<Record<KnownMessage["where"], string>> = {
  kernel: "the kernel's log",
  qemu: "the VMs' logs",
  libvirt: "libvirt's log",
};

/** A row of the whole table. */
export interface KnownTrouble {
  readonly code: string;
  readonly severity?: Severity;
  readonly title: string;
  readonly hint: string;
  readonly source: string;
  /** Where it shows: a log, a state, a card. */
  readonly where: string;
  /** A line as the log holds it. */
  readonly example?: string;
}

export const knownTroubles: readonly KnownTrouble[] = [
  ...KNOWN_STATES.map(({ code, severity, title, hint, source, looks }: KnownState) => ({
    ...{ code, severity, title, hint, source },
    where: looks,
  })),
  ...KNOWN_MESSAGES.map(({ code, severity, title, hint, source, where, example }) => ({
    ...{ code, severity, title, hint, source },
    where: whereWords[where],
    example,
  })),
  ...TROUBLES.map(({ code, vendor, message, hint, source }) => ({
    ...{ code, title: message, hint, source },
    where: `cards of ${vendor}`,
  })),
];
