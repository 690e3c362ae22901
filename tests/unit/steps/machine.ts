/** A Debian machine in memory with one spare card, and what is wanted of it. */
import type { GpuSpec, HostSpec } from "../../../model/host_spec.ts";
import { makePlan } from "../../../provision/engine/plan.ts";
import { fakeHost } from "../../../provision/host/fake.ts";
import { MemoryDisk, type TreeEntry } from "../../../provision/host/memory_disk.ts";
import type { Change, Step } from "../../../provision/step.ts";

export const card: GpuSpec = {
  address: "0000:01:00.0",
  name: "NVIDIA GeForce RTX 3080",
  functions: [
    { address: "0000:01:00.0", vendorId: "10de", deviceId: "2206", driver: "nouveau" },
    { address: "0000:01:00.1", vendorId: "10de", deviceId: "1aef", driver: "snd_hda_intel" },
  ],
};

export const spec: HostSpec = {
  gpu: card,
  gpuHandover: false,
  iommu: { cpuVendor: "intel", needsIntelParameter: true },
  hugepages: null,
  isolatedCpus: [],
  acsOverride: false,
  lookingGlass: null,
  identity: { hostname: "machine", listen: "127.0.0.1:8443" },
};

export type Tree = Readonly<Record<string, string | TreeEntry>>;

export function debian(extra: Tree = {}): MemoryDisk {
  return MemoryDisk.from({
    "/etc/default/grub": 'GRUB_DEFAULT=0\nGRUB_CMDLINE_LINUX_DEFAULT="quiet"\nGRUB_CMDLINE_LINUX=""\n',
    "/etc/initramfs-tools/modules": "",
    "/boot/grub/grub.cfg": "\tlinux\t/boot/vmlinuz root=/dev/sda2 ro quiet\n",
    "/boot/initrd.img-6.1.0": "initrd",
    "/proc/cmdline": "BOOT_IMAGE=/boot/vmlinuz root=/dev/sda2 ro quiet\n",
    "/proc/meminfo": "MemTotal:       33554432 kB\n",
    ...function_("0000:01:00.0", "10de", "2206", "nouveau"),
    ...function_("0000:01:00.1", "10de", "1aef", "snd_hda_intel"),
    ...extra,
  });
}

/** The same machine, its initial ram disk built by dracut. */
export function debianWithDracut(extra: Tree = {}): MemoryDisk {
  return debian({ "/usr/bin/dracut": "", "/etc/dracut.conf.d/10-debian.conf": 'hostonly="yes"\n', ...extra });
}

export function function_(address: string, vendor: string, device: string, driver: string | null): Tree {
  const folder = `/sys/bus/pci/devices/${address}`;
  return {
    [`${folder}/vendor`]: `0x${vendor}\n`,
    [`${folder}/device`]: `0x${device}\n`,
    [`${folder}/class`]: "0x030000\n",
    [`/sys/kernel/iommu_groups/1/devices/${address}`]: { link: folder },
    [`${folder}/iommu_group`]: { link: "/sys/kernel/iommu_groups/1" },
    ...(driver === null ? {} : { [`${folder}/driver`]: { link: `/sys/bus/pci/drivers/${driver}` } }),
  };
}

/** Changes one step plans; on a running machine unless told otherwise. */
export async function changes(step: Step, disk: MemoryDisk, wanted: HostSpec = spec): Promise<readonly Change[]> {
  const { work } = await makePlan(fakeHost(disk), [step], wanted, "host", new Set());
  return work.map(({ change }) => change);
}

export const brief = (list: readonly Change[]) => list.map(({ action, target }) => `${action} ${target}`);

export async function blockers(step: Step, disk: MemoryDisk, wanted: HostSpec = spec): Promise<string[]> {
  const planned = await makePlan(fakeHost(disk), [step], wanted, "host", new Set());
  return planned.blockers.map(({ code }) => code);
}

export async function problems(step: Step, disk: MemoryDisk, wanted: HostSpec = spec): Promise<string[]> {
  const seen = await step.inspect(fakeHost(disk), wanted);
  return step.verify(wanted, seen, "effective").map(({ code, target }) => `${code} ${target}`);
}

/** Writes every planned file, as apply does. */
export async function write(step: Step, disk: MemoryDisk, wanted: HostSpec = spec): Promise<void> {
  for (const { target, after } of await changes(step, disk, wanted)) {
    if (after?.kind === "link") disk.put(target, { link: after.target! });
    else if (after?.kind === "file") disk.put(target, { text: after.text!, mode: parseInt(after.mode!, 8) });
  }
}
