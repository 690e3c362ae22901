/**
 * The system of the emulated PC: Debian with GRUB on a disk of its own, built by mmdebstrap from the build machine's apt
 * sources. Built once for each recipe and kept in the user's cache folder; runs lay an overlay of their own over it.
 * No loop devices and no mounts: the file system is filled by mke2fs, and GRUB installs itself in a first start.
 */
import { join } from "node:path";
import { aptSources, cacheFolder, digestOf, exists, suite, textsBelow } from "./debian.ts";
import { Pc } from "./pc.ts";
import { tool } from "./tool.ts";

const overlayFolder = join(import.meta.dirname!, "image/overlay");

/** As a person would have it before Neuron: a boot loader, a desktop's kernel, libvirt with QEMU. */
const packages = [
  "busybox",
  "dbus",
  "dnsmasq-base",
  "grub-pc",
  "initramfs-tools",
  "iproute2",
  "iptables",
  "kmod",
  "libvirt-clients",
  "libvirt-daemon-system",
  "linux-image-amd64",
  "openssl",
  "ovmf",
  "pci.ids",
  "procps",
  "qemu-system-x86",
  "qemu-utils",
  "swtpm",
  "swtpm-tools",
  "systemd",
  "systemd-sysv",
  "udev",
  "usb.ids",
  "wimtools",
  "xorriso",
  "zstd",
];
const excluded = ["/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*"];

/** Runs in the unpacked system. Timers, consoles and menu scripts for other systems only make an emulated PC slower. */
const finishing = `
set -e
systemctl enable test-agent.service systemd-networkd.service
systemctl mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
  fstrim.timer getty@tty1.service serial-getty@ttyS0.service systemd-timesyncd.service
chmod a-x /etc/grub.d/20_linux_xen /etc/grub.d/30_os-prober /etc/grub.d/30_uefi-firmware
update-initramfs -u -k all
`;

const diskMib = 6144;
/** Where the first and only partition begins; GRUB's core lies before it. */
const partitionStart = 1024 * 1024;

export interface Image {
  readonly path: string;
  /** How long building took; null when it was there. */
  readonly builtMs: number | null;
}

/** The image of today's recipe, built where it is not in the cache. */
export async function systemImage(say: (line: string) => void): Promise<Image> {
  const cache = join(cacheFolder(), await recipeKey());
  const path = join(cache, "system.raw");
  if (await exists(path)) return { path, builtMs: null };
  if (Deno.uid() !== 0) throw new Error("building the emulated PC's image needs root: sudo deno task test:machine");
  say("Building the emulated PC's image (once; a minute or three) …");
  const startedMs = performance.now();
  await Deno.mkdir(cacheFolder(), { recursive: true });
  const work = await Deno.makeTempDir({ dir: cacheFolder(), prefix: "building-" });
  try {
    await unpackSystem(`${work}/root`);
    await makeDisk(`${work}/root`, `${work}/system.raw`);
    await installBootLoader(work);
    await Deno.remove(`${work}/root`, { recursive: true });
    await Deno.rename(work, cache);
  } catch (error) {
    await Deno.remove(work, { recursive: true });
    throw error;
  }
  return { path, builtMs: performance.now() - startedMs };
}

/** Digest of everything the image is made from. */
async function recipeKey(): Promise<string> {
  return await digestOf([await Deno.readTextFile(import.meta.filename!), ...await textsBelow(overlayFolder)]);
}

async function unpackSystem(root: string): Promise<void> {
  await tool("mmdebstrap", [
    "--variant=minbase",
    "--mode=root",
    '--aptopt=APT::Install-Recommends "false"',
    '--aptopt=Acquire::Languages "none"',
    ...excluded.map((path) => `--dpkgopt=path-exclude=${path}`),
    `--include=${packages.join(",")}`,
    await suite(),
    root,
    ...await aptSources(),
  ]);
  await tool(
    "cp",
    ["--recursive", "--no-preserve=ownership", "--preserve=mode", `${overlayFolder}/.`, root],
    "coreutils",
  );
  await tool("chroot", [root, "sh", "-c", finishing], "coreutils");
}

/** One partition with the whole system in it. */
async function makeDisk(root: string, disk: string): Promise<void> {
  using file = await Deno.open(disk, { write: true, createNew: true });
  await file.truncate(diskMib * 1024 * 1024);
  const sectors = partitionStart / 512;
  const table = `${disk}.sfdisk`;
  await Deno.writeTextFile(table, `label: dos\nstart=${sectors}, type=83, bootable\n`);
  await tool("sh", ["-c", 'sfdisk --quiet "$1" <"$2"', "sh", disk, table], "fdisk");
  await Deno.remove(table);
  await tool("mke2fs", [
    ...["-q", "-t", "ext4", "-L", "system", "-d", root],
    ...["-E", `offset=${partitionStart}`, disk, `${diskMib * 1024 - partitionStart / 1024}k`],
  ], "e2fsprogs");
}

/** The first start: with the kernel given, GRUB installs itself and writes its menu as on any machine. */
async function installBootLoader(work: string): Promise<void> {
  const boot = async (prefix: string) => {
    for await (const { name } of Deno.readDir(`${work}/root/boot`)) {
      if (name.startsWith(prefix)) return `${work}/root/boot/${name}`;
    }
    throw new Error(`the image has no ${prefix}`);
  };
  await using pc = new Pc({
    hardware: {
      arguments: ["-device", "VGA"],
      cards: [],
      memoryMib: 2048,
      processors: "2",
      vendor: "GenuineIntel",
    },
    folder: work,
    disk: { path: `${work}/system.raw`, format: "raw" },
    kernel: {
      path: await boot("vmlinuz-"),
      initrd: await boot("initrd.img-"),
      parameters: "root=LABEL=system ro console=ttyS0 mitigations=off no_timer_check",
    },
  });
  await pc.start();
  await pc.read("set -e; grub-install --target=i386-pc /dev/vda; update-grub; sync", 120);
  await pc.shutDown();
}
