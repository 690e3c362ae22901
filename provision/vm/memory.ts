/**
 * How much of the host's memory a VM may have, and on which pages it lies. Pure.
 *
 * The host keeps a reserve: a quarter of its memory, at least 2 and at most 8 GiB. Huge pages are taken from the host
 * for good, whether the VM runs or not, so they never reach into the reserve.
 */
import type { MemoryStatus } from "../../model/detection.ts";
import type { HugepagesSpec } from "../../model/host_spec.ts";
import type { PageSize } from "../../model/vm_spec.ts";

const KIB_PER_MIB = 1024;
const MIB_PER_GIB = 1024;

export const PAGE_SIZE_KIB = { "2M": 2048, "1G": 1048576 } as const;

/** What the host keeps, in MiB. */
function hostReserveMib(totalMib: number): number {
  return Math.min(8 * MIB_PER_GIB, Math.max(2 * MIB_PER_GIB, Math.floor(totalMib / 4)));
}

/**
 * The most a VM may have, in MiB, or null when the host's size is unknown. Rounded down, to whole GiB where there are
 * some, so that it does not move with the few KiB by which kernels differ in what they count as memory.
 */
export function largestVmMib(memory: MemoryStatus): number | null {
  if (memory.totalKib <= 0) return null;
  const totalMib = Math.floor(memory.totalKib / KIB_PER_MIB);
  const free = totalMib - hostReserveMib(totalMib);
  const step = free >= 4 * MIB_PER_GIB ? MIB_PER_GIB : 128;
  return Math.max(128, Math.floor(free / step) * step);
}

/** Whether the kernel offers pages of this size; a machine that lists none is unknown, not unable. */
export function offersPageSize(memory: MemoryStatus, size: "2M" | "1G"): boolean | null {
  if (memory.hugepages.length === 0) return null;
  return memory.hugepages.some((pages) => pages.sizeKib === PAGE_SIZE_KIB[size]);
}

/** 1 GiB pages where the CPU has them and the memory is a multiple, else 2 MiB, else none. */
export function choosePageSize(memory: MemoryStatus, vmMib: number): PageSize {
  if (offersPageSize(memory, "1G") === true && vmMib % MIB_PER_GIB === 0) return "1G";
  if (offersPageSize(memory, "2M") === true && vmMib % 2 === 0) return "2M";
  return "none";
}

/**
 * Pages for one VM: on the NUMA node of its CPUs when that node keeps its share of the reserve, else on all nodes in
 * proportion to their size.
 * @param vmMib a multiple of the page size
 */
export function placePages(
  memory: MemoryStatus,
  vmMib: number,
  size: "2M" | "1G",
  nearNode: number | null,
): HugepagesSpec {
  const sizeKib = PAGE_SIZE_KIB[size];
  const pages = vmMib * KIB_PER_MIB / sizeKib;
  const nodes = memory.numaNodes.filter((node) => node.totalKib > 0);
  if (nodes.length <= 1) return { sizeKib, pagesByNode: [{ node: nodes[0]?.node ?? 0, pages }] };
  const near = nodes.find((node) => node.node === nearNode);
  const reserveKib = hostReserveMib(Math.floor(memory.totalKib / KIB_PER_MIB)) * KIB_PER_MIB / nodes.length;
  if (near !== undefined && near.totalKib - reserveKib >= vmMib * KIB_PER_MIB) {
    return { sizeKib, pagesByNode: [{ node: near.node, pages }] };
  }
  return { sizeKib, pagesByNode: inProportion(nodes, pages) };
}

/** Largest remainder goes to the node listed first, so that the sum is exact. */
function inProportion(
  nodes: MemoryStatus["numaNodes"],
  pages: number,
): { readonly node: number; readonly pages: number }[] {
  const totalKib = nodes.reduce((sum, node) => sum + node.totalKib, 0);
  let left = pages;
  const shares = nodes.map((node) => {
    const share = Math.min(left, Math.floor(pages * node.totalKib / totalKib));
    left -= share;
    return { node: node.node, pages: share };
  });
  return shares.map((share, index) => index === 0 ? { ...share, pages: share.pages + left } : share)
    .filter((share) => share.pages > 0);
}
