/**
 * What the installer must know about the system it runs in, which is the one it installs: the live system's root is the
 * same squashfs, with a layer in memory over it. Only reads.
 * Source: live-boot(7): `boot=live` on the kernel's command line, the medium at /run/live/medium.
 */
import { AppError } from "../../model/errors.ts";
import type { Host } from "../host/host.ts";
import type { Firmware } from "./verdict.ts";

/** The file system that gets installed. */
export const LIVE_IMAGE = "/run/live/medium/live/filesystem.squashfs";

/**
 * Debian packages the installer needs in the system it installs from, and so in what is installed. The ISO's builder
 * reads this list.
 */
export const installerPackages: readonly string[] = [
  "btrfs-progs",
  "console-setup",
  "cryptsetup",
  "cryptsetup-initramfs",
  "dosfstools",
  "e2fsprogs",
  "efibootmgr",
  "fdisk",
  "grub-efi-amd64-bin",
  "grub-efi-amd64-signed",
  "grub-pc-bin",
  "grub2-common",
  "keyboard-configuration",
  "locales",
  "openssl",
  "passwd",
  "shim-signed",
  "squashfs-tools",
  "sudo",
  "tzdata",
  "udev",
  "util-linux",
];

export interface LiveSystem {
  readonly firmware: Firmware;
  /** Null: this machine was not started from the medium. */
  readonly image: { readonly path: string; readonly sizeBytes: number } | null;
  /** Installed packages that only a live system needs. */
  readonly livePackages: readonly string[];
  /** The folders of /usr/lib/grub. */
  readonly grubTargets: readonly string[];
  /** Signed GRUB and shim are there. */
  readonly signedBoot: boolean;
  readonly networkManager: boolean;
  /** locale-gen is there. */
  readonly makesLocales: boolean;
  readonly sshServer: boolean;
  /** The text of /etc/default/keyboard. */
  readonly keyboardDefaults: string;
  /** `console=` parameters this system was started with, in their order: `tty0`, `ttyS0,115200`. */
  readonly consoles: readonly string[];
}

export function readLiveSystem(host: Host): LiveSystem {
  const words = (host.readText("/proc/cmdline") ?? "").split(/\s+/);
  const image = host.stat(LIVE_IMAGE);
  const isLive = words.includes("boot=live") && image?.kind === "file";
  return {
    firmware: host.stat("/sys/firmware/efi") === null ? "bios" : "uefi",
    image: isLive ? { path: LIVE_IMAGE, sizeBytes: image.sizeBytes } : null,
    livePackages: livePackages(host.readText("/var/lib/dpkg/status") ?? ""),
    grubTargets: host.list("/usr/lib/grub") ?? [],
    signedBoot: host.stat("/usr/lib/shim/shimx64.efi.signed") !== null &&
      host.stat("/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed") !== null,
    networkManager: host.stat("/usr/sbin/NetworkManager") !== null,
    makesLocales: host.stat("/usr/sbin/locale-gen") !== null,
    sshServer: host.stat("/usr/sbin/sshd") !== null,
    keyboardDefaults: host.readText("/etc/default/keyboard") ?? "",
    consoles: words.filter((word) => word.startsWith("console=")).map((word) => word.slice("console=".length)),
  };
}

/**
 * The same system, told who is asked: the console a person installs from comes last. The last one is /dev/console, the
 * only one where the start asks for the disk's passphrase; a machine that has but a serial line could never be started
 * otherwise.
 * Source: kernel.org, admin-guide/serial-console; cryptsetup-initramfs(8).
 * @param terminal path of that console; null and what is no `console=` change nothing
 */
export function installedFrom(system: LiveSystem, terminal: string | null): LiveSystem {
  const isIt = (one: string) => terminal === `/dev/${one.split(",")[0]}` || (one === "tty0" && isVirtual(terminal));
  const { consoles } = system;
  return { ...system, consoles: [...consoles.filter((one) => !isIt(one)), ...consoles.filter(isIt)] };
}

/** tty0 is whichever of them is to be seen. */
const isVirtual = (terminal: string | null) => terminal !== null && /^\/dev\/tty\d+$/.test(terminal);

/** Source: deb-src-control(5), the form of /var/lib/dpkg/status. */
function livePackages(status: string): string[] {
  return status.split("\n\n").flatMap((entry) => {
    const name = /^Package: (live-(?:boot|config|tools)\S*)$/m.exec(entry)?.[1];
    return name !== undefined && /^Status: install ok installed$/m.test(entry) ? [name] : [];
  }).sort();
}

/** Whether the tables of time zones know the name. */
export function refuseUnknownTimeZone(host: Host, timeZone: string): void {
  if (host.stat(`/usr/share/zoneinfo/${timeZone}`) !== null) return;
  throw new AppError("answer-invalid", `Cannot use the time zone ${timeZone}: this system does not know it`, {
    hint: "Take a name such as Europe/Berlin; timedatectl list-timezones lists them",
  });
}
