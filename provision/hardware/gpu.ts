/**
 * The graphics cards with role and verdict, by the rules of docs/cli.md. Pure: reads nothing. The sentences that
 * explain a verdict are in reasons.ts.
 */
import type { Gpu, GpuVerdict, IommuStatus, PciDevice } from "../../model/detection.ts";
import { comparePciAddress } from "../../model/pci_address.ts";
import { conflictsOfCard, functionsOfCard, PciTree } from "./card.ts";
import { CLASS, gpuVendor, isGpu, isIntegrated, isManagementChip, isVirtualDisplay } from "./gpu_kinds.ts";

export type JudgedGpu = Omit<Gpu, "reasons">;

/** One entry for each display function, in the order of addresses. */
export function judgeGpus(pci: readonly PciDevice[], iommu: IommuStatus): JudgedGpu[] {
  const tree = new PciTree(pci);
  const displays = pci.filter(isGpu);
  const boot = bootAddresses(displays, tree);
  return displays.map((device) => {
    const functions = functionsOfCard(device, tree);
    const conflicts = conflictsOfCard(functions, tree, iommu);
    return {
      address: device.address,
      name: gpuName(device),
      vendor: gpuVendor(device),
      role: boot.has(device.address) ? "boot" : "secondary",
      integrated: isIntegrated(device, tree.slot(device.address)),
      functions,
      iommuGroup: device.iommuGroup,
      conflicts,
      verdict: verdictOf(device, functions, conflicts, displays),
    };
  });
}

/** A 0302 has no screen of its own. */
function hasScreen(device: PciDevice): boolean {
  return device.classCode === CLASS.vga || device.classCode === CLASS.display;
}

function verdictOf(
  gpu: PciDevice,
  functions: readonly string[],
  conflicts: readonly string[],
  displays: readonly PciDevice[],
): GpuVerdict {
  if (gpu.iommuGroup === null) return "no-iommu";
  if (conflicts.length > 0) return "shared-group";
  const screenIsLeft = displays.some((other) => hasScreen(other) && !functions.includes(other.address));
  return hasScreen(gpu) && !screenIsLeft ? "only-gpu" : "ready";
}

/** The firmware's own word is boot_vga; the rest is what it would most likely have chosen. */
function bootAddresses(displays: readonly PciDevice[], tree: PciTree): Set<string> {
  const marked = displays.filter((device) => device.bootVga);
  if (marked.length > 0) return new Set(marked.map((device) => device.address));
  const candidates = displays.filter(hasScreen).sort((a, b) => comparePciAddress(a.address, b.address));
  const first = candidates.find((device) => isIntegrated(device, tree.slot(device.address))) ??
    candidates.find(isManagementChip) ??
    candidates.find((device) => device.classCode === CLASS.vga) ??
    candidates[0];
  return new Set(first === undefined ? [] : [first.address]);
}

const BRANDS: Readonly<Record<Gpu["vendor"], string>> = { nvidia: "NVIDIA", amd: "AMD", intel: "Intel", other: "" };

/** `NVIDIA GeForce RTX 3070`: the marketing name in brackets of pci.ids where there is one. */
function gpuName(device: PciDevice): string {
  const brand = BRANDS[gpuVendor(device)];
  const ids = `${device.vendorId}:${device.deviceId}`;
  if (brand !== "") {
    if (device.deviceName === null) return `${brand} graphics ${ids}`;
    const name = /\[([^\]]+)\]\s*$/.exec(device.deviceName)?.[1] ?? device.deviceName;
    return name.startsWith(`${brand} `) ? name : `${brand} ${name}`;
  }
  if (isVirtualDisplay(device)) return `Virtual display ${device.deviceName ?? ids}`;
  if (isManagementChip(device)) return `Server management display ${device.deviceName ?? ids}`;
  return [device.vendorName ?? "Graphics", device.deviceName ?? ids].join(" ");
}
