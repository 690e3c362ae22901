import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import type { CpuThread } from "../../../model/detection.ts";
import { choosePinning, CORES_LEFT_TO_HOST, coresOf } from "../../../provision/vm/pinning.ts";
import { cores } from "./machine.ts";

interface Case {
  readonly name: string;
  readonly topology: CpuThread[];
  readonly vcpus: number;
  readonly nearNode?: number;
  /** null: no pinning. */
  readonly pins: number[] | null;
  readonly threads?: number;
}

/** As Linux numbers AMD and Intel machines: first threads of all cores, then the second ones. */
function splitNumbering(
  count: number,
  shape: { l3Of?: (core: number) => number; nodeOf?: (core: number) => number } = {},
) {
  return Array.from({ length: count * 2 }, (_, cpu): CpuThread => {
    const core = cpu % count;
    return { cpu, core, socket: 0, numaNode: shape.nodeOf?.(core) ?? 0, l3: shape.l3Of?.(core) ?? 0, kind: "uniform" };
  });
}

const alderLake = [
  ...cores(8, { threads: 2, kind: "performance" }),
  ...cores(8, { firstCpu: 16, firstCore: 8, kind: "efficiency" }),
];

const cases: Case[] = [
  { name: "8 cores without SMT keep the first ones", topology: cores(8), vcpus: 4, pins: [4, 5, 6, 7], threads: 1 },
  {
    name: "8 cores with SMT, siblings side by side",
    topology: cores(8, { threads: 2 }),
    vcpus: 8,
    pins: [8, 9, 10, 11, 12, 13, 14, 15],
    threads: 2,
  },
  {
    name: "8 cores with SMT, siblings far apart",
    topology: splitNumbering(8),
    vcpus: 8,
    pins: [4, 12, 5, 13, 6, 14, 7, 15],
    threads: 2,
  },
  {
    name: "two caches: the one without CPU 0",
    topology: splitNumbering(12, { l3Of: (core) => Math.floor(core / 6) }),
    vcpus: 12,
    pins: [6, 18, 7, 19, 8, 20, 9, 21, 10, 22, 11, 23],
    threads: 2,
  },
  {
    name: "two caches, more than one holds: both",
    topology: splitNumbering(12, { l3Of: (core) => Math.floor(core / 6) }),
    vcpus: 16,
    pins: [4, 16, 5, 17, 6, 18, 7, 19, 8, 20, 9, 21, 10, 22, 11, 23],
    threads: 2,
  },
  {
    name: "two nodes: the card's, although it is the first",
    topology: splitNumbering(16, { nodeOf: (core) => Math.floor(core / 8), l3Of: (core) => Math.floor(core / 8) }),
    vcpus: 8,
    nearNode: 0,
    pins: [4, 20, 5, 21, 6, 22, 7, 23],
    threads: 2,
  },
  {
    name: "two nodes: the card's second node",
    topology: splitNumbering(16, { nodeOf: (core) => Math.floor(core / 8), l3Of: (core) => Math.floor(core / 8) }),
    vcpus: 16,
    nearNode: 1,
    pins: [8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31],
    threads: 2,
  },
  {
    name: "two nodes: the near one is too small, the far one holds it",
    topology: [...cores(4, { numaNode: 0, l3: 0 }), ...cores(8, { firstCpu: 4, firstCore: 4, numaNode: 1, l3: 1 })],
    vcpus: 6,
    nearNode: 0,
    pins: [6, 7, 8, 9, 10, 11],
    threads: 1,
  },
  {
    name: "performance cores before efficiency cores",
    topology: alderLake,
    vcpus: 12,
    pins: [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    threads: 2,
  },
  {
    name: "efficiency cores only when the others do not suffice",
    topology: alderLake,
    vcpus: 16,
    pins: [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 22, 23],
    threads: 1,
  },
  {
    name: "an odd number takes whole cores and shows plain ones",
    topology: cores(8, { threads: 2 }),
    vcpus: 5,
    pins: [10, 11, 12, 13, 14],
    threads: 1,
  },
  { name: "4 cores without SMT hold two", topology: cores(4), vcpus: 2, pins: [2, 3], threads: 1 },
  { name: "4 cores do not hold four", topology: cores(4), vcpus: 4, pins: null },
  { name: "2 cores hold nothing", topology: cores(2, { threads: 2 }), vcpus: 1, pins: null },
  { name: "an unknown machine is not pinned", topology: [], vcpus: 4, pins: null },
];

for (const { name, topology, vcpus, nearNode, pins, threads } of cases) {
  Deno.test(`choosePinning(): ${name}`, () => {
    const pinning = choosePinning({ topology, vcpus, nearNode: nearNode ?? null });
    assertEquals(pinning?.vcpuCpus ?? null, pins);
    if (pinning !== null) assertEquals(pinning.threadsPerCore, threads);
  });
}

Deno.test("choosePinning() says where the cores lie, and near the card only when there is one", () => {
  const topology = cores(8, { threads: 2 });
  assertEquals(choosePinning({ topology, vcpus: 8, nearNode: null })?.reason, "4 whole cores in last-level cache 0");
  assertStringIncludes(choosePinning({ topology, vcpus: 8, nearNode: 0 })!.reason, "nearest to the card");
});

const anyTopology = fc.array(
  fc.record({
    threads: fc.integer({ min: 1, max: 4 }),
    numaNode: fc.integer({ min: 0, max: 3 }),
    l3: fc.integer({ min: 0, max: 7 }),
    kind: fc.constantFrom<CpuThread["kind"]>("performance", "efficiency", "uniform"),
  }),
  { maxLength: 40 },
).map((list) => {
  let cpu = 0;
  return list.flatMap((core, index): CpuThread[] =>
    Array.from({ length: core.threads }, () => ({ cpu: cpu++, core: index, socket: 0, ...core }))
  );
});

Deno.test("choosePinning() on any machine: whole cores, each CPU once, two cores left, CPU 0's among them", () => {
  fc.assert(
    fc.property(anyTopology, fc.integer({ min: 1, max: 64 }), fc.option(fc.nat(3)), (topology, vcpus, nearNode) => {
      const pinning = choosePinning({ topology, vcpus, nearNode });
      if (pinning === null) return;
      assertEquals(pinning.vcpuCpus.length, vcpus);
      assertEquals(new Set(pinning.vcpuCpus).size, vcpus);
      const all = coresOf(topology);
      const used = all.filter((core) => core.cpus.some((cpu) => pinning.vcpuCpus.includes(cpu)));
      assert(all.length - used.length >= CORES_LEFT_TO_HOST);
      assert(pinning.hostCpus.includes(0));
      // Only the last core may be used in part, when the number asks for it.
      const surplus = used.flatMap((core) => core.cpus).length - vcpus;
      assert(surplus < Math.max(...used.map((core) => core.cpus.length)));
      assertEquals(
        pinning.hostCpus.toSorted(),
        all.filter((core) => !used.includes(core)).flatMap((core) => core.cpus).toSorted(),
      );
      assertEquals(vcpus % pinning.threadsPerCore, 0);
      assertEquals(
        choosePinning({ topology: topology.toReversed(), vcpus, nearNode }),
        pinning,
        "the order of the list decides nothing",
      );
    }),
  );
});

Deno.test("choosePinning() takes no efficiency core while the performance cores suffice", () => {
  fc.assert(fc.property(anyTopology, fc.integer({ min: 1, max: 16 }), (topology, vcpus) => {
    const pinning = choosePinning({ topology, vcpus, nearNode: null });
    if (pinning === null) return;
    const kindOf = new Map(topology.map((thread) => [thread.cpu, thread.kind]));
    if (!pinning.vcpuCpus.some((cpu) => kindOf.get(cpu) === "efficiency")) return;
    const strong = coresOf(topology).filter((core) => core.kind !== "efficiency" && !core.cpus.includes(0));
    const whole = coresOf(topology).length;
    const needed = leastCores(strong.map((core) => core.cpus.length), vcpus);
    assert(needed === null || whole - needed < CORES_LEFT_TO_HOST);
  }));
});

/** How many cores the choice takes: from the end of the list; null when all are too few. */
function leastCores(widths: readonly number[], vcpus: number): number | null {
  let threads = 0;
  for (const [index, width] of widths.toReversed().entries()) {
    threads += width;
    if (threads >= vcpus) return index + 1;
  }
  return null;
}
