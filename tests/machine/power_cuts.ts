/**
 * Power cuts: apply runs, QEMU is killed at a random moment with what its disk's cache held, the PC is switched on
 * again. It must boot by itself, a second apply must finish the work, and rollback must bring everything back.
 * The moments come from a seed, so that a run can be repeated.
 */
import { quick } from "./layouts.ts";
import type { Pc } from "./pc.ts";
import { answersPath, mustEnd } from "./product_commands.ts";
import { applyAll, type Bench, prepare, startPc, stopwatch } from "./scenario.ts";
import { assertSameState, type PcState, readState } from "./state_of_pc.ts";

/** @throws Error that says which cut was not survived, and how */
export async function runPowerCuts(count: number, seed: number, bench: Bench): Promise<void> {
  const random = randomFrom(seed);
  const parts = stopwatch(bench);
  await using pc = await startPc(quick, bench);
  await prepare(pc, quick);
  const before = await readState(pc);
  parts("start");
  const startedMs = performance.now();
  await applyAll(pc);
  const wholeMs = performance.now() - startedMs;
  await takeBack(pc, before);
  parts("without a cut");
  for (let round = 1; round <= count; round++) {
    const cutMs = random() * wholeMs;
    await startCutAndFinish(pc, cutMs).catch((error) => {
      throw new Error(`power cut ${round}, ${(cutMs / 1000).toFixed(1)} s after apply began (seed ${seed}): ${error}`);
    });
    await takeBack(pc, before);
    parts(`cut ${round} after ${(cutMs / 1000).toFixed(1)} s`);
  }
  await pc.shutDown();
}

async function startCutAndFinish(pc: Pc, cutMs: number): Promise<void> {
  const applied = mustEnd(pc, `apply --answers ${answersPath} --yes`, [3], 300).catch(() => {});
  await Promise.race([applied, new Promise((resolve) => setTimeout(resolve, cutMs))]);
  await pc.cutPower();
  await applied;
  await pc.start();
  await applyAll(pc);
}

/** Not yet rebooted into: only the files must be as before. */
async function takeBack(pc: Pc, before: PcState): Promise<void> {
  await mustEnd(pc, "rollback --yes", [0, 3], 120);
  const { files } = await readState(pc);
  assertSameState({ ...before, files }, before);
}

/** mulberry32: 32 bits of state are plenty for moments. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ state >>> 15, state | 1);
    mixed ^= mixed + Math.imul(mixed ^ mixed >>> 7, mixed | 61);
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32;
  };
}
