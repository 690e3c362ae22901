/** States of disks, modules, the certificate and libvirt that are known to be trouble. Pure. */
import { diskPaths, type Evidence } from "./evidence.ts";
import { fine, found, foundIf, mib, when } from "./judge.ts";
import type { Judgement, KnownState } from "./trouble.ts";

const KIB_PER_MIB = 1024;
/** Beside the largest initial ram disk, which is written anew before the old one goes. */
const BOOT_MARGIN_KIB = 20 * KIB_PER_MIB;
/** Windows 11's own demand (Microsoft's system requirements). */
const WINDOWS_DISK_KIB = 64 * 1024 * KIB_PER_MIB;

export const SYSTEM_STATES: readonly KnownState[] = [
  {
    code: "boot-full",
    severity: "warning",
    looks: "room in /boot",
    title: "/boot has too little room for a new initial ram disk",
    hint: "Remove kernels that are not needed any more (Debian: apt autoremove --purge).",
    source: "update-initramfs(8): the new one is written before the old one goes",
    judge: (evidence) => tight(evidence, diskPaths[0]!, evidence.initrdKib + BOOT_MARGIN_KIB),
  },
  {
    code: "images-full",
    severity: "info",
    looks: "room for VMs in /var/lib/libvirt/images",
    title: "/var/lib/libvirt/images has less room than a new Windows 11 needs (64 GiB)",
    hint: "Make room, or keep the VM's disk in a storage pool on another disk.",
    source: "Microsoft, Windows 11 system requirements",
    judge: (evidence) => tight(evidence, diskPaths[1]!, WINDOWS_DISK_KIB),
  },
  {
    code: "module-not-signed",
    severity: "warning",
    looks: "unsigned modules under Secure Boot",
    title: "The kernel accepts signed modules only, and a module that DKMS built is not loaded",
    hint: "Enrol the key that DKMS signs with: mokutil --import /var/lib/dkms/mok.pub, then restart and confirm it.",
    source: "kernel_lockdown(7); dkms(8)",
    judge: ({ lockdown, dkmsModules, loadedModules }) =>
      when(lockdown, (mode) => {
        if (mode === "none") return fine;
        const wanted = ["kvmfr", "vendor-reset"].filter((name) => dkmsModules.includes(name));
        const absent = wanted.filter((name) => !loadedModules.includes(name.replaceAll("-", "_")));
        return found(...absent.map((name) => ({ target: name, seen: `lockdown: ${mode}` })));
      }),
  },
  {
    code: "certificate-not-valid",
    severity: "warning",
    looks: "the management certificate and its end",
    title: "The management certificate cannot be used, or ends soon",
    hint: "neuron-setup apply makes a new one.",
    source: "RFC 5280",
    judge: ({ certificateProblem }) =>
      when(certificateProblem, (problem) => problem === null ? fine : found({ seen: problem })),
  },
  {
    code: "libvirt-not-answering",
    severity: "blocker",
    looks: "whether libvirt answers",
    title: "libvirt does not answer at qemu:///system",
    hint: "systemctl status libvirtd and journalctl -u libvirtd say why.",
    source: "libvirt, Daemons",
    judge: ({ libvirt }) =>
      when(libvirt, ({ trouble }) => {
        if (trouble === null) return fine;
        return /ermission denied|no polkit agent|authentication/.test(trouble)
          ? { notLooked: "only root and the group libvirt may ask it" }
          : found({ target: "qemu:///system", seen: trouble });
      }),
  },
  {
    code: "libvirt-default-stopped",
    severity: "warning",
    looks: 'libvirt\'s network and pool "default"',
    title: 'libvirt\'s network or storage pool "default" is not running',
    hint:
      "virsh net-start default, or virsh pool-start default; neuron-setup apply defines them where they are missing.",
    source: "libvirt, Network XML format, Storage pool XML",
    judge: ({ libvirt }) =>
      when(
        libvirt,
        ({ trouble, stopped }) =>
          trouble !== null ? { notLooked: "libvirt does not answer" } : found(...stopped.map((target) => ({ target }))),
      ),
  },
  {
    code: "vm-program-missing",
    severity: "warning",
    looks: "QEMU, OVMF, swtpm, dnsmasq, virtiofsd",
    title: "A program that VMs with Windows 11 need is not installed",
    hint: "neuron-setup apply installs it (Debian: qemu-system-x86 ovmf swtpm dnsmasq-base virtiofsd).",
    source: "libvirt Domain XML: os firmware, tpm, filesystem; Network XML",
    judge: ({ missingPrograms }) => when(missingPrograms, (names) => found(...names.map((target) => ({ target })))),
  },
];

function tight({ freeKib }: Evidence, path: string, neededKib: number): Judgement {
  return when(freeKib, (free) => {
    const kib = free.get(path);
    if (kib === undefined) return { notLooked: `${path} is not there` };
    return foundIf(kib < neededKib, { target: path, seen: `${mib(kib)} are free, ${mib(neededKib)} are wanted` });
  });
}
