/** One line of the benchmark's table: what we take, what a peer takes for the same, in one run on one machine. */
export interface BenchRow {
  what: string;
  /** Median, in the unit. */
  ours: number;
  /** Who it is compared with. */
  peer: string;
  theirs: number;
  unit: "ms" | "bytes";
  /** ours / theirs: below 1 we are faster. */
  ratio: number;
  /** The ratio that we want at most. */
  wanted?: number;
}

/** Runs the two in turn, so that a slow moment of the machine is shared, and compares their medians. */
export async function compare(
  what: string,
  peer: string,
  ours: () => Promise<number>,
  theirs: () => Promise<number>,
  options: { runs?: number; wanted?: number } = {},
): Promise<BenchRow> {
  const { runs = 7, wanted } = options;
  const times = { ours: [] as number[], theirs: [] as number[] };
  await ours();
  await theirs();
  for (let run = 0; run < runs; run++) {
    times.ours.push(await ours());
    times.theirs.push(await theirs());
  }
  const row = { ours: median(times.ours), theirs: median(times.theirs) };
  return { what, peer, unit: "ms", ...row, ratio: row.ours / row.theirs, ...(wanted === undefined ? {} : { wanted }) };
}

/** How long it takes, in ms. */
export async function timed(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
