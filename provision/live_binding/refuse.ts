/**
 * Why a card cannot be taken or given back now, everything at once: rights, isolation, other drivers in its groups, and
 * whatever uses it. Only reads.
 */
import type { Detection, Gpu } from "../../model/detection.ts";
import { AppError } from "../../model/errors.ts";
import { Reading } from "../hardware/reading.ts";
import { type FunctionUse, readUses } from "../hardware/uses.ts";
import type { Host } from "../host/host.ts";
import { inspectFunction } from "../steps/vfio_binding.ts";
import { driverOf } from "./function.ts";
import { obstacleText, useHint, useText } from "./uses_text.ts";

/** @throws AppError `file-access`, `hardware-unsuitable` or `conflict`, naming everything that stands in the way */
export function refuseTaking(host: Host, gpu: Gpu, detection: Detection): void {
  const waiting = gpu.functions.filter((address) => driverOf(host, address) !== "vfio-pci");
  refuseWithoutRights(host, "take", gpu);
  refuseWithoutIsolation(host, gpu);
  const uses = readUses(new Reading(host), detection, waiting);
  if (uses.length === 0) return;
  throw new AppError("conflict", `Cannot bind ${obstacleText(uses, (address) => driverOf(host, address))}`, {
    hint: useHint(uses),
  });
}

/** @throws AppError `file-access`, or `conflict` naming the VM's process that holds the card */
export function refuseReleasing(host: Host, gpu: Gpu, detection: Detection): void {
  refuseWithoutRights(host, "release", gpu);
  const held = gpu.functions.filter((address) => driverOf(host, address) === "vfio-pci");
  const uses = readUses(new Reading(host), detection, held).filter(({ kind }) => kind === "process");
  // All functions of a card often share one group, and with it one device node.
  const texts = [...new Set(uses.map(useText))];
  if (texts.length === 0) return;
  throw new AppError("conflict", `Cannot give ${gpu.address} back to the host: ${texts.join(", ")}`, {
    hint: "Shut the VM down that has it: neuron-setup vm list shows what runs",
  });
}

/** What uses the card, as far as this process may look. */
export function usesOf(host: Host, gpu: Gpu, detection: Detection): FunctionUse[] {
  return readUses(new Reading(host), detection, gpu.functions);
}

function refuseWithoutRights(host: Host, verb: string, gpu: Gpu): void {
  if (!host.live) return;
  const why = host.whyNotWritable(`/sys/bus/pci/devices/${gpu.address}`);
  if (why === null) return;
  throw new AppError("file-access", `Cannot ${verb} ${gpu.address}: ${why} in /sys`, { hint: "Run it as root" });
}

/** The kernel's own rule (vfio_dev_viable): every other device of the groups is without a driver, a bridge or a stub's. */
function refuseWithoutIsolation(host: Host, gpu: Gpu): void {
  if (gpu.verdict === "no-iommu") {
    const [reason] = gpu.reasons;
    throw new AppError("hardware-unsuitable", `Cannot bind ${gpu.address} to vfio-pci: ${reason?.message}`, {
      hint: reason?.hint ?? "neuron-setup detect says what this machine can do",
    });
  }
  const rivals = gpu.functions.flatMap((address) => inspectFunction(host, address).rivals)
    .filter(({ address }) => !gpu.functions.includes(address));
  const names = [...new Set(rivals.map(({ address, driver }) => `${address} (driver "${driver}")`))];
  if (names.length === 0) return;
  throw new AppError(
    "hardware-unsuitable",
    `Cannot bind ${gpu.address} to vfio-pci: it cannot be separated from ${names.join(", ")} (same isolation group)`,
    { hint: "Put the card into another slot; neuron-setup detect says more" },
  );
}
