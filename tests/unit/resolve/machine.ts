/** Machines made of numbers, for tests that need a detection but no files. */
import type { CpuThread, Detection, Gpu, PciDevice } from "../../../model/detection.ts";

const GIB = 1024 * 1024;

export interface MachineShape {
  readonly vendor?: "intel" | "amd";
  readonly kernel?: string;
  readonly kernelCommandLine?: string;
  readonly topology?: readonly CpuThread[];
  readonly memoryGib?: number;
  readonly nodesGib?: readonly number[];
  readonly pageSizesKib?: readonly number[];
  readonly gpus?: readonly Gpu[];
  readonly gpuNode?: number | null;
  readonly iommuEnabled?: boolean;
  readonly iommuOnByDefault?: boolean;
}

/** Eight cores with two threads, 32 GiB, a boot card and a ready second one, unless told otherwise. */
export function machine(shape: MachineShape = {}): Detection {
  const topology = shape.topology ?? cores(8, { threads: 2 });
  const gpus = shape.gpus ?? [gpu({ address: "0000:00:02.0", role: "boot" }), gpu({})];
  const totalKib = (shape.memoryGib ?? 32) * GIB;
  const nodes = shape.nodesGib?.map((gib, node) => ({ node, totalKib: gib * GIB })) ?? [{ node: 0, totalKib }];
  return {
    schema: "neuron.detect/1",
    host: {
      hostname: "forge",
      os: { id: "debian", versionId: "12", prettyName: "Debian GNU/Linux 12" },
      kernel: shape.kernel ?? "6.1.0-18-amd64",
      kernelCommandLine: shape.kernelCommandLine ?? "ro quiet",
      firmware: "uefi",
      secureBoot: false,
      bootloader: "grub",
      initramfs: "initramfs-tools",
      virtualized: null,
      board: { vendor: null, name: null, biosVersion: null },
      chassis: "desktop",
    },
    cpu: {
      vendor: shape.vendor ?? "amd",
      model: "Test CPU",
      virtualization: "svm",
      sockets: 1,
      cores: new Set(topology.map((one) => one.core)).size,
      threads: topology.length,
      topology,
    },
    memory: {
      totalKib,
      availableKib: totalKib,
      numaNodes: nodes,
      hugepages: (shape.pageSizesKib ?? [2048, 1048576]).map((sizeKib) => ({ sizeKib, total: 0, free: 0 })),
    },
    iommu: {
      enabled: shape.iommuEnabled ?? true,
      kind: "amd",
      firmwareTable: "IVRS",
      onByDefault: shape.iommuOnByDefault ?? null,
      interruptRemapping: true,
      unsafeInterruptsAllowed: false,
      groups: [],
    },
    pci: gpus.flatMap((one) => one.functions.map((address) => pciFunction(address, one, shape.gpuNode ?? null))),
    gpus,
    usb: [],
    storage: [],
    displays: [],
    findings: [],
  };
}

export function gpu(part: Partial<Gpu>): Gpu {
  const address = part.address ?? "0000:01:00.0";
  return {
    address,
    name: "Test Card",
    vendor: "nvidia",
    role: "secondary",
    integrated: false,
    functions: [address, address.replace(/0$/, "1")],
    iommuGroup: 1,
    conflicts: [],
    verdict: "ready",
    reasons: [],
    ...part,
  };
}

function pciFunction(address: string, card: Gpu, numaNode: number | null): PciDevice {
  const isAudio = address !== card.address;
  return {
    address,
    vendorId: "10de",
    deviceId: isAudio ? "10fa" : "1f08",
    subsystemVendorId: null,
    subsystemDeviceId: null,
    classCode: isAudio ? "0403" : "0300",
    className: null,
    vendorName: null,
    deviceName: null,
    driver: null,
    iommuGroup: card.iommuGroup,
    numaNode,
    bootVga: card.role === "boot",
    resetMethods: ["flr"],
    parent: null,
    largestPrefetchableBarBytes: null,
  };
}

export interface CoresShape {
  readonly threads?: number;
  readonly firstCpu?: number;
  readonly firstCore?: number;
  readonly numaNode?: number;
  readonly l3?: number;
  readonly kind?: CpuThread["kind"];
}

/** Cores whose threads are numbered side by side (0 and 1 are the first core's). */
export function cores(count: number, shape: CoresShape = {}): CpuThread[] {
  const threads = shape.threads ?? 1;
  return Array.from({ length: count * threads }, (_, index) => ({
    cpu: (shape.firstCpu ?? 0) + index,
    core: (shape.firstCore ?? 0) + Math.floor(index / threads),
    socket: 0,
    numaNode: shape.numaNode ?? 0,
    l3: shape.l3 ?? 0,
    kind: shape.kind ?? "uniform",
  }));
}
