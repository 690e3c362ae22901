/** Machines made up for a test: sysfs in memory, as the kernel lays it out. */
import { RootedFiles } from "../../../provision/host/files.ts";
import type { MachineFiles } from "../../../provision/hardware/reading.ts";
import { MemoryDisk, type TreeEntry } from "../../../provision/host/memory_disk.ts";

export interface MadeUpDevice {
  readonly at: string;
  /** `vvvv:dddd` */
  readonly ids: string;
  readonly class: string;
  readonly group?: number;
  /** Address of the bridge above. */
  readonly below?: string;
  readonly bootVga?: boolean;
  readonly driver?: string;
  /** Size of one prefetchable BAR. */
  readonly barBytes?: number;
  readonly resetMethod?: string;
}

export type Tree = Record<string, string | TreeEntry>;

/** The files of a machine with these PCI functions, and whatever else a test wants there. */
export function machineTree(devices: readonly MadeUpDevice[], files: Tree = {}): Tree {
  const places = new Map<string, string>();
  const tree: Tree = {};
  for (const device of devices) {
    const { at, ids } = device;
    const [vendor, id] = ids.split(":");
    const domain = at.slice(0, at.indexOf(":"));
    const above = device.below === undefined ? `/sys/devices/pci${domain}:00` : places.get(device.below);
    if (above === undefined) throw new Error(`${device.below} must come before what hangs below it`);
    const folder = `${above}/${at}`;
    places.set(at, folder);
    tree[`${folder}/vendor`] = `0x${vendor}\n`;
    tree[`${folder}/device`] = `0x${id}\n`;
    tree[`${folder}/class`] = `0x${device.class}00\n`;
    if (device.class === "0300") tree[`${folder}/boot_vga`] = device.bootVga ? "1\n" : "0\n";
    if (device.resetMethod !== undefined) tree[`${folder}/reset_method`] = `${device.resetMethod}\n`;
    if (device.driver !== undefined) tree[`${folder}/driver`] = { link: `/sys/bus/pci/drivers/${device.driver}` };
    if (device.barBytes !== undefined) tree[`${folder}/resource`] = prefetchableBar(device.barBytes);
    tree[`/sys/bus/pci/devices/${at}`] = { link: `../../..${folder.slice("/sys".length)}` };
    if (device.group !== undefined) {
      tree[`${folder}/iommu_group`] = { link: `/sys/kernel/iommu_groups/${device.group}` };
      tree[`/sys/kernel/iommu_groups/${device.group}/devices/${at}`] = { link: folder };
    }
  }
  return { ...tree, ...files };
}

export function machine(devices: readonly MadeUpDevice[], files: Tree = {}): MachineFiles {
  return filesOf(machineTree(devices, files));
}

export function filesOf(tree: Tree): MachineFiles {
  return new RootedFiles(MemoryDisk.from(tree), "/");
}

function prefetchableBar(bytes: number): string {
  const hex = (value: bigint) => `0x${value.toString(16).padStart(16, "0")}`;
  const start = 0x8000000000n;
  const none = `${hex(0n)} ${hex(0n)} ${hex(0n)}\n`;
  return `${hex(start)} ${hex(start + BigInt(bytes) - 1n)} ${hex(0x14220cn)}\n`.concat(none.repeat(12));
}

export const INTEL_CPU = "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Test\nflags\t\t: fpu vmx\n\n";
export const AMD_CPU = "processor\t: 0\nvendor_id\t: AuthenticAMD\nmodel name\t: Test\nflags\t\t: fpu svm\n\n";
