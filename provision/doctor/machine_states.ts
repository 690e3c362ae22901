/** States of KVM, of isolation groups and of huge pages that are known to be trouble. Pure. */
import { largestVmMib } from "../vm/memory.ts";
import type { Evidence } from "./evidence.ts";
import { fine, found, foundIf, mib, when } from "./judge.ts";
import type { Hit, KnownState } from "./trouble.ts";

export const MACHINE_STATES: readonly KnownState[] = [
  {
    code: "kvm-missing",
    severity: "blocker",
    looks: "/dev/kvm",
    title: "KVM cannot be used: VMs would run without the processor's help, many times slower",
    hint: "Switch virtualization on in the firmware setup, then modprobe kvm_intel (or kvm_amd).",
    source: "Linux Documentation/virt/kvm/api.rst",
    judge: ({ kvmDevice }) => when(kvmDevice, (status) => foundIf(status === null, { target: "/dev/kvm" })),
  },
  {
    code: "kvm-closed",
    severity: "warning",
    looks: "who may open /dev/kvm",
    title: "/dev/kvm is not open to the group kvm, which QEMU runs with",
    hint: "udevadm trigger --name-match=kvm sets it as udev's rules say: root:kvm, 0660 or 0666.",
    source: "systemd rules.d/50-udev-default.rules",
    judge: ({ kvmDevice, kvmGroup }) =>
      when(kvmDevice, (status) => {
        if (status === null) return fine;
        const open = (status.mode & 0o006) === 0o006 || (status.gid === kvmGroup && (status.mode & 0o060) === 0o060);
        return foundIf(!open, { target: "/dev/kvm", seen: `mode 0${status.mode.toString(8)}, group ${status.gid}` });
      }),
  },
  {
    code: "nested-off",
    severity: "info",
    looks: "whether VMs may run VMs",
    title: "VMs may not use virtualization themselves: no WSL 2, Hyper-V or core isolation in Windows",
    hint: "options kvm_intel nested=1 (or kvm_amd) in a file of /etc/modprobe.d, then restart.",
    source: "Linux Documentation/virt/kvm/x86/running-nested-guests.rst",
    judge: ({ nested }) => nested === null ? { notLooked: "KVM is not loaded" } : foundIf(["N", "0"].includes(nested)),
  },
  {
    code: "vfio-group-not-viable",
    severity: "blocker",
    looks: "the isolation groups of cards that vfio-pci holds",
    title: "A card is reserved for a VM, but another device of its isolation group belongs to the host",
    hint: "neuron-setup detect says what shares the group and what to do.",
    source: "Linux Documentation/driver-api/vfio.rst",
    judge: ({ detection }) => found(...notViable(detection)),
  },
  {
    code: "vfio-ids-take-both",
    severity: "warning",
    looks: "vfio-pci ids= in /etc/modprobe.d and on the kernel's command line",
    title: "vfio-pci is told to take cards by their ids, and more than one card has these",
    hint:
      "Remove the ids= there: Neuron takes a card by its address and its ids, so that its twin stays with the host.",
    source: "Linux drivers/vfio/pci/vfio_pci.c (ids)",
    judge: ({ vfioIds, detection }) =>
      found(...vfioIds.flatMap((id): Hit[] => {
        const twins = detection.gpus.filter(({ address }) =>
          detection.pci.some((one) => one.address === address && `${one.vendorId}:${one.deviceId}` === id)
        );
        return twins.length < 2 ? [] : [{ target: id, seen: twins.map(({ address }) => address).join(" ") }];
      })),
  },
  {
    code: "hugepages-not-got",
    severity: "warning",
    looks: "huge pages asked for at the start, and got",
    title: "The kernel found less room for huge pages than its command line asks for",
    hint: "Ask for fewer (hugepages=), or give the VM less memory and run neuron-setup again.",
    source: "Linux Documentation/admin-guide/kernel-parameters.txt, hugepages=",
    judge: ({ cmdline, detection }) => found(...pagesMissing(cmdline, detection.memory.hugepages)),
  },
  {
    code: "hugetlbfs-not-mounted",
    severity: "warning",
    looks: "mounts for the huge pages that are reserved",
    title: "Huge pages of a size that a VM asks for are not mounted",
    hint:
      "Mount them (for 1 GiB pages: mount -t hugetlbfs -o pagesize=1G none /dev/hugepages1G), then restart libvirtd.",
    source: "libvirt src/qemu/qemu_conf.c; Linux Documentation/admin-guide/mm/hugetlbpage.rst",
    judge: ({ mounts, detection }) =>
      when(mounts, (text) => {
        const sizes = [...text.matchAll(/^\S+ \S+ hugetlbfs \S*?pagesize=(\d+)([KMG])/gm)]
          .map(([, digits, unit]) => Number(digits) * { K: 1, M: 1024, G: 1048576 }[unit as "K" | "M" | "G"]);
        return found(
          ...detection.memory.hugepages.filter(({ sizeKib, total }) => total > 0 && !sizes.includes(sizeKib))
            .map(({ sizeKib, total }) => ({ target: `hugepages-${sizeKib}kB`, seen: `${total} pages` })),
        );
      }),
  },
  {
    code: "hugepages-eat-the-host",
    severity: "warning",
    looks: "what huge pages leave to the host",
    title: "Huge pages leave the host less memory than it needs for itself",
    hint: 'Give the VM less memory, or write "hugepages": "none" into the answers.',
    source: "provision/vm/memory.ts: a quarter of the memory, at least 2 GiB, at most 8",
    judge: ({ detection: { memory } }) => {
      const most = largestVmMib(memory);
      const taken = memory.hugepages.reduce((sum, { sizeKib, total }) => sum + sizeKib * total, 0);
      if (most === null) return { notLooked: "how much memory there is cannot be read" };
      return foundIf(taken > most * 1024, { seen: `${mib(taken)} of ${mib(memory.totalKib)}` });
    },
  },
];

/** Bridges do not count, nor devices without a driver or with one made for this (Documentation/driver-api/vfio.rst). */
function notViable({ pci, iommu }: Evidence["detection"]): Hit[] {
  const harmless = [null, "vfio-pci", "pci-stub", "pcieport"];
  return iommu.groups.flatMap(({ devices }) => {
    const members = pci.filter(({ address }) => devices.includes(address));
    const held = members.find(({ driver }) => driver === "vfio-pci");
    const rivals = members.filter(({ driver, classCode }) =>
      !harmless.includes(driver) && !/^060[04]$/.test(classCode)
    );
    if (held === undefined || rivals.length === 0) return [];
    return [{ target: held.address, seen: rivals.map(({ address, driver }) => `${address} (${driver})`).join(" ") }];
  });
}

/** `hugepagesz=1G hugepages=16 hugepagesz=2M hugepages=512`; hugepages= before any size counts for the default size. */
function pagesMissing(cmdline: string, pages: Evidence["detection"]["memory"]["hugepages"]): Hit[] {
  const sizes: Record<string, number> = { "1G": 1048576, "2M": 2048 };
  let sizeKib = sizes[/(?:^|\s)default_hugepagesz=(\w+)/.exec(cmdline)?.[1]?.toUpperCase() ?? "2M"] ?? 2048;
  const asked = new Map<number, number>();
  for (const [, name, value] of cmdline.matchAll(/(?:^|\s)(hugepagesz|hugepages)=(\w+)/g)) {
    if (name === "hugepagesz") sizeKib = sizes[value!.toUpperCase()] ?? sizeKib;
    else if (/^\d+$/.test(value!)) asked.set(sizeKib, Number(value));
  }
  return [...asked].flatMap(([size, count]) => {
    const got = pages.find((one) => one.sizeKib === size)?.total ?? 0;
    return got >= count ? [] : [{ target: `hugepages-${size}kB`, seen: `${got} of ${count} pages` }];
  });
}
