/**
 * What libvirt says when a VM does not start. One row a message; each source is its file of libvirt. What it calls an
 * invalid operation ("is not active", "is in use by") it tells whoever asked, and writes into its journal only when told
 * to log more: those rows are here to be looked up as well.
 */
import type { KnownMessage } from "./trouble.ts";

export const LIBVIRT_MESSAGES: readonly KnownMessage[] = ([
  {
    code: "hugetlbfs-not-mounted",
    severity: "warning",
    pattern: /Unable to find any usable hugetlbfs mount|hugetlbfs filesystem is not mounted/,
    example: "internal error: Unable to find any usable hugetlbfs mount for 1048576 KiB",
    title: "Huge pages of a size that a VM asks for are not mounted",
    hint:
      "Mount them (for 1 GiB pages: mount -t hugetlbfs -o pagesize=1G none /dev/hugepages1G), then restart libvirtd: it " +
      "looks for mounts only when it starts. neuron-setup writes a unit for it.",
    source: "libvirt src/qemu/qemu_conf.c",
  },
  {
    code: "card-does-not-answer",
    severity: "warning",
    pattern: /Unknown PCI header type '?127/,
    example: "internal error: Unknown PCI header type '127' for device '0000:01:00.0'",
    title: "A card was lost in its reset: it does not answer any more",
    hint: "Switch the machine off and on: a restart alone may not be enough.",
    source: "libvirt src/util/virpci.c",
  },
  {
    code: "card-in-another-vm",
    severity: "info",
    pattern: /PCI device \S+ is in use by driver \S+, domain/,
    example: "Requested operation is not valid: PCI device 0000:01:00.0 is in use by driver QEMU, domain win11",
    title: "A VM did not start: another one has its card",
    hint: "Shut the other VM down first.",
    source: "libvirt src/hypervisor/virhostdev.c",
  },
  {
    code: "iommu-not-in-use",
    severity: "blocker",
    pattern: /host doesn't support passthrough of host PCI devices/,
    example: "unsupported configuration: host doesn't support passthrough of host PCI devices",
    title: "libvirt sees no IOMMU: a card cannot be handed over",
    hint: "neuron-setup detect says whether it is off in the firmware or in the kernel.",
    source: "libvirt src/hypervisor/virhostdev.c",
  },
  {
    code: "kvm-missing",
    severity: "blocker",
    pattern: /could not find capabilities for .*domaintype=kvm/,
    example: "invalid argument: could not find capabilities for arch=x86_64 domaintype=kvm",
    title: "KVM cannot be used: VMs would run without the processor's help, many times slower",
    hint: "Switch virtualization on in the firmware setup, then modprobe kvm_intel (or kvm_amd) and restart libvirtd.",
    source: "libvirt src/conf/capabilities.c",
  },
  {
    code: "libvirt-default-stopped",
    severity: "warning",
    pattern: /[Nn]etwork '[^']*' is not active|Cannot get interface MTU on 'virbr\d+'/,
    example: "Requested operation is not valid: network 'default' is not active",
    title: "A VM did not start: its network is not running",
    hint: "virsh net-start default; virsh net-autostart default",
    source: "libvirt src/network/bridge_driver.c, src/util/virnetdev.c",
  },
  {
    code: "firmware-not-found",
    severity: "warning",
    pattern: /Unable to find ('efi' firmware that is compatible|any firmware to satisfy)/,
    example: "operation failed: Unable to find 'efi' firmware that is compatible with the current configuration",
    title: "A VM did not start: no UEFI firmware fits what it asks for",
    hint: "Install OVMF (Debian: ovmf, Fedora: edk2-ovmf); Secure Boot needs its builds with enrolled keys.",
    source: "libvirt src/qemu/qemu_firmware.c",
  },
  {
    code: "virtiofsd-missing",
    severity: "warning",
    pattern: /Unable to find a satisfying virtiofsd/,
    example: "operation failed: Unable to find a satisfying virtiofsd",
    title: "A VM did not start: the program for shared folders is missing",
    hint: "Install virtiofsd; neuron-setup apply does it.",
    source: "libvirt src/qemu/qemu_vhost_user.c",
  },
  {
    code: "libvirt-not-allowed",
    severity: "warning",
    pattern: /no polkit agent available to authenticate|Failed to connect socket to '.*': Permission denied/,
    example: "authentication unavailable: no polkit agent available to authenticate action 'org.libvirt.unix.manage'",
    title: "A person who is not in the group libvirt wanted to use it",
    hint: "usermod -aG libvirt NAME, then sign in again.",
    source: "libvirt src/util/virpolkit.c, src/rpc/virnetsocket.c",
  },
] satisfies readonly Omit<KnownMessage, "where">[]).map((row) => ({ ...row, where: "libvirt" }));
