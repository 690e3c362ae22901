/** What happens in every PC, with no hand on it: from its first start to being as it was before. */
import { assert, assertEquals } from "@std/assert";
import { until } from "./deadline.ts";
import type { HandedOver, Layout, Moved } from "./layouts.ts";
import { assertVmHasCard, assertVmRefused, smallVm } from "./nested_vm.ts";
import { type Commands, patient, Pc, type PcOptions } from "./pc.ts";
import { answersPath, assertRefusal, mustEnd, neuron } from "./product_commands.ts";
import { assertSameState, type PcState, putFile, readState } from "./state_of_pc.ts";
import { tool } from "./tool.ts";

/** What a run needs of the build machine. */
export interface Bench {
  readonly image: string;
  readonly product: string;
  /** For this run alone. */
  readonly folder: string;
  /** Called at the end of each part. */
  timed(part: string, ms: number): void;
}

/** Runs a layout to its end. @throws Error that says what was not as it should be */
export async function runLayout(layout: Layout, bench: Bench): Promise<void> {
  const parts = stopwatch(bench);
  await using pc = await startPc(layout, bench);
  if (layout.before !== undefined) {
    await pc.read(layout.before.words, 120);
    if (layout.before.reboot) await pc.reboot();
  }
  parts("start");
  const before = await readState(pc);
  await prepare(pc, layout);
  await assertDetects(pc, layout);
  parts("detect");
  const { ends } = layout;
  if (ends.kind === "refused") {
    const refused = await neuron(pc, `apply --answers ${answersPath} --yes`);
    assertRefusal(refused, ends.exit, ends.says);
    assertSameState(await readState(pc), before);
    parts("refused");
    await pc.shutDown();
    return;
  }
  await applyAll(pc);
  parts("apply");
  await pc.reboot();
  const { outcome, text } = await trialEnd(pc);
  parts("trial");
  assertEquals(outcome, "proved", text);
  await assertHandedOver(pc, ends.card);
  for (const words of ends.also ?? []) await pc.read(words);
  await assertStays(pc, ends.stays ?? {});
  await assertVmHasCard(pc, ends.card.card);
  await assertHandedOver(pc, ends.card);
  if (ends.vmRefused !== undefined) {
    await pc.read(ends.vmRefused.after);
    await assertVmRefused(pc, ends.vmRefused.says);
  }
  parts("vm");
  const back = ends.moves === undefined ? before : { ...before, drivers: await moveCard(pc, ends.moves) };
  await rollBack(pc, back);
  parts("rollback");
  await pc.shutDown();
}

/** A PC with a disk of its own that begins as the image. */
export async function startPc(layout: Layout, { folder, image, product }: Bench): Promise<Pc> {
  const disk = await diskOver({ path: image, format: "raw" }, folder);
  const pc = new Pc({ hardware: layout.hardware, folder, disk, product });
  await pc.start();
  return pc;
}

type Disk = PcOptions["disk"];

/** A disk that begins as another one, which stays as it is. */
export async function diskOver({ path, format }: Disk, folder: string): Promise<Disk> {
  const disk = `${folder}/system.qcow2`;
  await tool("qemu-img", ["create", "-q", "-f", "qcow2", "-b", path, "-F", format, disk], "qemu-utils");
  return { path: disk, format: "qcow2" };
}

/** The answers a person would have given. */
export async function prepare(pc: Pc, { answers }: Layout): Promise<void> {
  const host = { hugepages: "none", ...answers.host };
  const document = { schema: "neuron.answers/1", host, vm: { ...smallVm, ...answers.vm } };
  await putFile(pc, answersPath, JSON.stringify(document));
}

/** Tells how long each part took. */
export function stopwatch({ timed }: Bench): (part: string) => void {
  let sinceMs = performance.now();
  return (part) => {
    timed(part, performance.now() - sinceMs);
    sinceMs = performance.now();
  };
}

async function assertDetects(pc: Pc, { detects }: Layout): Promise<void> {
  const seen = JSON.parse(await mustEnd(pc, "detect --json", [0]));
  for (const [address, verdict] of Object.entries(detects.verdicts)) {
    const gpu = seen.gpus.find((one: { address: string }) => one.address === address);
    assertEquals(gpu?.verdict, verdict, `verdict of ${address}: ${JSON.stringify(seen.gpus, null, 1)}`);
  }
  const codes = seen.findings.map((finding: { code: string }) => finding.code);
  for (const code of detects.findings ?? []) assert(codes.includes(code), `${code} is not among ${codes}`);
}

/** apply, and nothing is left to do then. */
export async function applyAll(pc: Pc): Promise<void> {
  await mustEnd(pc, `apply --answers ${answersPath} --yes --json`, [3], 300);
  const plan = JSON.parse(await mustEnd(pc, `plan --answers ${answersPath} --json`, [0]));
  const changes = plan.steps.flatMap((step: { changes: unknown[] }) => step.changes);
  assertEquals(changes, [], "a second plan must be empty");
}

/**
 * Waits until the trial boot has ended, whichever way, and the PC stands still.
 * @param everyMs each look is a process in the PC, which has something else to do
 */
export async function trialEnd(pc: Commands, everyMs = 2000): Promise<{ outcome: string; text: string }> {
  return await until(patient(400), "the trial boot is proved or taken back", async () => {
    try {
      const records = await pc.run("cat /var/lib/neuron/proofs.jsonl");
      const last = records.stdout.trim().split("\n").at(-1) ?? "";
      const outcome = last === "" ? "" : JSON.parse(last).outcome;
      return outcome === "proved" || outcome === "taken-back" ? { outcome, text: records.stdout } : null;
    } catch {
      return null; // It is just rebooting.
    }
  }, everyMs);
}

async function driverOf(pc: Commands, address: string): Promise<string> {
  return (await pc.read(`basename "$(readlink /sys/bus/pci/devices/${address}/driver)"`)).trim();
}

/** Every claim holds, vfio-pci has every function, and no time is counted any more. */
export async function assertHandedOver(pc: Commands, { card, at }: HandedOver): Promise<void> {
  await mustEnd(pc, "verify", [0]);
  assertEquals((await pc.run("systemctl is-active neuron-proof-deadline.timer")).stdout.trim(), "inactive");
  for (const index of card.functions.keys()) assertEquals(await driverOf(pc, `${at}.${index}`), "vfio-pci");
}

async function assertStays(pc: Pc, drivers: Readonly<Record<string, string>>): Promise<void> {
  for (const [address, driver] of Object.entries(drivers)) assertEquals(await driverOf(pc, address), driver);
}

/** Puts the card elsewhere, and gives the drivers that the machine has then, before rollback as after it. */
async function moveCard(pc: Pc, { to, says, stays }: Moved): Promise<readonly string[]> {
  await pc.shutDown();
  pc.rebuild(to);
  await pc.start();
  assertRefusal(await neuron(pc, "verify"), 1, [says]);
  await assertStays(pc, stays);
  return (await readState(pc)).drivers;
}

async function rollBack(pc: Pc, before: PcState): Promise<void> {
  await mustEnd(pc, "rollback --yes", [3], 120);
  await pc.reboot();
  assertSameState(await readState(pc), before);
}
