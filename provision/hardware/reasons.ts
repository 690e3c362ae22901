/**
 * The sentences behind a verdict: what is so, in words a person understands, naming the devices, and what to do.
 * Pure; decides nothing. The first reason explains the verdict, the others are worth knowing before choosing the card.
 */
import type { Detection, GpuReason, PciDevice } from "../../model/detection.ts";
import { firmwareSetup, firmwareWords } from "./firmware_words.ts";
import type { JudgedGpu } from "./gpu.ts";
import { isManagementChip, isVirtualDisplay } from "./gpu_kinds.ts";
import { iommuCure, iommuState, leavesOutOwnGraphics } from "./iommu_state.ts";
import { troublesOf } from "./troubles.ts";

/** All that was read, before the cards are judged. */
export type Machine = Omit<Detection, "schema" | "gpus" | "findings">;

export function reasonsOf(gpu: JudgedGpu, all: readonly JudgedGpu[], machine: Machine): GpuReason[] {
  const device = machine.pci.find((candidate) => candidate.address === gpu.address);
  if (device === undefined) return [];
  const reasons = [verdictReason(gpu, device, all, machine)];
  if (!isVirtualDisplay(device) && !isManagementChip(device)) reasons.push(...cautions(gpu, device, all, machine));
  return reasons;
}

function verdictReason(gpu: JudgedGpu, device: PciDevice, all: readonly JudgedGpu[], machine: Machine): GpuReason {
  switch (gpu.verdict) {
    case "no-iommu":
      return noIommu(gpu, machine);
    case "shared-group":
      return sharedGroup(gpu, machine);
    case "only-gpu":
      return onlyGpu(gpu, device, all, machine);
    case "ready":
      if (isVirtualDisplay(device) || isManagementChip(device)) {
        return reason(
          "ready",
          "Nothing else shares its isolation group, but Windows would gain nothing from such a display.",
        );
      }
      return reason("ready", "Nothing else shares its isolation group, so it can be handed to a virtual machine.");
  }
}

function noIommu(gpu: JudgedGpu, machine: Machine): GpuReason {
  switch (iommuState(machine)) {
    case "on":
      if (gpu.integrated && leavesOutOwnGraphics(machine)) {
        return reason(
          "no-group",
          "The kernel isolates other devices and leaves the processor's own graphics out: it is in no isolation (IOMMU) group.",
          "Start the kernel with intel_iommu=on (and without igfx_off or intgpu_off), then look again.",
        );
      }
      return reason(
        "no-group",
        "The machine isolates other devices, but not this one: it is in no isolation (IOMMU) group.",
        "Use another slot, or another card.",
      );
    case "off-in-kernel":
      return reason(
        "iommu-off-in-kernel",
        "The machine has an IOMMU, the part that keeps a handed-over card inside its VM, but it is not in use.",
        iommuCure(machine),
      );
    case "absent":
      return reason(
        "iommu-absent",
        "No IOMMU is to be seen, the part that keeps a handed-over card inside its VM: it is switched off, or there is none.",
        iommuCure(machine),
      );
  }
}

function sharedGroup(gpu: JudgedGpu, machine: Machine): GpuReason {
  const [first, ...rest] = gpu.conflicts.map((address) => describeDevice(address, machine));
  const list = rest.length === 0 ? first : `${[first, ...rest.slice(0, -1)].join(", ")} and ${rest.at(-1)}`;
  const devices = gpu.conflicts.length === 1 ? "another device" : `${gpu.conflicts.length} other devices`;
  return reason(
    "shared-group",
    `It cannot be separated from ${devices} (same isolation group): ${list}. ` +
      "They would all have to leave the host together.",
    sharedGroupCure(gpu, machine),
  );
}

function sharedGroupCure(gpu: JudgedGpu, { host, cpu }: Machine): string {
  const cures = [];
  if (gpu.integrated) {
    cures.push("Leave the integrated graphics to the host and hand over a card in a slot.");
  } else if (host.chassis !== "laptop") {
    cures.push("Put the card into another slot, best the one nearest to the processor.");
  }
  if (cpu.vendor === "amd") {
    cures.push(`Or switch "ACS Enable" on ${firmwareSetup(host.board)}, often below "AMD CBS".`);
  }
  cures.push(
    'Last resort: the answer "acsOverride": true (needs a patched kernel) only claims that they are separate: ' +
      "a VM could then reach the memory of the others.",
  );
  return cures.join(" ");
}

function onlyGpu(gpu: JudgedGpu, device: PciDevice, all: readonly JudgedGpu[], { host, cpu }: Machine): GpuReason {
  if (isVirtualDisplay(device) || isManagementChip(device)) {
    return reason(
      "only-gpu",
      "It only shows the host's own screen; Windows would gain nothing from it.",
      "Add a graphics card for the VM.",
    );
  }
  const other = all.find((candidate) => candidate.verdict === "ready" && !gpu.functions.includes(candidate.address));
  const lend =
    'With the answer "gpuHandover": true it is lent out: the host\'s desktop closes while the VM runs, and ' +
    "comes back after it.";
  return reason(
    "only-gpu",
    "It is the only card with a screen: while a VM has it, the host has none.",
    other !== undefined
      ? `Leave it to the host: ${other.address} (${other.name}) can be handed over instead.`
      : host.chassis === "laptop"
      ? lend
      : gpu.integrated
      ? `Put a graphics card into a slot and hand that one over. ${lend}`
      : `Add a second card, the cheapest will do, or switch the processor's own graphics on ${
        firmwareSetup(host.board)
      } ` +
        `(${firmwareWords(host.board, cpu.vendor).primaryDisplay}). ${lend}`,
  );
}

function cautions(gpu: JudgedGpu, device: PciDevice, all: readonly JudgedGpu[], machine: Machine): GpuReason[] {
  const { host, cpu, iommu, displays } = machine;
  const found: GpuReason[] = [];
  const boot = all.filter((other) => other.role === "boot");
  if (gpu.verdict === "ready" && boot.some((other) => gpu.functions.includes(other.address))) {
    found.push(reason(
      "boot-card",
      "The machine starts with its picture on this card.",
      `To hand it over, make the other card the first one: ${firmwareWords(host.board, cpu.vendor).primaryDisplay} ` +
        `${firmwareSetup(host.board)}.`,
    ));
  }
  const ungrouped = gpu.functions.filter((address) =>
    machine.pci.find((candidate) => candidate.address === address)?.iommuGroup === null
  );
  if (gpu.iommuGroup !== null && ungrouped.length > 0) {
    found.push(reason("function-without-group", `${ungrouped.join(", ")} of the card is in no isolation group.`));
  }
  if (iommu.enabled && (host.kernelCommandLine ?? "").includes("pcie_acs_override=")) {
    found.push(reason(
      "acs-override-in-use",
      "Its isolation is only claimed: the kernel was started with pcie_acs_override.",
      "Run only a Windows you trust in it, or start without the parameter and see which devices really are separate.",
    ));
  }
  if (device.driver === "vfio-pci") {
    found.push(reason("reserved", "It is already reserved for virtual machines (driver vfio-pci)."));
  }
  const connectors = displays.filter((display) => display.gpu === gpu.address);
  if (gpu.role === "secondary" && connectors.length > 0 && !connectors.some((display) => display.connected)) {
    found.push(reason(
      "no-monitor",
      "No monitor is plugged into it.",
      "Plug one in, or watch the VM in a window of the host with Looking Glass, which needs none.",
    ));
  }
  const context = { device, integrated: gpu.integrated, isBoot: gpu.role === "boot", chassis: host.chassis };
  for (const trouble of troublesOf(gpu.vendor, context)) {
    found.push(reason(trouble.code, trouble.message, trouble.hint));
  }
  return found;
}

/** `0000:01:00.1 SATA controller (holds /)`: what a person would miss if it went away. */
function describeDevice(address: string, { pci, storage }: Machine): string {
  const device = pci.find((candidate) => candidate.address === address);
  const name = device?.className ?? (device === undefined ? "a device that is not on the PCI bus" : "device");
  const mounts = storage.filter((disk) => disk.controller === address).flatMap((disk) => disk.mountPoints);
  return mounts.length === 0 ? `${address} ${name}` : `${address} ${name} (holds ${mounts.join(", ")})`;
}

function reason(code: string, message: string, hint: string | null = null): GpuReason {
  return { code, message, hint };
}
