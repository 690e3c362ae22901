/** Processors, memory, boot files, USB, disks and monitors, as readers see them. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { detect } from "../../../provision/hardware/detect.ts";
import { AMD_CPU, filesOf, INTEL_CPU, type Tree } from "./machine.ts";

interface MadeUpThread {
  readonly core: readonly number[];
  readonly package: string;
  readonly l3: string | null;
  readonly l2?: string;
}

function cpuTree(threads: readonly MadeUpThread[], files: Tree = {}): Tree {
  const tree: Tree = { "/proc/cpuinfo": INTEL_CPU, "/sys/devices/system/cpu/online": `0-${threads.length - 1}\n` };
  threads.forEach((thread, cpu) => {
    const folder = `/sys/devices/system/cpu/cpu${cpu}`;
    tree[`${folder}/topology/core_cpus_list`] = `${thread.core.join(",")}\n`;
    tree[`${folder}/topology/package_cpus_list`] = `${thread.package}\n`;
    if (thread.l2 !== undefined) tree[`${folder}/cache/index2/shared_cpu_list`] = `${thread.l2}\n`;
    if (thread.l3 !== null) tree[`${folder}/cache/index3/shared_cpu_list`] = `${thread.l3}\n`;
  });
  return { ...tree, ...files };
}

const cpuOf = (tree: Tree) => detect(filesOf(tree)).cpu;

Deno.test("a hybrid processor: siblings, kinds, and low-power cores without an L3", () => {
  const cpu = cpuOf(cpuTree([
    { core: [0, 1], package: "0-5", l3: "0-3" },
    { core: [0, 1], package: "0-5", l3: "0-3" },
    { core: [2], package: "0-5", l3: "0-3" },
    { core: [3], package: "0-5", l3: "0-3" },
    { core: [4], package: "0-5", l3: null, l2: "4-5" },
    { core: [5], package: "0-5", l3: null, l2: "4-5" },
  ], { "/sys/devices/cpu_core/cpus": "0-1\n", "/sys/devices/cpu_atom/cpus": "2-5\n" }));
  assertEquals([cpu.sockets, cpu.cores, cpu.threads], [1, 5, 6]);
  assertEquals(cpu.topology.map((thread) => thread.core), [0, 0, 1, 2, 3, 4]);
  assertEquals(cpu.topology.map((thread) => thread.l3), [0, 0, 0, 0, 1, 1]);
  assertEquals(cpu.topology.map((thread) => thread.kind[0]), ["p", "p", "e", "e", "e", "e"]);
});

Deno.test("without Intel's lists the slowest fifth and below are efficiency cores, preferred cores are not", () => {
  const threads = [0, 1, 2].map((core) => ({ core: [core], package: "0-2", l3: "0-2" }));
  const frequencies = (...khz: number[]) =>
    Object.fromEntries(
      khz.map((speed, cpu) => [`/sys/devices/system/cpu/cpu${cpu}/cpufreq/cpuinfo_max_freq`, `${speed}\n`]),
    );
  const kinds = (files: Tree) => cpuOf(cpuTree(threads, files)).topology.map((thread) => thread.kind);
  assertEquals(kinds(frequencies(5100000, 5100000, 3300000)), ["performance", "performance", "efficiency"]);
  assertEquals(kinds(frequencies(5700000, 5500000, 5250000)), ["uniform", "uniform", "uniform"]);
  assertEquals(kinds({}), ["uniform", "uniform", "uniform"]);
});

Deno.test("two sockets, two nodes, an offline CPU", () => {
  const cpu = cpuOf(cpuTree([
    { core: [0, 2], package: "0,2", l3: "0,2" },
    { core: [1, 3], package: "1,3", l3: "1,3" },
    { core: [0, 2], package: "0,2", l3: "0,2" },
    { core: [1, 3], package: "1,3", l3: "1,3" },
  ], {
    "/sys/devices/system/cpu/online": "0-2\n",
    "/sys/devices/system/node/node0/cpulist": "0,2\n",
    "/sys/devices/system/node/node1/cpulist": "1,3\n",
  }));
  assertEquals(cpu.topology.map(({ cpu, socket, numaNode, l3, core }) => [cpu, socket, numaNode, l3, core]), [
    [0, 0, 0, 0, 0],
    [1, 1, 1, 1, 1],
    [2, 0, 0, 0, 0],
  ]);
});

Deno.test("without sysfs the topology comes from /proc/cpuinfo", () => {
  const block = (cpu: number, socket: number, core: number) =>
    `processor\t: ${cpu}\nvendor_id\t: AuthenticAMD\nphysical id\t: ${socket}\ncore id\t\t: ${core}\nflags\t\t: svm\n\n`;
  const cpu = cpuOf({ "/proc/cpuinfo": [block(0, 0, 0), block(1, 0, 0), block(2, 1, 0), block(3, 1, 0)].join("") });
  assertEquals([cpu.vendor, cpu.virtualization, cpu.sockets, cpu.cores, cpu.threads], ["amd", "svm", 2, 2, 4]);
  assertEquals(cpu.topology.map((thread) => thread.core), [0, 0, 1, 1]);
});

const BOOT: readonly (readonly [string, string | null, Tree])[] = [
  ["a kernel updated by rpm-ostree", "rpm-ostree", {
    "/run/ostree-booted": "",
    "/usr/sbin/grubby": "",
    "/etc/default/grub": "",
  }],
  ["Pop!_OS", "kernelstub", { "/etc/kernelstub/configuration": "{}", "/boot/efi/loader/loader.conf": "" }],
  ["Fedora", "grubby", { "/usr/sbin/grubby": "", "/etc/default/grub": "", "/boot/loader/loader.conf": "" }],
  ["systemd-boot", "systemd-boot", { "/boot/loader/loader.conf": "", "/etc/kernel/cmdline": "quiet" }],
  ["Debian", "grub", { "/etc/default/grub": "", "/boot/grub/grub.cfg": "" }],
  ["nothing known", null, { "/etc/lilo.conf": "" }],
];

for (const [what, wanted, tree] of BOOT) {
  Deno.test(`the boot loader of ${what} is ${wanted}`, () => {
    assertEquals(detect(filesOf(tree)).host.bootloader, wanted);
  });
}

Deno.test("the initramfs tool is the program that is there, before the folder that was left", () => {
  const toolOf = (tree: Tree) => detect(filesOf(tree)).host.initramfs;
  assertEquals(toolOf({ "/usr/bin/dracut": "", "/etc/initramfs-tools/modules": "" }), "dracut");
  assertEquals(toolOf({ "/usr/sbin/mkinitramfs": "", "/etc/initramfs-tools/modules": "" }), "initramfs-tools");
  assertEquals(toolOf({ "/etc/mkinitcpio.conf": "" }), "mkinitcpio");
  assertEquals(toolOf({}), null);
});

Deno.test("firmware, Secure Boot, board, chassis and a kernel that is not running", () => {
  const { host } = detect(filesOf({
    "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c": "\x06\0\0\0\x01",
    "/sys/class/dmi/id/board_vendor": "ASUSTeK COMPUTER INC.\n",
    "/sys/class/dmi/id/board_name": "PRIME Z690-P\n",
    "/sys/class/dmi/id/chassis_type": "3\n",
    "/boot/vmlinuz-6.9.12-amd64": "",
    "/boot/vmlinuz-6.10.3-amd64": "",
    "/boot/vmlinuz-old": "",
    "/etc/hostname": "tower\n",
    "/etc/os-release": 'ID=debian\nVERSION_ID="12"\n',
  }));
  assertEquals([host.firmware, host.secureBoot, host.kernel], ["uefi", true, "6.10.3-amd64"]);
  assertEquals(host.board, { vendor: "ASUSTeK COMPUTER INC.", name: "PRIME Z690-P", biosVersion: null });
  assertEquals([host.chassis, host.hostname, host.os.id, host.os.versionId], ["desktop", "tower", "debian", "12"]);
});

Deno.test("a virtual machine is known by its firmware, or by its devices where the processor says it is one", () => {
  const virtualOf = (tree: Tree) => detect(filesOf(tree)).host.virtualized;
  const flag = AMD_CPU.replace("svm", "svm hypervisor");
  const virtio: Tree = {
    "/sys/bus/pci/devices/0000:00:01.0/vendor": "0x1af4\n",
    "/sys/bus/pci/devices/0000:00:01.0/class": "0x020000\n",
  };
  assertEquals(virtualOf({ "/proc/cpuinfo": flag, "/sys/class/dmi/id/sys_vendor": "QEMU\n" }), "qemu");
  assertEquals(virtualOf({ "/proc/cpuinfo": flag, ...virtio }), "qemu");
  assertEquals(virtualOf({ "/proc/cpuinfo": AMD_CPU, ...virtio }), null);
  assertEquals(virtualOf({ "/proc/cpuinfo": flag }), "other");
  assertEquals(
    virtualOf({ "/proc/cpuinfo": AMD_CPU, "/sys/class/dmi/id/sys_vendor": "Microsoft Corporation\n" }),
    null,
  );
});

Deno.test("USB devices: not the hubs of the board, not interfaces; with the controller they hang on", () => {
  const at = "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-4";
  const { usb } = detect(filesOf({
    [`${at}/idVendor`]: "046d\n",
    [`${at}/idProduct`]: "c52b\n",
    [`${at}/product`]: "USB Receiver\n",
    [`${at}/serial`]: "ABC\n",
    [`${at}/bDeviceClass`]: "00\n",
    "/sys/bus/usb/devices/1-4": { link: `../../..${at.slice(4)}` },
    "/sys/bus/usb/devices/usb1": { link: "../../../devices/pci0000:00/0000:00:14.0/usb1" },
    "/sys/bus/usb/devices/1-4:1.0": { link: "../../../devices/pci0000:00/0000:00:14.0/usb1/1-4/1-4:1.0" },
    "/usr/share/misc/usb.ids": "046d  Logitech, Inc.\n\tc52b  Unifying Receiver\n",
  }));
  assertEquals(usb, [{
    port: "1-4",
    vendorId: "046d",
    productId: "c52b",
    vendorName: "Logitech, Inc.",
    productName: "USB Receiver",
    serial: "ABC",
    classCode: "00",
    controller: "0000:00:14.0",
  }]);
});

Deno.test("a disk knows what is mounted on its partitions, through encryption and volumes", () => {
  const disk = "/sys/devices/pci0000:00/0000:02:00.0/nvme/nvme0/nvme0n1";
  const { storage } = detect(filesOf({
    [`${disk}/size`]: "2000409264\n",
    [`${disk}/queue/rotational`]: "0\n",
    [`${disk}/removable`]: "0\n",
    [`${disk}/device/model`]: "Samsung SSD 990\n",
    [`${disk}/nvme0n1p1/size`]: "2048\n",
    [`${disk}/nvme0n1p2/size`]: "4096\n",
    "/sys/class/block/nvme0n1": { link: `../..${disk.slice(4)}` },
    "/sys/class/block/nvme0n1p1": { link: `../..${disk.slice(4)}/nvme0n1p1` },
    "/sys/class/block/nvme0n1p2": { link: `../..${disk.slice(4)}/nvme0n1p2` },
    "/sys/class/block/dm-0/slaves/nvme0n1p2": "",
    "/sys/class/block/dm-0/dm/name": "crypt\n",
    "/sys/class/block/dm-1/slaves/dm-0": "",
    "/sys/class/block/dm-1/dm/name": "vg-root\n",
    "/sys/class/block/loop0/size": "0\n",
    "/proc/mounts": "/dev/mapper/vg-root / ext4 rw 0 0\n/dev/nvme0n1p1 /boot/efi vfat rw 0 0\n",
  }));
  assertEquals(storage, [{
    name: "nvme0n1",
    model: "Samsung SSD 990",
    sizeBytes: 2000409264 * 512,
    rotational: false,
    removable: false,
    controller: "0000:02:00.0",
    mountPoints: ["/", "/boot/efi"],
  }]);
});

Deno.test("memory without MemAvailable, huge pages and no nodes", () => {
  const { memory } = detect(filesOf({
    "/proc/meminfo": "MemTotal: 16000000 kB\nMemFree: 1000 kB\nBuffers: 10 kB\nCached: 5 kB\n",
    "/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages": "4\n",
    "/sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages": "3\n",
  }));
  assertEquals(memory, {
    totalKib: 16000000,
    availableKib: 1015,
    numaNodes: [{ node: 0, totalKib: 16000000 }],
    hugepages: [{ sizeKib: 1048576, total: 4, free: 3 }],
  });
});

Deno.test("a monitor is told with the card it hangs on", () => {
  const at = "/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/drm/card1/card1-DP-1";
  const { displays } = detect(filesOf({
    [`${at}/status`]: "connected\n",
    [`${at}/edid`]: "",
    "/sys/class/drm/card1-DP-1": { link: `../..${at.slice(4)}` },
    "/sys/class/drm/card1": { link: "../../devices/pci0000:00/0000:00:01.0/0000:01:00.0/drm/card1" },
    "/sys/class/drm/version": "drm 1.1.0\n",
  }));
  assertEquals(displays, [{
    connector: "card1-DP-1",
    connected: true,
    gpu: "0000:01:00.0",
    monitor: null,
    preferredMode: null,
  }]);
});

Deno.test("interrupts that are not remapped stand in the way, each time with the cure that fits, unless a person allows it", () => {
  const group: Tree = {
    "/sys/kernel/iommu_groups/0/devices/0000:00:00.0": "",
    "/sys/class/iommu/dmar0/intel-iommu/ecap": "f0\n",
  };
  const told = (tree: Tree) => {
    const found = detect(filesOf({ ...group, ...tree })).findings.filter(({ code }) => /interrupt/.test(code));
    assert(found.length <= 1, JSON.stringify(found));
    return found[0] ?? null;
  };
  const trouble = told({});
  assertEquals([trouble?.code, trouble?.severity], ["no-interrupt-remapping", "blocker"]);
  assertMatch(trouble?.hint ?? "", /^Update the firmware, .*options vfio_iommu_type1 allow_unsafe_interrupts=1/);
  assertMatch(told({ "/proc/cmdline": "ro intremap=off quiet\n" })?.hint ?? "", /^Take intremap=off out of/);
  assertMatch(told({ "/sys/class/dmi/id/sys_vendor": "QEMU\n" })?.hint ?? "", /^This is a virtual machine/);
  assertEquals(told({ "/proc/interrupts": " 1: 0 IR-IO-APIC 1-edge i8042\n" }), null);
  assertEquals(told({ "/sys/class/iommu/dmar0/intel-iommu/ecap": "f8\n" }), null);

  const allowed: readonly Tree[] = [
    { "/etc/modprobe.d/mine.conf": "# cost me a day\noptions vfio_iommu_type1 allow_unsafe_interrupts=1\n" },
    { "/usr/lib/modprobe.d/vendor.conf": "options vfio-iommu-type1 dma_entry_limit=9 allow_unsafe_interrupts=Y\n" },
    { "/proc/cmdline": "ro vfio_iommu_type1.allow_unsafe_interrupts=1\n" },
    { "/proc/cmdline": "ro vfio-iommu-type1.allow-unsafe-interrupts\n" },
    { "/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts": "Y\n" },
  ];
  for (const tree of allowed) {
    const finding = told(tree);
    assertEquals([finding?.code, finding?.severity], ["unsafe-interrupts-allowed", "warning"], JSON.stringify(tree));
  }
  const notAllowed: readonly Tree[] = [
    { "/etc/modprobe.d/mine.conf": "#options vfio_iommu_type1 allow_unsafe_interrupts=1\n" },
    { "/etc/modprobe.d/mine.conf.bak": "options vfio_iommu_type1 allow_unsafe_interrupts=1\n" },
    { "/etc/modprobe.d/mine.conf": "options vfio_iommu_type1 allow_unsafe_interrupts=0\n" },
    { "/etc/modprobe.d/mine.conf": "options vfio_pci allow_unsafe_interrupts=1\n" },
    { "/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts": "N\n" },
  ];
  for (const tree of notAllowed) assertEquals(told(tree)?.code, "no-interrupt-remapping", JSON.stringify(tree));
  const remapped = { ...allowed[0]!, "/proc/interrupts": " 1: 0 IR-IO-APIC 1-edge i8042\n" };
  assertEquals(told(remapped), null, "what is remapped is safe, whatever is allowed");
});

Deno.test("whether the kernel switches Intel's IOMMU on by itself is read from what it was built with", () => {
  const intel: Tree = { "/proc/cpuinfo": INTEL_CPU, "/proc/sys/kernel/osrelease": "6.1.0-44-amd64\n" };
  const seen = (tree: Tree) => detect(filesOf({ ...intel, ...tree })).iommu.onByDefault;
  const on = "CONFIG_INTEL_IOMMU=y\nCONFIG_INTEL_IOMMU_DEFAULT_ON=y\n";
  const off = "CONFIG_INTEL_IOMMU=y\n# CONFIG_INTEL_IOMMU_DEFAULT_ON is not set\n";
  assertEquals(seen({ "/boot/config-6.1.0-44-amd64": on }), true);
  assertEquals(seen({ "/lib/modules/6.1.0-44-amd64/config": off }), false);
  assertEquals(seen({ "/boot/config-6.1.0-43-amd64": on }), null, "another kernel's");
  const debian = `${off}CONFIG_INTEL_IOMMU_DEFAULT_ON_INTGPU_OFF=y\n`;
  assertEquals(seen({ "/boot/config-6.1.0-44-amd64": debian }), true, "but for the processor's own graphics");
  assertEquals(seen({}), null);
  assertEquals(seen({ "/boot/config-6.1.0-44-amd64": on, "/proc/cpuinfo": AMD_CPU }), null);
});
