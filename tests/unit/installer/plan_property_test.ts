import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type DetectedDisk, partitionTypes } from "../../../provision/installer/disk.ts";
import { type InstallPlan, planInstallation } from "../../../provision/installer/plan.ts";
import { actionWords } from "../../../provision/installer/plan_text.ts";
import { judgeDisks } from "../../../provision/installer/verdict.ts";
import { account, blankDisk, GIB, identities, live, MIB, part } from "./disks.ts";

interface Piece {
  readonly gapKib: number;
  readonly sizeKib: number;
  readonly kind: "windows" | "linux" | "unfinished" | "esp";
}

/** Sizes in KiB, so that partitions begin and end where no MiB does; numbers in any order, as years of use leave them. */
const pieces = fc.array(
  fc.record({
    gapKib: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 40 * 1024 * 1024 })),
    sizeKib: fc.integer({ min: 4, max: 60 * 1024 * 1024 }),
    kind: fc.constantFrom<Piece["kind"]>("windows", "linux", "unfinished", "esp"),
  }),
  { maxLength: 8 },
);

function diskOf(list: readonly Piece[], behindKib: number, sectorBytes: number): DetectedDisk {
  const perKib = (kib: number) => Math.ceil(kib * 1024 / sectorBytes);
  let at = perKib(1024);
  const partitions = list.map(({ gapKib, sizeKib, kind }, index) => {
    const startSector = at + perKib(gapKib);
    at = startSector + perKib(sizeKib);
    const changes = {
      windows: { fileSystem: "ntfs" },
      linux: { fileSystem: "ext4" },
      unfinished: { name: "neuron-unfinished-12345678", type: partitionTypes.root },
      esp: { fileSystem: "vfat", type: partitionTypes.esp },
    }[kind];
    // 7 is coprime to the possible counts: every number once.
    const number = (index * 7) % 64 + 1;
    return {
      ...part(number, 0, 0, changes, { path: "/dev/sda", sectorBytes }),
      startSector,
      sizeSectors: at - startSector,
    };
  });
  const sizeBytes = Math.ceil((at + perKib(behindKib)) * sectorBytes / MIB + 1) * MIB;
  const lastSector = sizeBytes / sectorBytes - 34;
  return blankDisk({
    sizeBytes,
    sectorBytes,
    table: { kind: "gpt", firstSector: perKib(1024), lastSector },
    partitions,
  });
}

const machines = fc.record({
  disk: fc.tuple(pieces, fc.integer({ min: 0, max: 100 * 1024 * 1024 }), fc.constantFrom(512, 4096))
    .map(([list, behind, sector]) => diskOf(list, behind, sector)),
  keepWindows: fc.boolean(),
});

/** Null where the disk is refused: then there is no plan that could touch anything. */
function planOf(disk: DetectedDisk, keepWindows: boolean): InstallPlan | null {
  const wish = { disk: "/dev/sda", keepWindows };
  if (judgeDisks([disk], "uefi", wish)[0]!.place === null) return null;
  const install = { account, ...wish };
  return planInstallation({ answers: { install }, disks: [disk], system: live(), identities });
}

Deno.test("partitions are aligned, inside the disk, and overlap neither each other nor what is kept", () => {
  let planned = 0;
  fc.assert(fc.property(machines, ({ disk, keepWindows }) => {
    const plan = planOf(disk, keepWindows);
    if (plan === null) return;
    planned++;
    const perMib = MIB / disk.sectorBytes;
    const kept = disk.partitions.filter(({ path }) => plan.kept.some((words) => words.startsWith(`${path},`)));
    const all = [...kept, ...plan.partitions].map((
      { startSector, sizeSectors },
    ) => [startSector, startSector + sizeSectors])
      .sort((a, b) => a[0]! - b[0]!);
    for (const [index, [, end]] of all.entries()) assert(end! <= (all[index + 1]?.[0] ?? Infinity), "two overlap");
    for (const { startSector, sizeSectors } of plan.partitions) {
      assertEquals([startSector % perMib, sizeSectors % perMib], [0, 0]);
      assert(sizeSectors > 0 && startSector + sizeSectors <= disk.sizeBytes / disk.sectorBytes - 33);
    }
    const root = plan.partitions.at(-1)!;
    assert(root.role === "root" && root.sizeSectors * disk.sectorBytes >= 8 * GIB);
    const numbers = [...kept, ...plan.partitions].map(({ number }) => number);
    assertEquals(new Set(numbers).size, numbers.length);
  }));
  assert(planned > 20, `only ${planned} machines had a plan: the property says nothing`);
});

Deno.test("where something is kept, no command but the appending one names the disk's old partitions or wipes", () => {
  let kept = 0;
  fc.assert(
    fc.property(machines, ({ disk }) => {
      const plan = planOf(disk, true);
      if (plan === null || plan.place.kind === "whole-disk") return;
      kept++;
      const words = plan.actions.filter(({ kind }) => kind === "command").map(actionWords);
      for (const { path, name } of disk.partitions) {
        if (name === null) assert(!words.some((line) => line.split(" ").includes(path)), path);
      }
      assert(!words.some((line) => /^(wipefs|sfdisk .*--wipe )/.test(line)));
      const deleted = words.find((line) => line.startsWith("sfdisk --quiet --delete "))?.split(" ").slice(4) ?? [];
      const unfinished = disk.partitions.filter(({ name }) => name !== null).map(({ number }) => `${number}`);
      assertEquals(deleted, unfinished);
      assertEquals(plan.kept.length, disk.partitions.length - unfinished.length);
    }),
    { numRuns: 300 },
  );
  assert(kept > 20, `only ${kept} machines kept something: the property says nothing`);
});
