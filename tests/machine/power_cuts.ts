/**
 * Power cuts: apply runs, QEMU is killed at a random moment with what its disk's cache held, the PC is switched on
 * again. It must boot by itself; the apply after that is cut as well, or must finish the work; then rollback must bring
 * everything back. So half of the cuts meet an apply that takes up what an earlier one left. Only moments at which apply
 * was at work count. The moments come from a seed, so that a run can be repeated.
 */
import { quick } from "./layouts.ts";
import type { Pc } from "./pc.ts";
import { answersPath, mustEnd, neuron } from "./product_commands.ts";
import { applyAll, type Bench, prepare, startPc, stopwatch } from "./scenario.ts";
import { assertSameState, type PcState, readState } from "./state_of_pc.ts";

/** Between two that finish: one alone would never meet the remains of two. */
const MOST_CUTS_OF_ONE_APPLY = 3;

/** @throws Error that says which cut was not survived, and how */
export async function runPowerCuts(count: number, seed: number, bench: Bench): Promise<void> {
  const random = randomFrom(seed);
  const parts = stopwatch(bench);
  await using pc = await startPc(quick, bench);
  await prepare(pc, quick);
  const before = await readState(pc);
  parts("start");
  let wholeMs = await measureApply(pc);
  await takeBack(pc, before);
  parts("without a cut");
  for (let cut = 0; cut < count;) {
    const wanted = Math.min(count - cut, 1 + Math.floor(random() * MOST_CUTS_OF_ONE_APPLY));
    const moments: string[] = [];
    try {
      while (moments.length < wanted) {
        const afterMs = random() * wholeMs;
        const endedMs = await cutOrEnd(pc, afterMs);
        if (endedMs !== null) {
          // How long an apply takes swings with the machine that emulates: the last whole one counts.
          if (moments.length === 0) wholeMs = endedMs;
          break;
        }
        moments.push(`${(afterMs / 1000).toFixed(1)} s`);
        await pc.start();
      }
      await applyAll(pc);
      await takeBack(pc, before);
    } catch (error) {
      const last = cut + moments.length;
      throw new Error(`power cut ${last}, after ${moments.join(" and ")} of apply (seed ${seed}): ${error}`);
    }
    cut += moments.length;
    parts(`${cut} of ${count} cuts: after ${moments.join(" and ") || "the end"}`);
  }
  await pc.shutDown();
}

/** How long an apply takes that nobody disturbs; the plan after it is empty. */
async function measureApply(pc: Pc): Promise<number> {
  const startedMs = performance.now();
  await mustEnd(pc, `apply --answers ${answersPath} --yes`, [3], 300);
  const tookMs = performance.now() - startedMs;
  await applyAll(pc);
  return tookMs;
}

/** Pulls the plug so long after apply began: null. Or, when apply had ended by then, how long it took; the PC runs. */
async function cutOrEnd(pc: Pc, afterMs: number): Promise<number | null> {
  const startedMs = performance.now();
  const { promise: moment, resolve } = Promise.withResolvers<"now">();
  const timer = setTimeout(() => resolve("now"), afterMs);
  const applied = neuron(pc, `apply --answers ${answersPath} --yes`, 300).catch(() => null);
  const first = await Promise.race([applied, moment]);
  clearTimeout(timer);
  if (first !== "now") {
    if (first?.code !== 3) throw new Error(`apply ended with ${first?.code}:\n${first?.stdout}${first?.stderr}`);
    return performance.now() - startedMs;
  }
  await pc.cutPower();
  await applied;
  return null;
}

/** Not yet rebooted into: only what is written must be as before. */
async function takeBack(pc: Pc, before: PcState): Promise<void> {
  await mustEnd(pc, "rollback --yes", [0, 3], 120);
  const { files, accounts, bootVariables } = await readState(pc);
  assertSameState({ ...before, files, accounts, bootVariables }, before);
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
