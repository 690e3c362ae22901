/** Whether this machine is itself virtual, and whose. Pure; the names are those of systemd-detect-virt(1). */
import type { PciDevice } from "../../model/detection.ts";

export interface VirtualizationSigns {
  readonly vendor: string | null;
  readonly product: string | null;
  /** /sys/hypervisor/type */
  readonly hypervisorType: string | null;
  /** The `hypervisor` flag of /proc/cpuinfo. */
  readonly hypervisorFlag: boolean;
  readonly pci: readonly PciDevice[];
}

const FIRMWARE_NAMES: readonly (readonly [RegExp, string])[] = [
  [/^KVM|Amazon EC2|Google Compute Engine|OpenStack|RHEL/i, "kvm"],
  [/QEMU/i, "qemu"],
  [/VMware/i, "vmware"],
  [/VirtualBox|innotek/i, "oracle"],
  [/Xen\b/i, "xen"],
  [/Virtual Machine/i, "microsoft"],
  [/Bochs|SeaBIOS/i, "bochs"],
  [/Parallels/i, "parallels"],
  [/BHYVE/i, "bhyve"],
];

const PCI_VENDORS: Readonly<Record<string, string>> = {
  "1b36": "qemu",
  "1234": "qemu",
  "1af4": "qemu",
  "15ad": "vmware",
  "80ee": "oracle",
  "1414": "microsoft",
  "5853": "xen",
};

/** null: a real machine, as far as it shows. Ids alone prove nothing: real network cards speak virtio too. */
export function virtualizationOf(signs: VirtualizationSigns): string | null {
  const named = FIRMWARE_NAMES.find(([pattern]) =>
    pattern.test(signs.product ?? "") || pattern.test(signs.vendor ?? "")
  );
  // Microsoft and Amazon also sell real machines; without the flag only a hypervisor's own product name counts.
  if (named !== undefined && (signs.hypervisorFlag || named[1] !== "kvm")) return named[1];
  if (signs.hypervisorType !== null) return signs.hypervisorType;
  if (!signs.hypervisorFlag) return null;
  const vendor = signs.pci.map((device) => PCI_VENDORS[device.vendorId]).find((name) => name !== undefined);
  return vendor ?? "other";
}
