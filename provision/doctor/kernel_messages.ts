/**
 * What the kernel says when a card, the IOMMU or KVM is in trouble. One row a message; each source is the file of Linux
 * (or of ours) that prints it. Device names differ, so the patterns leave them out.
 */
import { INTERRUPTS_NOT_REMAPPED, REMAP_INTERRUPTS } from "../hardware/interrupt_state.ts";
import type { KnownMessage } from "./trouble.ts";

const stuckCard =
  "Switch the machine off and on: a restart alone may not be enough. For AMD cards see vendor-reset in neuron-setup detect.";

export const KERNEL_MESSAGES: readonly KnownMessage[] = ([
  {
    code: "no-interrupt-remapping",
    severity: "blocker",
    pattern: /No interrupt remapping support\./,
    example:
      'vfio_iommu_type1_attach_group: No interrupt remapping support.  Use the module param "allow_unsafe_interrupts" to ' +
      "enable VFIO IOMMU support on this platform",
    title: INTERRUPTS_NOT_REMAPPED,
    hint: REMAP_INTERRUPTS,
    source: "Linux drivers/vfio/vfio_iommu_type1.c",
  },
  {
    code: "bar-cannot-be-reserved",
    severity: "warning",
    pattern: /vfio-pci .*BAR \d.*can't reserve/,
    example: "vfio-pci 0000:01:00.0: BAR 0: can't reserve [mem 0xe0000000-0xefffffff 64bit pref]",
    title: "The host's boot screen still uses the memory of the card that the VM shall have",
    hint:
      "Make the other card the first one in the firmware setup. Else start Linux with video=efifb:off, on kernels from " +
      "5.17 with initcall_blacklist=sysfb_init.",
    source: "Linux drivers/pci/pci.c (pci_request_region); ArchWiki, PCI passthrough via OVMF, BAR 3: cannot reserve",
  },
  {
    code: "card-does-not-answer",
    severity: "warning",
    pattern: /unknown header type [0-9a-f]{2}, ignoring device|vfio_bar_restore: .*reset recovery/,
    example: "vfio-pci 0000:03:00.0: vfio_bar_restore: reset recovery - restoring BARs",
    title: "A card was lost in its reset: it does not answer any more",
    hint: stuckCard,
    source: "Linux drivers/vfio/pci/vfio_pci_config.c, drivers/pci/probe.c",
  },
  {
    code: "card-not-ready-after-reset",
    severity: "warning",
    pattern: /not ready \d+ms after .*giving up/,
    example: "vfio-pci 0000:01:00.0: not ready 65535ms after FLR; giving up",
    title: "A card did not come back from its reset in time",
    hint: stuckCard,
    source: "Linux drivers/pci/pci.c (pci_dev_wait)",
  },
  {
    code: "card-stays-asleep",
    severity: "warning",
    pattern: /hange power state from D3\w+ to D0|Refused to change power state, currently in D3/,
    example: "vfio-pci 0000:01:00.0: Unable to change power state from D3cold to D0, device inaccessible",
    title: "A card went to sleep and does not wake up",
    hint:
      "Switch the machine off and on. If it comes again: options vfio-pci disable_idle_d3=1 in a file of /etc/modprobe.d.",
    source: "Linux drivers/pci/pci.c; drivers/vfio/pci/vfio_pci.c (disable_idle_d3)",
  },
  {
    code: "rom-not-valid",
    severity: "info",
    pattern: /vfio-pci .*Invalid PCI ROM header signature/,
    example: "vfio-pci 0000:01:00.0: Invalid PCI ROM header signature: expecting 0xaa55, got 0xffff",
    title: "The card's own program (ROM) cannot be read",
    hint: "If the VM's screen stays black, give the VM a ROM file that was read while another card was the first one.",
    source: "Linux drivers/pci/rom.c; ArchWiki, PCI passthrough via OVMF, Passing the boot GPU to the guest",
  },
  {
    code: "iommu-fault-amd",
    severity: "warning",
    pattern: /AMD-Vi: Event logged \[IO_PAGE_FAULT/,
    example:
      "vfio-pci 0000:04:10.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0037 address=0x7b657064 flags=0x0000]",
    title: "A device reached for memory that is not its own, and the IOMMU refused",
    hint:
      "Once, while a VM starts or stops, it is harmless. Again and again: update the board's firmware, and add iommu=pt " +
      "for devices of the host.",
    source: "Linux drivers/iommu/amd/iommu.c",
  },
  {
    code: "iommu-fault-intel",
    severity: "warning",
    pattern: /DMAR: \[(DMA|INTR)[^\]]*\] Request device/,
    example:
      "DMAR: [DMA Read NO_PASID] Request device [01:00.0] fault addr 0x1187a9000 [fault reason 0x06] PTE Read access",
    title: "A device reached for memory that is not its own, and the IOMMU refused",
    hint:
      "Once, while a VM starts or stops, it is harmless. Again and again: update the board's firmware, and add iommu=pt " +
      "for devices of the host.",
    source: "Linux drivers/iommu/intel/dmar.c",
  },
  {
    code: "iommu-times-out",
    severity: "warning",
    pattern: /Completion-Wait loop timed out|IOTLB_INV_TIMEOUT/,
    example: "iommu ivhd0: AMD-Vi: Event logged [IOTLB_INV_TIMEOUT device=06:00.0 address=0x1001e4600]",
    title: "A device does not answer the IOMMU: most often a card that was lost in its reset",
    hint: stuckCard,
    source: "Linux drivers/iommu/amd/iommu.c",
  },
  {
    code: "firmware-iommu-table-broken",
    severity: "warning",
    pattern: /Your BIOS is broken; DMAR reported/,
    example: "DMAR: [Firmware Bug]: Your BIOS is broken; DMAR reported at address fed90000 returns all ones!",
    title: "The firmware describes its IOMMU wrongly, so Linux leaves it off",
    hint: "Update the board's firmware.",
    source: "Linux drivers/iommu/intel/dmar.c",
  },
  {
    code: "virtualization-off",
    severity: "blocker",
    pattern: /VMX \(outside TXT\) disabled by BIOS|kvm.*disabled (by|\(by) BIOS/i,
    example: "x86/cpu: VMX (outside TXT) disabled by BIOS",
    title: "The processor's virtualization is switched off",
    hint: "Switch it on in the firmware setup: Intel Virtualization Technology (VT-x), or SVM Mode.",
    source: "Linux arch/x86/kernel/cpu/feat_ctl.c, arch/x86/kvm/x86.c",
  },
  {
    code: "split-locks-slow-guests",
    severity: "info",
    pattern: /split lock detection: #AC: .*took a split_lock trap/,
    example: "x86/split lock detection: #AC: CPU 0/KVM/1968 took a split_lock trap at address: 0xfffff804726dfdff",
    title: "A program in a VM uses split locks, and the kernel slows the VM down for each of them",
    hint: "If a game stutters, start Linux with split_lock_detect=off.",
    source: "Linux arch/x86/kernel/cpu; Documentation/arch/x86/buslock.rst",
  },
  {
    code: "lockdown-refused",
    severity: "warning",
    pattern: /Lockdown: .*(unsigned module|BAR access|\/dev\/mem).* is restricted/,
    example: "Lockdown: modprobe: unsigned module loading is restricted; see man kernel_lockdown.7",
    title: "Secure Boot's lockdown refused something a program wanted, such as an unsigned module",
    hint: "Sign the module with a key of your own and enrol that (mokutil --import), or switch Secure Boot off.",
    source: "Linux security/lockdown; kernel_lockdown(7)",
  },
  {
    code: "module-not-signed",
    severity: "warning",
    pattern: /Loading of (unsigned module|module with unavailable key|module with unsupported crypto) is rejected/,
    example: "Loading of module with unavailable key is rejected",
    title: "The kernel refused a module that is not signed with a key it trusts (kvmfr, vendor-reset, NVIDIA's)",
    hint: "Enrol the key that DKMS signs with: mokutil --import /var/lib/dkms/mok.pub, then restart and confirm it.",
    source: "Linux kernel/module/signing.c; dkms(8)",
  },
  {
    code: "qemu-killed-for-memory",
    severity: "warning",
    pattern: /Out of memory: Killed process \d+ \(qemu-system/,
    example: "Out of memory: Killed process 4711 (qemu-system-x86) total-vm:17825792kB, anon-rss:16777216kB",
    title: "The kernel killed a VM because the host had no memory left",
    hint: "Give the VM less memory: the host needs a quarter of it, at least 2 GiB, for itself.",
    source: "Linux mm/oom_kill.c",
  },
  {
    code: "apparmor-denied",
    severity: "warning",
    pattern: /apparmor="DENIED".*profile="(libvirt-|virt-aa-helper|\/usr\/sbin\/libvirtd|libvirtd|swtpm)/,
    example:
      'audit: type=1400 audit(1387470882.865:31): apparmor="DENIED" operation="open" profile="libvirt-5f6c2a" name="/dev/kvmfr0"',
    title: "AppArmor refused a VM a file",
    hint:
      "Allow the path it names in /etc/apparmor.d/local/abstractions/libvirt-qemu, then start the VM again; keep disks " +
      "and ISO files below /var/lib/libvirt/images.",
    source: "Linux security/apparmor/audit.c; libvirt docs, Security drivers",
  },
  {
    code: "selinux-denied",
    severity: "warning",
    pattern: /avc: +denied .*(svirt|virtqemud|virtd)/,
    example:
      'audit: type=1400 audit(1400000000.1:5): avc:  denied  { read } for  pid=99 comm="qemu-system-x86" scontext=system_u:system_r:svirt_t:s0:c1,c2',
    title: "SELinux refused a VM a file",
    hint: "restorecon -v on the file it names; keep disks and ISO files below /var/lib/libvirt/images.",
    source: "Linux security/selinux/avc.c; libvirt docs, Security drivers",
  },
  {
    code: "card-left-alone",
    severity: "blocker",
    pattern: /neuron: .*: the card is left alone/,
    example: "neuron: no device at 0000:01:00.0, where 10de 1b80 was: the card is left alone",
    title: "The card is not where it was when Neuron was set up, so it was not handed over",
    hint: "Put it back into its slot, or run neuron-setup again: it finds the card at its new place.",
    source: "provision/steps/scripts/initramfs_init_top.sh",
  },
  {
    code: "vfio-module-missing",
    severity: "blocker",
    pattern: /neuron: the module vfio-pci cannot be loaded/,
    example: "neuron: the module vfio-pci cannot be loaded",
    title: "The initial ram disk has no vfio-pci for this kernel",
    hint:
      "Install the distribution's full kernel package; then build the ram disks anew (Debian: update-initramfs -u -k all).",
    source: "provision/steps/scripts/initramfs_init_top.sh",
  },
] satisfies readonly Omit<KnownMessage, "where">[]).map((row) => ({ ...row, where: "kernel" }));
