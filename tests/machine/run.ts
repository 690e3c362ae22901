/**
 * `deno task test:machine`: the product in emulated PCs, with no hand on it. Prints a table of times; ends with 1 when a
 * layout did not end as it must.
 *
 * usage: tests/machine/run.ts [--all | LAYOUT …]     without words: the one that `deno task test` runs
 */
import { systemImage } from "./image.ts";
import { layouts, quick } from "./layouts.ts";
import { productVolume } from "./product.ts";
import { runLayout } from "./scenario.ts";

interface Row {
  readonly name: string;
  readonly parts: ReadonlyMap<string, number>;
  /** What was not as it should be. */
  readonly trouble: string | null;
}

async function main(args: readonly string[]): Promise<number> {
  const chosen = args.includes("--all") ? layouts : args.length === 0 ? [quick] : args.map((name) => {
    const layout = layouts.find((one) => one.name === name);
    if (layout === undefined) throw new Error(`no layout "${name}"; there are ${layouts.map((one) => one.name)}`);
    return layout;
  });
  const { path: image, builtMs } = await systemImage(console.log);
  if (builtMs !== null) console.log(`The image was built in ${seconds(builtMs)}.`);
  const folder = await Deno.makeTempDir({ prefix: "neuron-machine-" });
  const rows: Row[] = [];
  try {
    const product = await productVolume(folder);
    for (const layout of chosen) {
      console.log(`\n${layout.name}: ${layout.what}`);
      const own = `${folder}/${layout.name}`;
      await Deno.mkdir(own);
      const parts = new Map<string, number>();
      const timed = (part: string, ms: number) => {
        parts.set(part, ms);
        console.log(`  ${part} (${seconds(ms)})`);
      };
      let trouble: string | null = null;
      try {
        await runLayout(layout, { image, product, folder: own, timed });
      } catch (error) {
        trouble = error instanceof Error ? error.message : String(error);
        console.log(`  FAILED: ${trouble}\n  the console's last words:`);
        const console_ = await Deno.readTextFile(`${own}/console.log`).catch(() => "");
        console.log(console_.split("\n").slice(-15).map((line) => `    ${line.trimEnd()}`).join("\n"));
      }
      rows.push({ name: layout.name, parts, trouble });
      await Deno.remove(own, { recursive: true });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  print(rows);
  return rows.every(({ trouble }) => trouble === null) ? 0 : 1;
}

const columns = ["start", "detect", "refused", "apply", "trial", "vm", "rollback"];

function print(rows: readonly Row[]): void {
  const table = [["layout", ...columns, "seconds", ""]];
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
