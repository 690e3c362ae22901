/** `deno task bench`: every benchmark in one run, as ratios to a peer measured beside it. Asserts nothing. */
import type { BenchRow } from "./bench_row.ts";
import { bench as benchDetect } from "./detect.ts";
import { bench as benchDownload } from "./download.ts";
import { bench as benchLibvirt } from "./libvirt.ts";
import { bench as benchPackaging } from "./packaging.ts";
import { ensurePackages, hypervisorPackages } from "../../cli/try/packages.ts";

await ensurePackages([...hypervisorPackages, "python3-libvirt", "curl", "time"], (line) => console.error(line));
const rows: BenchRow[] = [];
for (const bench of [benchLibvirt, benchDetect, benchDownload, benchPackaging]) rows.push(...await bench());
const cells = rows.map((row) => [
  row.what,
  `${number(row.ours)} ${row.unit}`,
  `${number(row.theirs)} ${row.unit}`,
  row.peer,
  row.ratio.toFixed(2),
  row.wanted === undefined ? "" : `${row.ratio <= row.wanted ? "met" : "MISSED"} (at most ${row.wanted})`,
]);
const head = ["what", "ours", "theirs", "peer", "ratio", "wanted"];
const widths = head.map((word, column) => Math.max(word.length, ...cells.map((row) => row[column]!.length)));
for (const row of [head, widths.map((width) => "-".repeat(width)), ...cells]) {
  console.log(row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ").trimEnd());
}

function number(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
