/**
 * What a display function is: whose it is, built into the processor, a server's management chip or a virtual machine's
 * display. Pure, by ids and place; knows nothing of groups and verdicts.
 */
import type { Gpu, PciDevice } from "../../model/detection.ts";
import { slotOf } from "../../model/pci_address.ts";

/** PCI class codes used throughout (PCI Code and ID Assignment Specification). */
export const CLASS = {
  hostBridge: "0600",
  pciBridge: "0604",
  vga: "0300",
  threeD: "0302",
  display: "0380",
  audio: "0403",
  encryption: "1080",
  iommu: "0806",
} as const;

export function isGpu(device: PciDevice): boolean {
  return device.classCode === CLASS.vga || device.classCode === CLASS.threeD || device.classCode === CLASS.display;
}

/** Bridges never count as strangers in a group: VFIO does not ask for them (Documentation/driver-api/vfio.rst). */
export function isBridge(device: PciDevice): boolean {
  return device.classCode === CLASS.hostBridge || device.classCode === CLASS.pciBridge;
}

const VENDORS: Readonly<Record<string, Gpu["vendor"]>> = { "10de": "nvidia", "1002": "amd", "8086": "intel" };

export function gpuVendor(device: PciDevice): Gpu["vendor"] {
  return VENDORS[device.vendorId] ?? "other";
}

/** Remote-management chips of servers; `*` is any device of the vendor. Names as in pci.ids. */
const MANAGEMENT_CHIPS: Readonly<Record<string, readonly string[] | "*">> = {
  "1a03": "*", // ASPEED
  "19a2": ["0800"], // Emulex ServerEngines Pilot
  "19e5": ["1711"], // Huawei iBMC
  "18ca": ["0020", "0021"], // XGI Volari Z7, Z9
  // Matrox G200 as servers have it: SE A/B, EV, eW, EH, ER, EW3, EH3
  "102b": ["0522", "0524", "0530", "0532", "0533", "0534", "0536", "0538"],
};

export function isManagementChip(device: PciDevice): boolean {
  const devices = MANAGEMENT_CHIPS[device.vendorId];
  return devices === "*" || (devices?.includes(device.deviceId) ?? false);
}

/** Displays that hypervisors make. */
const VIRTUAL_DISPLAYS = new Set([
  "1234:1111", // QEMU stdvga, bochs-display
  "1b36:0100", // QXL
  "1af4:1050", // virtio-gpu
  "1013:00b8", // Cirrus
  "15ad:0405", // VMware SVGA II
  "15ad:0406",
  "80ee:beef", // VirtualBox
  "1414:5353", // Hyper-V
  "1414:008e",
]);

export function isVirtualDisplay(device: PciDevice): boolean {
  return VIRTUAL_DISPLAYS.has(`${device.vendorId}:${device.deviceId}`);
}

/** The AMD security processor in the slot is what tells an APU from a card. */
export function isApu(device: PciDevice, slot: readonly PciDevice[]): boolean {
  return gpuVendor(device) === "amd" && slot.some((neighbour) => neighbour.classCode === CLASS.encryption);
}

/**
 * AMD's display functions inside processors and chipsets, by the blocks of device ids that hold nothing else
 * (drivers/gpu/drm/amd/amdgpu/amdgpu_drv.c, entries with AMD_IS_APU; include/drm/drm_pciids.h, entries with RADEON_IS_IGP).
 * For listings in which the rest of the slot is missing.
 */
const AMD_INTEGRATED_BLOCKS: readonly (readonly [number, number])[] = [
  [0x1100, 0x1fff],
  [0x9610, 0x961f],
  [0x9640, 0x964f],
  [0x9710, 0x971f],
  [0x9800, 0x99ff],
];

/** Intel's is always device 2 on the root bus (drivers/gpu/drm/i915); its cards sit behind bridges. */
const INTEL_INTEGRATED_SLOT = "0000:00:02";

export function isIntegrated(device: PciDevice, slot: readonly PciDevice[]): boolean {
  const vendor = gpuVendor(device);
  if (vendor === "intel") return slotOf(device.address) === INTEL_INTEGRATED_SLOT;
  if (vendor !== "amd") return false;
  const id = parseInt(device.deviceId, 16);
  return isApu(device, slot) || AMD_INTEGRATED_BLOCKS.some(([first, last]) => id >= first && id <= last);
}
