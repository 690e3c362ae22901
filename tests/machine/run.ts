/**
 * `deno task test:machine`: the product in emulated PCs, with no hand on it. Prints a table of times; ends with 1 when a
 * case did not end as it must.
 *
 * usage: tests/machine/run.ts [--all | CASE …] [--power-cuts N [--seed N]]
 *
 * Without words: the case that `deno task test` runs. --all: every layout, every sabotage and every installation.
 */
import { parseArgs } from "@std/cli/parse-args";
import { systemImage } from "./image.ts";
import { installations, runInstallation } from "./installer/scenario.ts";
import { layouts, quick } from "./layouts.ts";
import { runPowerCuts } from "./power_cuts.ts";
import { productVolume } from "./product.ts";
import { runSabotage, sabotages } from "./sabotage.ts";
import { type Bench, runLayout } from "./scenario.ts";
import { runWindows, windows } from "./windows.ts";

interface Case {
  readonly name: string;
  readonly what: string;
  /** It brings a system of its own: the PC's image need not be built for it. */
  readonly ownSystem?: true;
  run(bench: Bench): Promise<void>;
}

interface Row {
  readonly name: string;
  readonly parts: ReadonlyMap<string, number>;
  /** What was not as it should be. */
  readonly trouble: string | null;
}

const cases: readonly Case[] = [
  ...layouts.map((layout) => ({ ...layout, run: (bench: Bench) => runLayout(layout, bench) })),
  ...sabotages.map((sabotage) => ({ ...sabotage, run: (bench: Bench) => runSabotage(sabotage, bench) })),
  { ...windows, run: runWindows },
  ...installations.map((one) => ({
    ...one,
    ownSystem: true as const,
    run: (bench: Bench) => runInstallation(one, bench),
  })),
];

function powerCuts(count: number, seed: number): Case {
  const what = `${count} power cuts at random moments of apply, seed ${seed}`;
  return { name: "power-cuts", what, run: (bench) => runPowerCuts(count, seed, bench) };
}

function choose(args: readonly string[]): readonly Case[] {
  const words = parseArgs([...args], { boolean: ["all"], string: ["power-cuts", "seed"] });
  const cuts = words["power-cuts"] === undefined
    ? []
    : [powerCuts(Number(words["power-cuts"]), Number(words.seed ?? Math.floor(Math.random() * 2 ** 32)))];
  if (words.all) return [...cases, ...cuts];
  const names = words._.length === 0 && cuts.length === 0 ? [quick.name] : words._.map(String);
  return [
    ...names.map((name) => {
      const found = cases.find((one) => one.name === name);
      if (found === undefined) {
        throw new Error(`no case "${name}"; there are: ${cases.map((one) => one.name).join(", ")}`);
      }
      return found;
    }),
    ...cuts,
  ];
}

async function main(args: readonly string[]): Promise<number> {
  const chosen = choose(args);
  const needsImage = chosen.some(({ ownSystem }) => ownSystem !== true);
  const { path: image, builtMs } = needsImage ? await systemImage(console.log) : { path: "", builtMs: null };
  if (builtMs !== null) console.log(`The image was built in ${seconds(builtMs)}.`);
  const folder = await Deno.makeTempDir({ prefix: "neuron-machine-" });
  const rows: Row[] = [];
  try {
    const product = await productVolume(folder);
    for (const one of chosen) rows.push(await runCase(one, { image, product, folder: `${folder}/${one.name}` }));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  print(rows);
  return rows.every(({ trouble }) => trouble === null) ? 0 : 1;
}

async function runCase({ name, what, run }: Case, place: Omit<Bench, "timed">): Promise<Row> {
  console.log(`\n${name}: ${what}`);
  await Deno.mkdir(place.folder);
  const parts = new Map<string, number>();
  const timed = (part: string, ms: number) => {
    parts.set(part, ms);
    console.log(`  ${part} (${seconds(ms)})`);
  };
  try {
    await run({ ...place, timed });
    return { name, parts, trouble: null };
  } catch (error) {
    const trouble = error instanceof Error ? error.message : String(error);
    console.log(`  FAILED: ${trouble}\n  the console's last words:`);
    const words = await Deno.readTextFile(`${place.folder}/console.log`).catch(() => "");
    console.log(words.split("\n").slice(-15).map((line) => `    ${line.trimEnd()}`).join("\n"));
    return { name, parts, trouble };
  } finally {
    await Deno.remove(place.folder, { recursive: true });
  }
}

const columns = [
  "start",
  "detect",
  "refused",
  "apply",
  "trial",
  "vm",
  "workload",
  "rollback",
  "live",
  "install",
  "disk",
];

function print(rows: readonly Row[]): void {
  const table = [["case", ...columns, "seconds", ""]];
  for (const { name, parts, trouble } of rows) {
    const total = [...parts.values()].reduce((sum, ms) => sum + ms, 0);
    const cells = columns.map((column) => parts.has(column) ? (parts.get(column)! / 1000).toFixed(0) : "");
    table.push([name, ...cells, (total / 1000).toFixed(0), trouble === null ? "ok" : "FAILED"]);
  }
  const widths = table[0]!.map((_, index) => Math.max(...table.map((row) => row[index]!.length)));
  console.log();
  for (const row of table) console.log(row.map((cell, index) => cell.padEnd(widths[index]!)).join("  ").trimEnd());
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(0)} s`;

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    console.error(`error: ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}
