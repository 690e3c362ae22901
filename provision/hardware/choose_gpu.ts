/** Which card `"gpu": "auto"` means. Pure. */
import type { Detection, Gpu, PciDevice } from "../../model/detection.ts";
import { comparePciAddress } from "../../model/pci_address.ts";
import { isManagementChip, isVirtualDisplay } from "./gpu_kinds.ts";

/**
 * Among the ready cards that the host does not boot with: discrete before integrated, larger prefetchable BAR where
 * known (it grows with the card's memory), lowest address. A server's management display and a virtual display are no
 * candidates: nobody wants Windows on them. Null when there is none.
 */
export function chooseGpu(detection: Pick<Detection, "gpus" | "pci">): Gpu | null {
  const devices = new Map(detection.pci.map((device) => [device.address, device]));
  const boot = new Set(detection.gpus.filter((gpu) => gpu.role === "boot").map((gpu) => gpu.address));
  const candidates = detection.gpus.filter((gpu) => {
    if (gpu.verdict !== "ready" || gpu.functions.some((address) => boot.has(address))) return false;
    const device = devices.get(gpu.address);
    return device !== undefined && !isManagementChip(device) && !isVirtualDisplay(device);
  });
  const barBytes = (gpu: Gpu) => largestBar(gpu, devices);
  candidates.sort((a, b) =>
    Number(a.integrated) - Number(b.integrated) || barBytes(b) - barBytes(a) || comparePciAddress(a.address, b.address)
  );
  return candidates[0] ?? null;
}

/** An unknown size sorts last. */
function largestBar(gpu: Gpu, devices: ReadonlyMap<string, PciDevice>): number {
  return devices.get(gpu.address)?.largestPrefetchableBarBytes ?? -1;
}
