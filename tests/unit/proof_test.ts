/** What the start after an apply does with a trial. The trials that hold are in tests/integration/provision/live_test.ts. */
import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../model/errors.ts";
import { apply, isRebootNeeded } from "../../provision/engine.ts";
import { fakeHost } from "../../provision/host/fake.ts";
import type { MemoryDisk } from "../../provision/host/memory_disk.ts";
import { prove, readProof } from "../../provision/proof.ts";
import { hugepages } from "../../provision/steps/hugepages.ts";
import { trialBoot, trialPath } from "../../provision/steps/trial_boot.ts";
import { debian, spec } from "./steps/machine.ts";

const bootId = "/proc/sys/kernel/random/boot_id";

/** A machine after its apply, in the boot that made it. */
async function afterApply(extra = {}): Promise<MemoryDisk> {
  const disk = debian({ [bootId]: "first\n", ...extra });
  await apply(fakeHost(disk), { steps: [trialBoot], spec, phase: "host", origin: null, tell: () => {} });
  return disk;
}

const judged = async (disk: MemoryDisk) => {
  const proof = await prove(fakeHost(disk), {
    wish: () => ({ spec, answers: null }),
    patienceMs: 0,
    pause: () => Promise.resolve(),
    tell: () => {},
  });
  return [proof.outcome, ...proof.findings.map(({ code }) => code)];
};

const isWanted = (disk: MemoryDisk) => fakeHost(disk).stat(trialPath) !== null;

Deno.test("where no trial is wanted there is nothing to prove", async () => {
  const disk = debian();
  assertEquals(await judged(disk), ["none"]);
  assertEquals(readProof(fakeHost(disk)), null);
});

Deno.test("in the boot that made it the trial is still to come", async () => {
  const disk = await afterApply();
  assertEquals(await judged(disk), ["to-come"]);
  assertEquals(isWanted(disk), true);
});

Deno.test("a trial that GRUB started and that came to no proof is taken back, and told", async () => {
  const disk = await afterApply();
  disk.put(bootId, "second\n");
  assertEquals(await judged(disk), ["taken-back", "trial-not-finished"]);
  assertEquals(isWanted(disk), false);
  assertEquals(readProof(fakeHost(disk))?.outcome, "taken-back");
  assertEquals(await judged(disk), ["none"]);
  assertEquals(isRebootNeeded(fakeHost(disk)), false, "the old start runs already");
});

Deno.test("a trial that GRUB could not start is a choice in its menu, not a failure", async () => {
  const disk = await afterApply();
  disk.put(bootId, "second\n");
  disk.put("/boot/grub/grubenv", "next_entry=neuron-trial\n");
  assertEquals(await judged(disk), ["to-come", "trial-not-started"]);
  assertEquals(isWanted(disk), true);
});

Deno.test("claims that do not hold in the trial leave it to the next start to take them back", async () => {
  const disk = await afterApply();
  disk.put(bootId, "second\n");
  disk.put("/proc/cmdline", "ro quiet neuron.trial=1\n");
  const [outcome, ...codes] = await judged(disk);
  assertEquals([outcome, codes.includes("kernel-parameter-missing"), isWanted(disk)], ["failed", true, true]);
  disk.put(bootId, "third\n");
  disk.put("/proc/cmdline", "ro quiet\n");
  assertEquals(await judged(disk), ["taken-back", ...codes]);
});

Deno.test("where no boot loader keeps the old start, what does not hold is taken back in the same boot", async () => {
  const disk = await afterApply({ "/etc/kernelstub/configuration": "{}" });
  disk.put(bootId, "second\n");
  const [outcome, ...codes] = await judged(disk);
  assertEquals([outcome, codes.includes("kernel-parameter-missing")], ["taken-back", true]);
  assertEquals(isWanted(disk), false);
  assertEquals(isRebootNeeded(fakeHost(disk)), true, "what was taken back still runs");
});

Deno.test("a card that is gone is a claim that does not hold", async () => {
  const disk = await afterApply();
  disk.put(bootId, "second\n");
  disk.put("/proc/cmdline", "ro quiet neuron.trial=1\n");
  const proof = await prove(fakeHost(disk), {
    wish: () => {
      throw new AppError("hardware-unsuitable", "There is no card at 0000:01:00.0");
    },
    patienceMs: 0,
    pause: () => Promise.resolve(),
    tell: () => {},
  });
  assertEquals([proof.outcome, proof.findings[0]?.title], ["failed", "There is no card at 0000:01:00.0"]);
});

Deno.test("without a journal nothing can be taken back, and that is said", async () => {
  const disk = await afterApply();
  disk.put(bootId, "second\n");
  disk.unlink("/state/journal.jsonl");
  const error = await assertRejects(() => judged(disk), AppError);
  assertEquals(error.message, "Cannot take the trial boot back: the journal knows of no change");
  assertEquals(isWanted(disk), true);
});

Deno.test("what the old start has in effect all the same still needs a reboot once it is taken back", async () => {
  const disk = debian({ [bootId]: "first\n" });
  const pages = { ...spec, hugepages: { sizeKib: 1048576, pagesByNode: [{ node: 0, pages: 1 }] } } as const;
  const options = { phase: "host", origin: null, tell: () => {} } as const;
  await apply(fakeHost(disk), { steps: [hugepages, trialBoot], spec: pages, ...options });
  disk.put(bootId, "second\n");
  assertEquals(await judged(disk), ["taken-back", "trial-not-finished"]);
  assertEquals(isRebootNeeded(fakeHost(disk)), true, "pages of 1 GiB are mounted at every start");
});
