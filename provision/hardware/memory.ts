/**
 * Memory, NUMA nodes and huge pages. Sources: Documentation/filesystems/proc.rst (meminfo),
 * Documentation/admin-guide/mm/hugetlbpage.rst.
 */
import type { MemoryStatus } from "../../model/detection.ts";
import { nodeNumbers } from "./cpu.ts";
import type { Reading } from "./reading.ts";
import { parseMeminfo, parseNatural } from "./values.ts";

const HUGEPAGES = "/sys/kernel/mm/hugepages";

export function readMemory(reading: Reading): MemoryStatus {
  const info = parseMeminfo(reading.text("/proc/meminfo"));
  const totalKib = info.get("MemTotal") ?? 0;
  const freeKib = (info.get("MemFree") ?? 0) + (info.get("Cached") ?? 0) + (info.get("Buffers") ?? 0);
  return {
    totalKib,
    availableKib: info.get("MemAvailable") ?? Math.min(freeKib, totalKib),
    numaNodes: readNodes(reading, totalKib),
    hugepages: readHugepages(reading),
  };
}

/** A machine that shows no nodes is one node. */
function readNodes(reading: Reading, totalKib: number): { node: number; totalKib: number }[] {
  const nodes = nodeNumbers(reading).map((node) => ({
    node,
    totalKib: parseMeminfo(reading.text(`/sys/devices/system/node/node${node}/meminfo`)).get("MemTotal") ?? 0,
  }));
  return nodes.some((node) => node.totalKib > 0) ? nodes : [{ node: 0, totalKib }];
}

function readHugepages(reading: Reading): { sizeKib: number; total: number; free: number }[] {
  const sizes = (reading.list(HUGEPAGES) ?? []).map((name) => /^hugepages-(\d{1,9})kB$/.exec(name)?.[1])
    .filter((digits) => digits !== undefined).map(Number).sort((a, b) => a - b);
  return sizes.map((sizeKib) => {
    const count = (file: string) => parseNatural(reading.text(`${HUGEPAGES}/hugepages-${sizeKib}kB/${file}`)) ?? 0;
    return { sizeKib, total: count("nr_hugepages"), free: count("free_hugepages") };
  });
}
