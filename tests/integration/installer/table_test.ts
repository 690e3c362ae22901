/** The planned partition tables, really written by sfdisk: to image files, and read back as the installer reads disks. */
import { assert, assertEquals } from "@std/assert";
import type { CommandAction } from "../../../provision/installer/actions.ts";
import { type DetectedDisk, partitionTypes } from "../../../provision/installer/disk.ts";
import { identities, live } from "../../unit/installer/disks.ts";
import { describeDisk } from "../../../provision/installer/parse_disks.ts";
import { planInstallation } from "../../../provision/installer/plan.ts";
import type { InstallAnswers } from "../../../provision/installer/settings.ts";
import type { Firmware } from "../../../provision/installer/verdict.ts";

const GIB = 1024 ** 3;

async function run(argv: readonly string[], stdin = "", codes: readonly number[] = [0]): Promise<string> {
  const [program, ...args] = argv as [string, ...string[]];
  const child = new Deno.Command(program, { args, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(stdin));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const text = new TextDecoder();
  assert(codes.includes(code), `${argv.join(" ")} ended with ${code}: ${text.decode(stderr)} (apt install fdisk)`);
  return text.decode(stdout);
}

/** As readDisks() describes a disk; what blkid would see in the partitions is given. */
async function readImage(path: string, fileSystems: Readonly<Record<number, string>> = {}): Promise<DetectedDisk> {
  const size = (await Deno.stat(path)).size;
  const node = { name: "image", path, type: "disk", values: { size, "log-sec": 512 }, children: [] };
  const disk = describeDisk(node, await run(["sfdisk", "--json", path], "", [0, 1]), new Map());
  const partitions = disk.partitions.map((one) => ({ ...one, fileSystem: fileSystems[one.number] ?? null }));
  return { ...disk, partitions };
}

/** The plan's commands that change the table; the others need devices. */
async function writeTable(disk: DetectedDisk, install: InstallAnswers, firmware: Firmware): Promise<void> {
  const answers = { install: { account: { name: "ada", password: { env: "X" } }, ...install } };
  const { actions } = planInstallation({ answers, disks: [disk], system: live({ firmware }), identities });
  const isTable = (one: CommandAction) =>
    ["wipefs", "sfdisk"].includes(one.argv[0]) && !one.argv.includes("--part-label");
  for (const one of actions) {
    if (one.kind !== "command" || !isTable(one)) continue;
    const paths = one.argv.filter((word) => word === disk.path || !word.startsWith(disk.path));
    await run(paths, one.stdin !== undefined && "text" in one.stdin ? one.stdin.text : "");
  }
}

async function finish(disk: DetectedDisk, install: InstallAnswers): Promise<void> {
  const answers = { install: { account: { name: "ada", password: { env: "X" } }, ...install } };
  const { actions } = planInstallation({ answers, disks: [disk], system: live(), identities });
  for (const one of actions) {
    if (one.kind === "command" && one.argv.includes("--part-label")) await run(one.argv);
  }
}

const windowsTable = `label: gpt
start=2048, size=204800, type=${partitionTypes.esp}, name="EFI system partition"
start=206848, size=32768, type=${partitionTypes.microsoftReserved}
start=239616, size=41943040, type=EBD0A0A2-B9E5-4433-87C0-68B6B72699C7, name="Basic data partition"
`;

async function withImage(sizeBytes: number, work: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "neuron-installer-" });
  try {
    const path = `${folder}/disk.img`;
    using file = await Deno.open(path, { write: true, createNew: true });
    await file.truncate(sizeBytes);
    await work(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("sfdisk writes the whole disk as planned, the disk then says unfinished, and at the end what is where", async () => {
  await withImage(20 * GIB, async (path) => {
    const blank = await readImage(path);
    assertEquals([blank.table, blank.partitions], [null, []]);
    await writeTable(blank, {}, "bios");
    const written = await readImage(path);
    assertEquals(
      written.partitions.map(({ number, startSector, type, guid, name }) => [number, startSector, type, guid, name]),
      [
        [1, 2048, partitionTypes.biosBoot, identities.partitions.bios, "neuron-unfinished-bbbbbbbb"],
        [2, 4096, partitionTypes.esp, identities.partitions.esp, "neuron-unfinished-bbbbbbbb"],
        [3, 1052672, partitionTypes.boot, identities.partitions.boot, "neuron-unfinished-bbbbbbbb"],
        [4, 3149824, partitionTypes.root, identities.partitions.root, "neuron-unfinished-bbbbbbbb"],
      ],
    );
    // Cut here, the next start begins anew without a word about what would be lost.
    await writeTable(written, {}, "bios");
    await finish(blank, {});
    const names = (await readImage(path)).partitions.map(({ name }) => name);
    assertEquals(names, ["neuron-bios", "neuron-esp", "neuron-boot", "neuron-root"]);
  });
});

Deno.test("sfdisk adds partitions beside a Windows and leaves its own as they are, also after a cut", async () => {
  await withImage(60 * GIB, async (path) => {
    await run(["sfdisk", "--quiet", path], windowsTable);
    const fileSystems = { 1: "vfat", 3: "ntfs" };
    const before = await readImage(path, fileSystems);
    await writeTable(before, {}, "uefi");
    const cut = await readImage(path, fileSystems);
    assertEquals(cut.partitions.length, 6);
    await writeTable(cut, {}, "uefi");
    const after = await readImage(path, fileSystems);
    assertEquals(after.partitions.slice(0, 3), before.partitions);
    assertEquals(after.partitions.slice(3).map(({ number, type }) => [number, type]), [
      [4, partitionTypes.esp],
      [5, partitionTypes.boot],
      [6, partitionTypes.root],
    ]);
    assertEquals(after.table, before.table);
    await run(["sfdisk", "--verify", path]);
  });
});

Deno.test("a Windows that was given up by name is gone from the table", async () => {
  await withImage(60 * GIB, async (path) => {
    await run(["sfdisk", "--quiet", path], windowsTable);
    const before = await readImage(path, { 3: "ntfs" });
    await writeTable(before, { disk: before.path, keepWindows: false }, "uefi");
    assertEquals((await readImage(path)).partitions.map(({ type }) => type), [
      partitionTypes.biosBoot,
      partitionTypes.esp,
      partitionTypes.boot,
      partitionTypes.root,
    ]);
  });
});
