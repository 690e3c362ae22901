/**
 * Which host CPUs the vCPUs run on. Pure and deterministic: whole cores, SMT siblings together, within one last-level
 * cache or NUMA node nearest to the GPU when it fits, performance cores before efficiency cores. At least two cores
 * stay the host's, among them that of CPU 0, where the kernel does its housekeeping; emulator and I/O threads run there.
 */
import type { CpuThread } from "../../model/detection.ts";

export const CORES_LEFT_TO_HOST = 2;

export interface PinningRequest {
  readonly topology: readonly CpuThread[];
  readonly vcpus: number;
  /** NUMA node of the GPU; null where none is passed through or the machine does not say. */
  readonly nearNode: number | null;
}

export interface Pinning {
  /** Host CPU of each vCPU: threads of one core stand together. */
  readonly vcpuCpus: readonly number[];
  /** CPUs of all other cores, for emulator and I/O threads. */
  readonly hostCpus: readonly number[];
  /** What the guest shall see, so that its scheduler knows siblings. */
  readonly threadsPerCore: number;
  /** NUMA node all chosen cores lie in; null when they lie in several. */
  readonly numaNode: number | null;
  /** Where the cores lie, for people. */
  readonly reason: string;
}

export interface Core {
  readonly core: number;
  readonly numaNode: number;
  readonly l3: number;
  readonly kind: CpuThread["kind"];
  /** Sorted. */
  readonly cpus: readonly number[];
}

interface Pool {
  readonly cores: readonly Core[];
  readonly scope: "cache" | "node" | "machine";
  readonly near: boolean;
  readonly name: string;
}

/** null: this machine has too few cores to leave the host its two. */
export function choosePinning(request: PinningRequest): Pinning | null {
  const cores = coresOf(request.topology);
  const hostCore = cores.find((core) => core.cpus.includes(firstCpu(request.topology)));
  for (const kinds of [withoutEfficiencyCores, allKinds]) {
    const free = kinds(cores.filter((core) => core !== hostCore));
    for (const pool of poolsOf(cores, request.nearNode)) {
      const chosen = takeCores(pool.cores.filter((core) => free.includes(core)), request.vcpus);
      if (chosen === null || cores.length - chosen.length < CORES_LEFT_TO_HOST) continue;
      return pinningOf(cores, chosen, pool, request);
    }
  }
  return null;
}

/** Logical CPUs grouped into cores, by lowest CPU. */
export function coresOf(topology: readonly CpuThread[]): Core[] {
  const byCore = Map.groupBy(topology, (thread) => thread.core);
  return [...byCore.values()].map((threads) => {
    const { core, numaNode, l3, kind } = threads[0]!;
    return { core, numaNode, l3, kind, cpus: threads.map((thread) => thread.cpu).sort((a, b) => a - b) };
  }).sort((a, b) => a.cpus[0]! - b.cpus[0]!);
}

function firstCpu(topology: readonly CpuThread[]): number {
  return topology.reduce((lowest, thread) => Math.min(lowest, thread.cpu), Infinity);
}

function withoutEfficiencyCores(cores: readonly Core[]): readonly Core[] {
  return cores.filter((core) => core.kind !== "efficiency");
}

/** Performance cores first, so that efficiency cores are only what is missing. */
function allKinds(cores: readonly Core[]): readonly Core[] {
  return cores;
}

/** Best first: near the GPU before far, one cache before one node before the whole machine. */
function poolsOf(cores: readonly Core[], nearNode: number | null): Pool[] {
  const nodes = Map.groupBy(cores, (core) => core.numaNode);
  const caches = Map.groupBy(cores, (core) => core.l3);
  const near = (node: number) => nearNode === null || node === nearNode;
  const pools: Pool[] = [];
  for (const [l3, members] of caches) {
    pools.push({ cores: members, scope: "cache", near: near(members[0]!.numaNode), name: `last-level cache ${l3}` });
  }
  for (const [node, members] of nodes) {
    pools.push({ cores: members, scope: "node", near: near(node), name: `NUMA node ${node}` });
  }
  pools.push({ cores, scope: "machine", near: false, name: "the whole machine" });
  const scopes = ["cache", "node", "machine"];
  const hasHostCore = (pool: Pool) => pool.cores.includes(cores[0]!);
  return pools.sort((a, b) =>
    Number(a.scope === "machine") - Number(b.scope === "machine") ||
    Number(b.near) - Number(a.near) ||
    scopes.indexOf(a.scope) - scopes.indexOf(b.scope) ||
    Number(hasHostCore(a)) - Number(hasHostCore(b)) ||
    a.cores[0]!.cpus[0]! - b.cores[0]!.cpus[0]!
  );
}

/**
 * The last cores of the pool (drivers put their interrupts on the first ones) that hold the wanted number of vCPUs,
 * performance cores before efficiency cores; null when they do not fit.
 */
function takeCores(pool: readonly Core[], vcpus: number): Core[] | null {
  const preferred = [...pool].sort((a, b) =>
    Number(a.kind === "efficiency") - Number(b.kind === "efficiency") || b.cpus[0]! - a.cpus[0]!
  );
  const chosen: Core[] = [];
  let threads = 0;
  for (const core of preferred) {
    if (threads >= vcpus) break;
    chosen.push(core);
    threads += core.cpus.length;
  }
  if (threads < vcpus) return null;
  // Where widths differ, a wide core taken late can make a narrow one needless: the host gets that back.
  const needed = chosen.filter((core) => {
    const spare = threads - core.cpus.length >= vcpus;
    if (spare) threads -= core.cpus.length;
    return !spare;
  });
  return needed.sort((a, b) => a.cpus[0]! - b.cpus[0]!);
}

function pinningOf(cores: readonly Core[], chosen: readonly Core[], pool: Pool, request: PinningRequest): Pinning {
  const { vcpus, nearNode } = request;
  const widths = new Set(chosen.map((core) => core.cpus.length));
  const width = widths.size === 1 ? chosen[0]!.cpus.length : 1;
  const nodes = new Set(chosen.map((core) => core.numaNode));
  const efficiency = chosen.filter((core) => core.kind === "efficiency").length;
  return {
    vcpuCpus: chosen.flatMap((core) => core.cpus).slice(0, vcpus),
    hostCpus: cores.filter((core) => !chosen.includes(core)).flatMap((core) => core.cpus).sort((a, b) => a - b),
    // Cores of different widths, or a half used one, cannot be described to the guest: it sees plain cores.
    threadsPerCore: vcpus % width === 0 ? width : 1,
    numaNode: nodes.size === 1 ? chosen[0]!.numaNode : null,
    reason:
      `${chosen.length} whole cores in ${pool.name}${pool.near && nearNode !== null ? " nearest to the card" : ""}` +
      (efficiency === 0 ? "" : `, ${efficiency} of them efficiency cores`),
  };
}
