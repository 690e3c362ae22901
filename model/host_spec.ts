/**
 * What the host shall be: the first half of what `resolve()` makes of answers and detection.
 * The steps compare the machine with this and with nothing else; no defaults are filled in later.
 */
import type { CpuVendor } from "./detection.ts";

export interface HostSpec {
  /** The card handed to the VM, or null when none is. */
  readonly gpu: GpuSpec | null;
  /** Single-GPU hand-over: the host gives its only screen away while the VM runs. */
  readonly gpuHandover: boolean;
  readonly iommu: IommuSpec;
  readonly hugepages: HugepagesSpec | null;
  /** Logical CPUs kept free of host work by kernel parameters; empty: none. */
  readonly isolatedCpus: readonly number[];
  readonly acsOverride: boolean;
  readonly lookingGlass: { readonly backend: "shmem" | "kvmfr"; readonly sizeMib: number } | null;
  readonly identity: IdentitySpec;
}

export interface GpuSpec {
  readonly address: string;
  readonly name: string;
  /** Every function of the card, matched by address and ids so that a moved card is never seized by mistake. */
  readonly functions: readonly {
    readonly address: string;
    readonly vendorId: string;
    readonly deviceId: string;
    /** Host driver that would take it first (for softdep lines); null when unknown. */
    readonly driver: string | null;
  }[];
}

/** The card whose functions vfio-pci has from the start of the machine on; with hand-over the host has them first. */
export function cardBoundAtBoot({ gpu, gpuHandover }: HostSpec): GpuSpec | null {
  return gpuHandover ? null : gpu;
}

export interface IommuSpec {
  readonly cpuVendor: CpuVendor;
  /** `intel_iommu=on` is needed: an Intel CPU and a kernel before 6.8, or one whose groups are absent. */
  readonly needsIntelParameter: boolean;
}

export interface HugepagesSpec {
  readonly sizeKib: 2048 | 1048576;
  /** Pages wanted on each NUMA node, by node number. */
  readonly pagesByNode: readonly { readonly node: number; readonly pages: number }[];
}

export interface IdentitySpec {
  /** Name in the TLS certificate. */
  readonly hostname: string;
  /** Where the management server listens, `ADDR:PORT`. */
  readonly listen: string;
}
