/**
 * A live system as the ISO has one, without the ISO: Debian with live-boot in a squashfs on a volume of its own, and
 * its kernel beside it. Built once for each recipe and kept in the user's cache folder.
 */
import { join } from "node:path";
import { installerPackages } from "../../../provision/installer/live_system.ts";
import { aptSources, cacheFolder, digestOf, exists, suite, textsBelow } from "../debian.ts";
import { tool } from "../tool.ts";

const machineOverlay = join(import.meta.dirname!, "../image/overlay");
const liveOverlay = join(import.meta.dirname!, "overlay");

/** The rest of a system: what the installer itself needs is its own list. */
const packages = [
  ...installerPackages,
  "busybox",
  "dbus",
  "initramfs-tools",
  "iproute2",
  "kmod",
  "linux-image-amd64",
  "live-boot",
  "live-boot-initramfs-tools",
  "openssh-server",
  "procps",
  "systemd",
  "systemd-sysv",
  "zstd",
];
const excluded = ["/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*"];

/** Of the other emulated PC's files: what talks to the test, starts the product and asks for an address. */
const shared = [
  "etc/systemd/network/any.network",
  "etc/systemd/system/test-agent.service",
  "usr/bin/neuron-setup",
  "usr/local/sbin/test-agent",
];

const finishing = `
set -e
systemctl enable test-agent.service systemd-networkd.service
systemctl mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
  fstrim.timer getty@tty1.service serial-getty@ttyS0.service systemd-timesyncd.service
rm -f /etc/ssh/ssh_host_*
: >/etc/machine-id
update-initramfs -u -k all
`;

export interface LiveMedium {
  /** A raw volume with live/filesystem.squashfs on it. */
  readonly volume: string;
  readonly kernel: string;
  readonly initrd: string;
}

export async function liveMedium(say: (line: string) => void): Promise<LiveMedium> {
  const texts = [import.meta.filename!, ...shared.map((path) => join(machineOverlay, path))];
  const recipe = [...await Promise.all(texts.map((path) => Deno.readTextFile(path))), ...await textsBelow(liveOverlay)];
  const folder = join(cacheFolder(), `live-${await digestOf([...recipe, ...installerPackages])}`);
  if (!await exists(folder)) {
    say("Building the live system (once; a minute or five) …");
    await build(folder);
  }
  return { volume: `${folder}/medium.raw`, kernel: `${folder}/vmlinuz`, initrd: `${folder}/initrd.img` };
}

async function build(folder: string): Promise<void> {
  await Deno.mkdir(cacheFolder(), { recursive: true });
  const work = await Deno.makeTempDir({ dir: cacheFolder(), prefix: "building-" });
  try {
    const root = `${work}/root`;
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
    for (const path of shared) {
      await tool(
        "install",
        ["-D", "--preserve-timestamps", `${machineOverlay}/${path}`, `${root}/${path}`],
        "coreutils",
      );
      await Deno.chmod(`${root}/${path}`, path.startsWith("usr/") ? 0o755 : 0o644);
    }
    await tool("cp", ["--recursive", "--no-preserve=ownership", `${liveOverlay}/.`, root], "coreutils");
    await tool("chroot", [root, "sh", "-c", finishing], "coreutils");
    await Deno.mkdir(`${work}/medium/live`, { recursive: true });
    const image = `${work}/medium/live/filesystem.squashfs`;
    const skipped = ["proc/*", "sys/*", "dev/*", "run/*", "tmp/*", "var/cache/apt/*", "var/lib/apt/lists/*"];
    await tool("mksquashfs", [
      ...[root, image, "-comp", "zstd", "-Xcompression-level", "3", "-noappend", "-quiet", "-no-progress"],
      ...["-wildcards", "-e", ...skipped],
    ], "squashfs-tools");
    for await (const { name } of Deno.readDir(`${root}/boot`)) {
      const plain = /^(vmlinuz|initrd\.img)-/.exec(name)?.[1];
      if (plain !== undefined) await Deno.copyFile(`${root}/boot/${name}`, `${work}/${plain}`);
    }
    const megabytes = Math.ceil((await Deno.stat(image)).size / 1e6 * 1.1) + 16;
    await tool("mke2fs", [
      ...["-q", "-t", "ext4", "-O", "^has_journal", "-L", "LIVE", "-d", `${work}/medium`],
      ...[`${work}/medium.raw`, `${megabytes}m`],
    ], "e2fsprogs");
    await Deno.remove(root, { recursive: true });
    await Deno.remove(`${work}/medium`, { recursive: true });
    await Deno.rename(work, folder);
  } catch (error) {
    await Deno.remove(work, { recursive: true });
    throw error;
  }
}
