/**
 * The processors: model, virtualization, and which logical CPUs share a core, a last-level cache and a NUMA node.
 * Sources: Documentation/ABI/stable/sysfs-devices-system-cpu, Documentation/admin-guide/cputopology.rst, /proc/cpuinfo.
 * One file answers for all CPUs it names, so a large machine costs a read a core, not a dozen a thread.
 */
import type { CpuKind, CpuStatus, CpuThread, CpuVendor } from "../../model/detection.ts";
import type { Reading } from "./reading.ts";
import { parseCpuList, parseNatural } from "./values.ts";

const CPUS = "/sys/devices/system/cpu";
const NODES = "/sys/devices/system/node";

export function readCpu(reading: Reading, info: CpuInfo): CpuStatus {
  const topology = readTopology(reading, info);
  const count = (key: (thread: CpuThread) => number) => new Set(topology.map(key)).size;
  return {
    vendor: info.vendor,
    model: info.model,
    virtualization: info.virtualization,
    sockets: count((thread) => thread.socket),
    cores: count((thread) => thread.core),
    threads: topology.length,
    topology,
  };
}

export interface CpuInfo {
  readonly vendor: CpuVendor;
  readonly model: string | null;
  readonly virtualization: "vmx" | "svm" | null;
  /** The kernel runs below a hypervisor. */
  readonly hypervisor: boolean;
  readonly threads: readonly { readonly cpu: number; readonly socket: number; readonly coreId: number | null }[];
}

/** Pure. The blocks of x86; of another processor only the numbers are found. */
export function parseCpuInfo(text: string | null): CpuInfo {
  const threads: { cpu: number; socket: number; coreId: number | null }[] = [];
  let first: Map<string, string> | null = null;
  for (const block of (text ?? "").replaceAll("\0", "").split(/\n\s*\n/)) {
    const fields = new Map<string, string>();
    for (const line of block.split("\n")) {
      const colon = line.indexOf(":");
      if (colon > 0) fields.set(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
    }
    const cpu = parseNatural(fields.get("processor") ?? null);
    if (cpu === null) continue;
    first ??= fields;
    threads.push({
      cpu,
      socket: parseNatural(fields.get("physical id") ?? null) ?? 0,
      coreId: parseNatural(fields.get("core id") ?? null),
    });
  }
  const flags = new Set((first?.get("flags") ?? "").split(/\s+/));
  const vendorId = first?.get("vendor_id");
  return {
    vendor: vendorId === "GenuineIntel" ? "intel" : vendorId === "AuthenticAMD" ? "amd" : "other",
    model: first?.get("model name") || null,
    virtualization: flags.has("vmx") ? "vmx" : flags.has("svm") ? "svm" : null,
    hypervisor: flags.has("hypervisor"),
    threads,
  };
}

function readTopology(reading: Reading, info: CpuInfo): CpuThread[] {
  const cpus = onlineCpus(reading, info);
  const fallback = new Map(info.threads.map((thread) => [thread.cpu, thread]));
  const sockets = numberSets(cpus, (cpu) => {
    return parseCpuList(reading.text(`${CPUS}/cpu${cpu}/topology/package_cpus_list`)) ??
      parseCpuList(reading.text(`${CPUS}/cpu${cpu}/topology/core_siblings_list`)) ??
      cpus.filter((other) => fallback.get(other)?.socket === fallback.get(cpu)?.socket);
  });
  const cores = numberSets(cpus, (cpu) => {
    return parseCpuList(reading.text(`${CPUS}/cpu${cpu}/topology/core_cpus_list`)) ??
      parseCpuList(reading.text(`${CPUS}/cpu${cpu}/topology/thread_siblings_list`)) ??
      coreFromCpuInfo(cpu, fallback);
  });
  const caches = numberSets(cpus, (cpu) => {
    // index3 is the L3 on every x86; the low-power cores of some hybrids have none and share an L2.
    return parseCpuList(reading.text(`${CPUS}/cpu${cpu}/cache/index3/shared_cpu_list`)) ??
      parseCpuList(reading.text(`${CPUS}/cpu${cpu}/cache/index2/shared_cpu_list`)) ??
      cpus.filter((other) => sockets.get(other) === sockets.get(cpu));
  });
  const nodes = readNumaNodes(reading);
  const kinds = readKinds(reading, cpus, cores);
  return cpus.map((cpu) => ({
    cpu,
    core: cores.get(cpu)!,
    socket: sockets.get(cpu)!,
    numaNode: nodes.get(cpu) ?? 0,
    l3: caches.get(cpu)!,
    kind: kinds.get(cpu) ?? "uniform",
  }));
}

/** Offline CPUs have no topology and can carry nothing. */
function onlineCpus(reading: Reading, info: CpuInfo): number[] {
  const online = parseCpuList(reading.text(`${CPUS}/online`));
  if (online !== null) return online;
  const listed = (reading.list(CPUS) ?? []).map((name) => /^cpu(\d{1,6})$/.exec(name)?.[1])
    .filter((digits) => digits !== undefined).map(Number);
  const known = info.threads.length > 0 ? info.threads.map((thread) => thread.cpu) : listed;
  return [...new Set(known)].sort((a, b) => a - b);
}

function coreFromCpuInfo(
  cpu: number,
  threads: ReadonlyMap<number, { cpu: number; socket: number; coreId: number | null }>,
): number[] {
  const own = threads.get(cpu);
  if (own === undefined || own.coreId === null) return [cpu];
  return [...threads.values()].filter((other) => other.socket === own.socket && other.coreId === own.coreId)
    .map((other) => other.cpu);
}

/** Numbers disjoint sets of CPUs from 0 in the order of their first CPU; `setOf` is asked once for each set. */
function numberSets(cpus: readonly number[], setOf: (cpu: number) => readonly number[]): Map<number, number> {
  const online = new Set(cpus);
  const numbers = new Map<number, number>();
  let next = 0;
  for (const cpu of cpus) {
    if (numbers.has(cpu)) continue;
    numbers.set(cpu, next);
    for (const other of setOf(cpu)) if (online.has(other) && !numbers.has(other)) numbers.set(other, next);
    next++;
  }
  return numbers;
}

function readNumaNodes(reading: Reading): Map<number, number> {
  const nodes = new Map<number, number>();
  for (const node of nodeNumbers(reading)) {
    for (const cpu of parseCpuList(reading.text(`${NODES}/node${node}/cpulist`)) ?? []) nodes.set(cpu, node);
  }
  return nodes;
}

/** Numbers of the NUMA nodes the kernel shows, sorted. */
export function nodeNumbers(reading: Reading): number[] {
  return (reading.list(NODES) ?? []).map((name) => /^node(\d{1,4})$/.exec(name)?.[1])
    .filter((digits) => digits !== undefined).map(Number).sort((a, b) => a - b);
}

/** A core below this share of the fastest one is an efficiency core; preferred cores differ by less than a tenth. */
const EFFICIENCY_SHARE = 0.8;

/** Intel names its kinds; elsewhere (Arm, AMD's compact cores) the kernel's capacity or the top frequency tells. */
function readKinds(
  reading: Reading,
  cpus: readonly number[],
  cores: ReadonlyMap<number, number>,
): Map<number, CpuKind> {
  const performance = parseCpuList(reading.text("/sys/devices/cpu_core/cpus"));
  const efficiency = [
    ...parseCpuList(reading.text("/sys/devices/cpu_atom/cpus")) ?? [],
    ...parseCpuList(reading.text("/sys/devices/cpu_lowpower/cpus")) ?? [],
  ];
  if (performance !== null && efficiency.length > 0) {
    const isSlow = new Set(efficiency);
    return new Map(cpus.map((cpu) => [cpu, isSlow.has(cpu) ? "efficiency" : "performance"]));
  }
  for (const file of ["cpu_capacity", "cpufreq/cpuinfo_max_freq"]) {
    const speeds = new Map<number, number>();
    for (const cpu of cpus) {
      const core = cores.get(cpu)!;
      if (speeds.has(core)) continue;
      const speed = parseNatural(reading.text(`${CPUS}/cpu${cpu}/${file}`));
      if (speed === null) break;
      speeds.set(core, speed);
    }
    if (speeds.size === 0 || speeds.size < new Set(cores.values()).size) continue;
    const fastest = Math.max(...speeds.values());
    const isEfficient = (cpu: number) => speeds.get(cores.get(cpu)!)! < fastest * EFFICIENCY_SHARE;
    if (!cpus.some(isEfficient)) return new Map();
    return new Map(cpus.map((cpu) => [cpu, isEfficient(cpu) ? "efficiency" : "performance"]));
  }
  return new Map();
}
