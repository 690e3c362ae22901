/** What a domain is made of besides its VmSpec: facts about the host it will run on. */
import type { CpuThread, CpuVendor, Detection, UsbDevice } from "../../model/detection.ts";
import type { HostSpec } from "../../model/host_spec.ts";
import { type DomainCapabilities, oldestSupported } from "./capabilities.ts";

export interface DomainFacts {
  readonly capabilities: DomainCapabilities;
  readonly cpuVendor: CpuVendor;
  readonly topology: readonly CpuThread[];
  /** Functions of the card with their class, in order; empty when none is passed through. */
  readonly gpuFunctions: readonly { readonly address: string; readonly classCode: string }[];
  /** NUMA node of the huge pages where they all lie on one of several. */
  readonly memoryNode: number | null;
  readonly usb: readonly UsbDevice[];
  /** Folders of the storage pools that have one; volumes of others are named by pool. */
  readonly poolFolders: Readonly<Record<string, string>>;
  readonly vncListen: "loopback" | "socket";
}

/** Where libvirt keeps the pool that every installation calls "default". */
export const DEFAULT_POOL_FOLDER = "/var/lib/libvirt/images";

/** Facts from a detection; what nobody asked of the hypervisor is what the oldest supported one offers. */
export function domainFacts(
  detection: Detection,
  hostSpec: HostSpec,
  known: Partial<Pick<DomainFacts, "capabilities" | "poolFolders" | "vncListen">> = {},
): DomainFacts {
  const nodes = hostSpec.hugepages?.pagesByNode ?? [];
  const classOf = (address: string) => detection.pci.find((one) => one.address === address)?.classCode ?? "";
  return {
    capabilities: known.capabilities ?? oldestSupported,
    cpuVendor: detection.cpu.vendor,
    topology: detection.cpu.topology,
    gpuFunctions: (hostSpec.gpu?.functions ?? []).map(({ address }) => ({ address, classCode: classOf(address) })),
    memoryNode: detection.memory.numaNodes.length > 1 && nodes.length === 1 ? nodes[0]!.node : null,
    usb: detection.usb,
    poolFolders: known.poolFolders ?? { default: DEFAULT_POOL_FOLDER },
    vncListen: known.vncListen ?? "loopback",
  };
}
