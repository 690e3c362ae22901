/**
 * The IOMMU: its groups, its kind, whether the firmware describes one, and whether interrupts are remapped.
 * Sources: Documentation/ABI/testing/sysfs-kernel-iommu_groups, sysfs-class-iommu; Intel VT-d specification 8.1 (DMAR
 * table) and 11.4.3 (extended capability register); kernel chip names in /proc/interrupts; drivers/iommu/intel/Kconfig.
 */
import type { CpuVendor, IommuStatus, PciDevice } from "../../model/detection.ts";
import { comparePciAddress } from "../../model/pci_address.ts";
import type { Reading } from "./reading.ts";
import { readUnsafeInterrupts } from "./unsafe_interrupts.ts";
import { parseHex, parseLine, parseNatural } from "./values.ts";

const GROUPS = "/sys/kernel/iommu_groups";

export function readIommu(reading: Reading, pci: readonly PciDevice[], cpuVendor: CpuVendor): IommuStatus {
  const groups = readGroups(reading, pci);
  const units = reading.list("/sys/class/iommu") ?? [];
  const tables = reading.list("/sys/firmware/acpi/tables") ?? [];
  const firmwareTable = tables.includes("DMAR") ? "DMAR" : tables.includes("IVRS") ? "IVRS" : null;
  const enabled = groups.some((group) => group.devices.length > 0);
  return {
    enabled,
    kind: kindOf(units, firmwareTable, enabled, cpuVendor),
    firmwareTable,
    onByDefault: cpuVendor === "intel" ? readOnByDefault(reading) : null,
    interruptRemapping: enabled ? readInterruptRemapping(reading, units, firmwareTable) : null,
    unsafeInterruptsAllowed: readUnsafeInterrupts(reading),
    groups,
  };
}

/**
 * From the groups' own lists and from each function's `iommu_group` link, whichever can be read. Groups of VFIO's
 * no-IOMMU mode are left out: they isolate nothing (drivers/vfio/group.c names them so).
 */
function readGroups(reading: Reading, pci: readonly PciDevice[]): { id: number; devices: string[] }[] {
  const members = new Map<number, Set<string>>();
  const fake = new Set<number>();
  const noIommuMode = parseLine(reading.text("/sys/module/vfio/parameters/enable_unsafe_noiommu_mode")) === "Y";
  for (const name of reading.list(GROUPS) ?? []) {
    const id = parseNatural(name);
    if (id === null) continue;
    if (noIommuMode && parseLine(reading.text(`${GROUPS}/${name}/name`)) === "vfio-noiommu") fake.add(id);
    else members.set(id, new Set(reading.list(`${GROUPS}/${name}/devices`) ?? []));
  }
  for (const { address, iommuGroup } of pci) {
    if (iommuGroup === null || fake.has(iommuGroup)) continue;
    const group = members.get(iommuGroup) ?? new Set();
    members.set(iommuGroup, group.add(address));
  }
  return [...members]
    .map(([id, devices]) => ({ id, devices: [...devices].sort(comparePciAddress) }))
    .sort((a, b) => a.id - b.id);
}

/** The functions with the group that holds them: a link and a list may each be damaged, the groups know both. */
export function placeInGroups(pci: readonly PciDevice[], groups: IommuStatus["groups"]): PciDevice[] {
  const groupOf = new Map(groups.flatMap((group) => group.devices.map((address) => [address, group.id] as const)));
  return pci.map((device) => ({ ...device, iommuGroup: groupOf.get(device.address) ?? null }));
}

function kindOf(
  units: readonly string[],
  firmwareTable: IommuStatus["firmwareTable"],
  enabled: boolean,
  cpuVendor: CpuVendor,
): IommuStatus["kind"] {
  if (units.some((unit) => unit.startsWith("dmar"))) return "intel";
  if (units.some((unit) => unit.startsWith("ivhd"))) return "amd";
  if (units.length > 0) return "other";
  if (firmwareTable !== null) return firmwareTable === "DMAR" ? "intel" : "amd";
  return enabled ? cpuVendor : null;
}

/**
 * What the kernel was built with: beside it on Debian, SUSE and Ubuntu, with its modules on Fedora. Debian's own
 * INTGPU_OFF leaves out the processor's graphics alone, which then is in no group.
 */
function readOnByDefault(reading: Reading): boolean | null {
  const release = parseLine(reading.text("/proc/sys/kernel/osrelease"));
  if (release === null) return null;
  const config = reading.text(`/boot/config-${release}`) ?? reading.text(`/lib/modules/${release}/config`) ?? "";
  if (/^CONFIG_INTEL_IOMMU_DEFAULT_ON(_INTGPU_OFF)?=y$/m.test(config)) return true;
  return /^# CONFIG_INTEL_IOMMU_DEFAULT_ON is not set$/m.test(config) ? false : null;
}

/** Offset of the flags byte in the DMAR table, and its bit INTR_REMAP. */
const DMAR_FLAGS_OFFSET = 37;
const DMAR_INTR_REMAP = 1;
/** Bit IR of the extended capability register. */
const ECAP_IR = 0x8n;

/**
 * In use: an interrupt chip whose name begins with `IR-`. Otherwise what the hardware says it can do: a unit or a table
 * that rules it out is a certain no; that it could is not a yes.
 */
function readInterruptRemapping(
  reading: Reading,
  units: readonly string[],
  firmwareTable: IommuStatus["firmwareTable"],
): boolean | null {
  const inUse = parseInterruptRemapping(reading.text("/proc/interrupts"));
  if (inUse !== null) return inUse;
  for (const unit of units.filter((name) => name.startsWith("dmar"))) {
    const ecap = parseHex(reading.text(`/sys/class/iommu/${unit}/intel-iommu/ecap`), 16);
    if (ecap !== null && (BigInt(`0x${ecap}`) & ECAP_IR) === 0n) return false;
  }
  if (firmwareTable === "DMAR") {
    const flags = reading.bytes("/sys/firmware/acpi/tables/DMAR")?.at(DMAR_FLAGS_OFFSET);
    if (flags !== undefined && (flags & DMAR_INTR_REMAP) === 0) return false;
  }
  return null;
}

/** null when the text names no interrupt chip that could be remapped. */
export function parseInterruptRemapping(text: string | null): boolean | null {
  if (text === null) return null;
  if (/\sIR-(?:IO-APIC|PCI-MSI)/.test(text)) return true;
  return /\s(?:IO-APIC|PCI-MSI)/.test(text) ? false : null;
}
