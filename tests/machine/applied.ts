/**
 * A PC on which apply ran to its end and which was then switched off: its next start is the trial. Made once in a run;
 * what begins from it gets a disk of its own over it.
 */
import type { Layout } from "./layouts.ts";
import { applyAll, type Bench, prepare, startPc } from "./scenario.ts";
import { type PcState, readState } from "./state_of_pc.ts";

export interface AppliedPc {
  readonly disk: { readonly path: string; readonly format: "qcow2" };
  /** As it was before apply. */
  readonly before: PcState;
}

export class AppliedOnce {
  readonly #layout: Layout;
  readonly #before: string;
  #made: Promise<AppliedPc> | null = null;

  /** @param before done by the person before Neuron came */
  constructor(layout: Layout, before: string) {
    this.#layout = layout;
    this.#before = before;
  }

  /** @param folder one that stays as long as anything begins from it */
  from(bench: Bench, folder: string): Promise<AppliedPc> {
    return this.#made ??= this.#make({ ...bench, folder });
  }

  async #make(bench: Bench): Promise<AppliedPc> {
    await Deno.mkdir(bench.folder, { recursive: true });
    await using pc = await startPc(this.#layout, bench);
    await pc.read(this.#before, 120);
    const before = await readState(pc);
    await prepare(pc, this.#layout);
    await applyAll(pc);
    await pc.shutDown();
    return { disk: { path: `${bench.folder}/system.qcow2`, format: "qcow2" }, before };
  }
}
