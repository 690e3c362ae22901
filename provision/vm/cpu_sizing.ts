/** How many vCPUs the VM gets on this machine, what topology it sees and where they are pinned. Pure. */
import type { Detection } from "../../model/detection.ts";
import { AppError, type Finding } from "../../model/errors.ts";
import type { VmAnswers, VmSpec } from "../../model/vm_spec.ts";
import { choosePinning, CORES_LEFT_TO_HOST, coresOf, type Pinning } from "./pinning.ts";

export interface CpuSizing {
  readonly cpu: VmSpec["cpu"];
  /** NUMA node of all pinned CPUs, for the memory to be near; null when not pinned or spread. */
  readonly numaNode: number | null;
  readonly notes: readonly Finding[];
}

/** Pinning needs this many vCPUs (or all that are wanted) to be better than letting the host's scheduler choose. */
const WORTH_PINNING = 4;

/**
 * @param wanted answers over profile
 * @param given what the answers alone say: only that can be wrong
 * @param gpuNode NUMA node of the card passed through; undefined when none is
 * @throws AppError `answer-invalid` for a topology or a list of CPUs that cannot be
 */
export function sizeCpu(
  wanted: VmSpec["cpu"],
  given: VmAnswers["cpu"],
  detection: Detection,
  gpuNode: number | null | undefined,
): CpuSizing {
  const topologyGiven = given?.topology;
  const threadsOfHost = detection.cpu.topology.length || detection.cpu.threads;
  if (Array.isArray(wanted.pinning)) return withGivenPins(given, wanted.pinning, detection);

  const notes: Finding[] = [];
  const wish = given?.vcpus ?? productOf(topologyGiven) ?? wanted.vcpus;
  const pinAsked = given?.pinning === "auto" || (gpuNode !== undefined && wanted.pinning === "auto");
  const pinning = pinAsked ? largestPinning(detection, wish, gpuNode ?? null) : null;
  if (pinAsked) notes.push(pinning === null ? tooFewCores(detection) : pinned(pinning));

  const most = pinning === null ? Math.max(1, mostUnpinned(detection, threadsOfHost)) : pinning.vcpuCpus.length;
  const vcpus = Math.min(wish, most);
  if (vcpus < wish) notes.push(cut(wish, vcpus, pinning !== null, threadsOfHost));
  return {
    cpu: {
      vcpus,
      topology: topologyOf(vcpus, vcpus < wish ? undefined : topologyGiven, pinning?.threadsPerCore ?? 1),
      pinning: pinning === null ? "none" : [...pinning.vcpuCpus],
    },
    numaNode: pinning?.numaNode ?? null,
    notes,
  };
}

/** The wanted number, or the largest below it that fits and is worth it. */
function largestPinning(detection: Detection, wish: number, nearNode: number | null): Pinning | null {
  for (let vcpus = wish; vcpus >= Math.min(wish, WORTH_PINNING); vcpus--) {
    const pinning = choosePinning({ topology: detection.cpu.topology, vcpus, nearNode });
    if (pinning !== null) return pinning;
  }
  return null;
}

/** All threads but those of one core; a host of few cores shares all of them, and an unknown one cuts nothing. */
function mostUnpinned(detection: Detection, threadsOfHost: number): number {
  if (threadsOfHost === 0) return Infinity;
  const cores = coresOf(detection.cpu.topology);
  return cores.length < WORTH_PINNING ? threadsOfHost : threadsOfHost - cores[0]!.cpus.length;
}

function topologyOf(
  vcpus: number,
  given: NonNullable<VmAnswers["cpu"]>["topology"],
  threadsPerCore: number,
): VmSpec["cpu"]["topology"] {
  const sockets = given?.sockets ?? 1;
  const usual = vcpus % (sockets * threadsPerCore) === 0 ? threadsPerCore : 1;
  const threads = given?.threads ?? (given?.cores === undefined ? usual : vcpus / (sockets * given.cores));
  const cores = given?.cores ?? vcpus / (sockets * threads);
  if (sockets * cores * threads !== vcpus || !Number.isInteger(cores) || !Number.isInteger(threads)) {
    throw new AppError(
      "answer-invalid",
      `vm.cpu.topology gives ${sockets} × ${given?.cores ?? "?"} × ${given?.threads ?? "?"} ` +
        `(sockets × cores × threads), which is not the ${vcpus} of vm.cpu.vcpus`,
      { hint: "Leave vm.cpu.vcpus or vm.cpu.topology out, or make sockets × cores × threads equal to vcpus" },
    );
  }
  return { sockets, cores, threads };
}

function productOf(topology: NonNullable<VmAnswers["cpu"]>["topology"]): number | undefined {
  if (topology?.cores === undefined) return undefined;
  return (topology.sockets ?? 1) * topology.cores * (topology.threads ?? 1);
}

function withGivenPins(
  given: VmAnswers["cpu"],
  pins: readonly number[],
  detection: Detection,
): CpuSizing {
  const vcpus = given?.vcpus ?? pins.length;
  const known = new Map(detection.cpu.topology.map((thread) => [thread.cpu, thread]));
  const missing = pins.find((pin) => known.size > 0 && !known.has(pin));
  const problem = pins.length !== vcpus
    ? `names ${pins.length} CPUs for ${vcpus} vCPUs`
    : new Set(pins).size !== pins.length
    ? "names a CPU twice"
    : missing !== undefined
    ? `names CPU ${missing}, which this machine does not have`
    : null;
  if (problem !== null) {
    throw new AppError("answer-invalid", `vm.cpu.pinning ${problem}`, {
      hint: `Name one host CPU for each vCPU, or write "auto". This machine's CPUs: ${[...known.keys()].join(", ")}`,
    });
  }
  const nodes = new Set(pins.map((pin) => known.get(pin)?.numaNode));
  const left = coresOf(detection.cpu.topology).filter((core) => !core.cpus.some((cpu) => pins.includes(cpu))).length;
  const notes: Finding[] = left >= CORES_LEFT_TO_HOST || known.size === 0 ? [] : [{
    code: "pinning-leaves-host-little",
    severity: "warning",
    title: `The pinned CPUs leave the host ${left} whole ${left === 1 ? "core" : "cores"}`,
    hint: `Leave it at least ${CORES_LEFT_TO_HOST}, or disks, network and display of the VM stutter`,
  }];
  return {
    cpu: {
      vcpus,
      topology: topologyOf(vcpus, given?.topology, siblingsPerCore(pins, detection)),
      pinning: [...pins],
    },
    numaNode: nodes.size === 1 ? [...nodes][0] ?? null : null,
    notes,
  };
}

/** How many consecutive vCPUs share a core all along the list; 1 where that is not regular. */
function siblingsPerCore(pins: readonly number[], detection: Detection): number {
  const coreOf = new Map(detection.cpu.topology.map((thread) => [thread.cpu, thread.core]));
  const cores = pins.map((pin) => coreOf.get(pin));
  const width = cores.filter((core) => core !== undefined && core === cores[0]).length;
  if (width === 0 || pins.length % width !== 0) return 1;
  const regular = cores.every((core, index) => core === cores[index - index % width]) &&
    new Set(cores).size === pins.length / width;
  return regular ? width : 1;
}

function pinned(pinning: Pinning): Finding {
  return {
    code: "cpu-pinned",
    severity: "info",
    title: `The VM's ${pinning.vcpuCpus.length} vCPUs are pinned to CPUs ${
      pinning.vcpuCpus.join(", ")
    }: ${pinning.reason}`,
  };
}

function tooFewCores(detection: Detection): Finding {
  return {
    code: "cpu-not-pinned",
    severity: "info",
    title: detection.cpu.topology.length === 0
      ? "The VM's CPUs are not pinned: this machine does not show its cores"
      : `The VM's CPUs are not pinned: of ${coresOf(detection.cpu.topology).length} cores the host keeps ` +
        `${CORES_LEFT_TO_HOST}, which leaves too few`,
  };
}

function cut(wish: number, vcpus: number, isPinned: boolean, threadsOfHost: number): Finding {
  return {
    code: "vcpus-cut",
    severity: "warning",
    title: `The VM gets ${vcpus} ${vcpus === 1 ? "vCPU" : "vCPUs"} instead of ${wish}: this machine has ` +
      `${threadsOfHost} CPUs` +
      (isPinned
        ? ` and the host keeps ${CORES_LEFT_TO_HOST} cores`
        : vcpus < threadsOfHost
        ? " and the host keeps one core"
        : ""),
  };
}
