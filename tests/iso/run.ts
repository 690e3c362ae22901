/**
 * `deno task test:iso`: the ISO in emulated computers, from its start to an installed system that is set up. Prints a
 * table of times in seconds; ends with 1 when a case did not end as it must. The ISO must be there: deno task iso.
 *
 * usage: tests/iso/run.ts [--all | CASE …] [--iso FILE] [--disks FOLDER]
 *
 * As many cases run side by side as there are processors. Without words: bios and uefi, which cover all but LUKS.
 *
 * --disks keeps installed disks in a folder and begins with those that are there: to try again what comes after the
 * medium.
 */
import { parseArgs } from "@std/cli/parse-args";
import { ensurePackages } from "../../cli/try/packages.ts";
import { runTask } from "../../packaging/build.ts";
import { builtIso } from "../../packaging/iso.ts";
import { quick } from "../machine/layouts.ts";
import { type Case, type Place, runCase } from "./scenario.ts";

const cases: readonly Case[] = [
  {
    name: "bios",
    what: "BIOS, from a CD, to a virtio disk; then a card is handed over, proved in a trial boot, and used by a VM",
    firmware: "bios",
    medium: "cd",
    bus: "virtio",
    passthrough: quick,
  },
  {
    name: "uefi",
    what: "UEFI with Secure Boot, from a USB stick, to an NVMe disk; no card",
    firmware: "uefi-secure-boot",
    medium: "usb-stick",
    bus: "nvme",
  },
  {
    name: "luks",
    what: "BIOS, from a CD, to an encrypted disk; no card",
    firmware: "bios",
    medium: "cd",
    bus: "virtio",
    encrypted: true,
  },
];

const usual = ["bios", "uefi"];

const columns = ["installer", "installed", "wizard", "set up", "proof", "vm", "bare"];

interface Row {
  readonly name: string;
  readonly parts: ReadonlyMap<string, number>;
  readonly trouble: string | null;
}

async function row(one: Case, from: Pick<Place, "iso" | "disks">): Promise<Row> {
  const say = (words: string) => console.log(`${one.name}: ${words}`);
  say(one.what);
  const folder = await Deno.makeTempDir({ prefix: "neuron-iso-test-" });
  const parts = new Map<string, number>();
  const timed = (part: string, ms: number) => {
    parts.set(part, ms);
    say(`${part}: ${seconds(ms)} s`);
  };
  try {
    await runCase(one, { ...from, folder, timed });
    return { name: one.name, parts, trouble: null };
  } catch (error) {
    const trouble = error instanceof Error ? error.message : String(error);
    say(`FAILED: ${trouble}`);
    const kept = await Deno.makeTempFile({ prefix: `neuron-iso-${one.name}-`, suffix: ".log" });
    await Deno.copyFile(`${folder}/console.log`, kept).catch(() => {});
    say(`the console: ${kept}`);
    return { name: one.name, parts, trouble };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function print(rows: readonly Row[]): void {
  const table = [
    ["case", ...columns, ""],
    ...rows.map(({ name, parts, trouble }) => [
      name,
      ...columns.map((column) => parts.has(column) ? seconds(parts.get(column)!) : ""),
      trouble === null ? "ok" : "FAILED",
    ]),
  ];
  const widths = table[0]!.map((_, index) => Math.max(...table.map((line) => line[index]!.length)));
  console.log();
  for (const line of table) console.log(line.map((cell, index) => cell.padEnd(widths[index]!)).join("  ").trimEnd());
  console.log(
    "\ninstaller, installed: since the medium was started; wizard: from power-on of the disk; bare: the same to a login",
  );
}

const seconds = (ms: number) => (ms / 1000).toFixed(0);

await runTask(async () => {
  const words = parseArgs(Deno.args, { boolean: ["all"], string: ["iso", "disks"] });
  const iso = typeof words.iso === "string" ? words.iso : builtIso;
  await Deno.stat(iso).catch(() => {
    throw new Error(`there is no ${iso}: run deno task iso first`);
  });
  await ensurePackages(["e2fsprogs", "gcc", "ovmf", "qemu-system-x86", "qemu-utils"], console.log);
  const names = words._.map(String);
  const unknown = names.find((name) => !cases.some((one) => one.name === name));
  if (unknown !== undefined) {
    throw new Error(`no case "${unknown}"; there are: ${cases.map(({ name }) => name).join(", ")}`);
  }
  const from = typeof words.disks === "string" ? { iso, disks: words.disks } : { iso };
  const wanted = names.length === 0 ? usual : names;
  const chosen = cases.filter(({ name }) => words.all === true || wanted.includes(name));
  const rows = new Map<Case, Row>();
  const left = [...chosen];
  const work = async () => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) rows.set(one, await row(one, from));
  };
  await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, work));
  const ended = chosen.map((one) => rows.get(one)!);
  print(ended);
  if (ended.some(({ trouble }) => trouble !== null)) Deno.exit(1);
});
