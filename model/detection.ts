/**
 * What `detect` found: the document `neuron.detect/1` of docs/cli.md, as types.
 * Data only; the readers are in provision/hardware, the rules for verdicts in provision/hardware/gpu*.ts.
 * Only ever add to it: scripts read it.
 */
import type { Finding } from "./errors.ts";

export interface Detection {
  readonly schema: "neuron.detect/1";
  readonly host: HostStatus;
  readonly cpu: CpuStatus;
  readonly memory: MemoryStatus;
  readonly iommu: IommuStatus;
  readonly pci: readonly PciDevice[];
  readonly gpus: readonly Gpu[];
  readonly usb: readonly UsbDevice[];
  readonly storage: readonly StorageDevice[];
  readonly displays: readonly Display[];
  readonly findings: readonly Finding[];
}

export type Bootloader = "grub" | "systemd-boot" | "kernelstub" | "grubby" | "rpm-ostree";
export type InitramfsTool = "initramfs-tools" | "dracut" | "mkinitcpio";

export interface HostStatus {
  readonly hostname: string | null;
  readonly os: { readonly id: string | null; readonly versionId: string | null; readonly prettyName: string | null };
  /** Release as `uname -r` prints it, e.g. `6.1.0-18-amd64`. */
  readonly kernel: string | null;
  readonly kernelCommandLine: string | null;
  readonly firmware: "uefi" | "bios";
  readonly secureBoot: boolean | null;
  readonly bootloader: Bootloader | null;
  readonly initramfs: InitramfsTool | null;
  readonly virtualized: string | null;
  /** DMI, where the firmware tells it. */
  readonly board: { readonly vendor: string | null; readonly name: string | null; readonly biosVersion: string | null };
  /** DMI chassis: laptops have their own troubles. */
  readonly chassis: "desktop" | "laptop" | "server" | "other" | null;
}

export type CpuVendor = "intel" | "amd" | "other";
export type CpuKind = "performance" | "efficiency" | "uniform";

export interface CpuStatus {
  readonly vendor: CpuVendor;
  readonly model: string | null;
  readonly virtualization: "vmx" | "svm" | null;
  readonly sockets: number;
  readonly cores: number;
  readonly threads: number;
  readonly topology: readonly CpuThread[];
}

/** One logical CPU. `core` is unique within the machine; `l3` numbers the shared last-level caches from 0. */
export interface CpuThread {
  readonly cpu: number;
  readonly core: number;
  readonly socket: number;
  readonly numaNode: number;
  readonly l3: number;
  readonly kind: CpuKind;
}

export interface MemoryStatus {
  readonly totalKib: number;
  readonly availableKib: number;
  readonly numaNodes: readonly { readonly node: number; readonly totalKib: number }[];
  readonly hugepages: readonly { readonly sizeKib: number; readonly total: number; readonly free: number }[];
}

export interface IommuStatus {
  readonly enabled: boolean;
  readonly kind: "intel" | "amd" | "other" | null;
  /** The firmware describes an IOMMU (ACPI DMAR or IVRS), whether or not the kernel uses it; null: cannot tell. */
  readonly firmwareTable: "DMAR" | "IVRS" | null;
  /** The running kernel is built to use Intel's IOMMU without being told to; null: its configuration cannot be read. */
  readonly onByDefault: boolean | null;
  readonly interruptRemapping: boolean | null;
  /** A person has told VFIO to hand devices over although interrupts are not remapped (allow_unsafe_interrupts). */
  readonly unsafeInterruptsAllowed: boolean;
  readonly groups: readonly { readonly id: number; readonly devices: readonly string[] }[];
}

export interface PciDevice {
  readonly address: string;
  /** Four lower-case hex digits without 0x, as all ids. */
  readonly vendorId: string;
  readonly deviceId: string;
  readonly subsystemVendorId: string | null;
  readonly subsystemDeviceId: string | null;
  /** Class and subclass: `0300`. */
  readonly classCode: string;
  readonly className: string | null;
  readonly vendorName: string | null;
  readonly deviceName: string | null;
  readonly driver: string | null;
  readonly iommuGroup: number | null;
  readonly numaNode: number | null;
  readonly bootVga: boolean;
  /** As the kernel lists them in `reset_method`, preferred first. */
  readonly resetMethods: readonly string[];
  /** The bridge it hangs below, where sysfs shows the tree. */
  readonly parent: string | null;
  /** Largest prefetchable memory BAR in bytes; null where `resource` cannot be read. */
  readonly largestPrefetchableBarBytes: number | null;
}

export type GpuVerdict = "ready" | "shared-group" | "only-gpu" | "no-iommu";

export interface Gpu {
  readonly address: string;
  readonly name: string;
  readonly vendor: "nvidia" | "amd" | "intel" | "other";
  readonly role: "boot" | "secondary";
  readonly integrated: boolean;
  readonly functions: readonly string[];
  readonly iommuGroup: number | null;
  readonly conflicts: readonly string[];
  readonly verdict: GpuVerdict;
  readonly reasons: readonly GpuReason[];
}

/** One sentence a person understands, and what to do. */
export interface GpuReason {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
}

export interface UsbDevice {
  /** Kernel name of bus and ports: `1-4.2`. */
  readonly port: string;
  readonly vendorId: string;
  readonly productId: string;
  readonly vendorName: string | null;
  readonly productName: string | null;
  readonly serial: string | null;
  readonly classCode: string;
  /** PCI address of the controller it hangs on. */
  readonly controller: string | null;
}

export interface StorageDevice {
  readonly name: string;
  readonly model: string | null;
  readonly sizeBytes: number;
  readonly rotational: boolean | null;
  readonly removable: boolean;
  readonly controller: string | null;
  /** Mount points of it or its partitions. */
  readonly mountPoints: readonly string[];
}

export interface Display {
  /** Kernel connector name: `card0-HDMI-A-1`. */
  readonly connector: string;
  readonly connected: boolean;
  /** PCI address of the GPU it is plugged into. */
  readonly gpu: string | null;
  /** Monitor name and preferred mode from its EDID. */
  readonly monitor: string | null;
  readonly preferredMode: { readonly widthPx: number; readonly heightPx: number } | null;
}
