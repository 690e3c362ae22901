/**
 * The machine of the try-out: a copy of this one, or a machine of the tests. Its plan is made for an untouched copy and
 * rehearsed on a second one, with commands recorded instead of run. Nothing outside the folder is written.
 */
import { AppError, errorMessage } from "../../model/errors.ts";
import type { Answers } from "../../model/answers.ts";
import type { Detection } from "../../model/detection.ts";
import type { HostSpec } from "../../model/host_spec.ts";
import { apply, plan, refuse } from "../../provision/engine.ts";
import { detect } from "../../provision/hardware/detect.ts";
import { openHost } from "../../provision/host/open.ts";
import { readTrialReport, type TrialReport } from "../../provision/proof.ts";
import { type Resolution, resolve } from "../../provision/resolve.ts";
import type { Plan } from "../../provision/step.ts";
import { steps } from "../../provision/steps.ts";
import { captureInto } from "../capture_folder.ts";

export interface TriedMachine {
  readonly name: string;
  readonly detection: Detection;
  /** What the default answers mean on it; with no card where none can be handed over. */
  readonly resolution: Resolution;
  /** Of the untouched copy: what would change. */
  readPlan(): Promise<Plan>;
  readTrial(): TrialReport;
  /** How the rehearsal ended, for people. */
  readonly rehearsal: string;
}

const schemaOnly: Answers = { schema: "neuron.answers/1" };
const withoutCard: Answers = { schema: "neuron.answers/1", host: { gpu: "none" } };

/** `folder` is the try-out's own; a rehearsal that is there and still fits is kept, not made again. */
export async function openMachine(
  folder: string,
  demoHost: string | null,
  say: (line: string) => void,
): Promise<TriedMachine> {
  const untouched = `${folder}/machine`;
  await Deno.remove(untouched, { recursive: true }).catch(ignoreMissing);
  await layOut(untouched, demoHost);
  const detection = detect(openHost({ root: untouched, state: `${folder}/plan` }));
  const resolution = resolveOrWithoutCard(detection, say);
  const readPlan = async () => {
    const host = openHost({ root: untouched, state: `${folder}/plan` });
    const planned = await plan(host, steps, resolution.hostSpec, "host");
    refuse(planned.blockers);
    return planned.plan;
  };
  return {
    name: demoHost ?? detection.host.hostname ?? "this machine",
    detection,
    resolution,
    readPlan,
    readTrial: () => readTrialReport(openHost({ root: untouched, state: `${folder}/plan` })),
    rehearsal: await rehearse(folder, untouched, resolution.hostSpec, readPlan),
  };
}

async function layOut(root: string, demoHost: string | null): Promise<void> {
  if (demoHost === null) return captureInto(openHost({ root: "/", state: `${root}-state` }), root);
  const { hostNames, layOutHost } = await import("../../tests/fixtures/hosts.ts");
  if (!hostNames().includes(demoHost)) {
    throw new AppError("usage", `There is no demonstration machine "${demoHost}"`, {
      hint: `There are: ${hostNames().join(", ")}`,
    });
  }
  await layOutHost(demoHost, root);
}

/** Where no card can be handed over the try-out goes on without one and says why, as the wizard does. */
function resolveOrWithoutCard(detection: Detection, say: (line: string) => void): Resolution {
  try {
    return resolve(schemaOnly, detection);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "hardware-unsuitable") throw error;
    say(`${errorMessage(error)}. Going on without one.`);
    return resolve(withoutCard, detection);
  }
}

/** Applies the plan to a second copy. Without changes when an earlier start did so and the machine is the same. */
async function rehearse(
  folder: string,
  untouched: string,
  spec: HostSpec,
  readPlan: () => Promise<Plan>,
): Promise<string> {
  const root = `${folder}/rehearsal/root`;
  const state = `${folder}/rehearsal/state`;
  const stamp = `${folder}/rehearsal/plan`;
  try {
    const { digest } = await readPlan();
    if (await Deno.readTextFile(stamp).catch(() => "") !== digest) {
      await Deno.remove(`${folder}/rehearsal`, { recursive: true }).catch(ignoreMissing);
      await Deno.mkdir(`${folder}/rehearsal`, { recursive: true });
      await copyTree(untouched, root);
    }
    const host = openHost({ root, state });
    const { changes } = await apply(host, { steps, spec, phase: "host", origin: schemaOnly, tell: () => {} });
    await Deno.writeTextFile(stamp, digest);
    return changes === 0
      ? "Rehearsed on a copy before, and there is nothing left to change"
      : `Rehearsed on a copy: ${changes} change${changes === 1 ? "" : "s"} made, commands recorded instead of run`;
  } catch (error) {
    return `Rehearsed on a copy, which stopped: ${errorMessage(error)}`;
  }
}

async function copyTree(from: string, to: string): Promise<void> {
  const { success, stderr } = await new Deno.Command("cp", { args: ["--archive", from, to] }).output();
  if (success) return;
  throw new AppError("file-access", `Cannot copy ${from}: ${new TextDecoder().decode(stderr).trim()}`, {
    hint: "Look whether the disk is full, or give another place with --folder",
  });
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
