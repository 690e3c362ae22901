/**
 * How the machine starts and what system it runs: firmware, Secure Boot, boot loader, initramfs tool, distribution,
 * board. Sources: UEFI specification 3.3 (SecureBoot variable), systemd Boot Loader Interface (LoaderInfo),
 * os-release(5), SMBIOS 7.4.1 (chassis types).
 */
import type { Bootloader, HostStatus, InitramfsTool, PciDevice } from "../../model/detection.ts";
import type { Reading } from "./reading.ts";
import { parseAssignments, parseLine, parseNatural } from "./values.ts";
import { virtualizationOf } from "./virtualization.ts";

const EFIVARS = "/sys/firmware/efi/efivars";
const SECURE_BOOT = `${EFIVARS}/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c`;
const LOADER_INFO = `${EFIVARS}/LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f`;

export function readHost(reading: Reading, pci: readonly PciDevice[], hypervisorFlag: boolean): HostStatus {
  const os = parseAssignments(reading.text("/etc/os-release") ?? reading.text("/usr/lib/os-release"));
  const dmi = (name: string) => parseLine(reading.text(`/sys/class/dmi/id/${name}`));
  const firmware = reading.exists("/sys/firmware/efi") ? "uefi" : "bios";
  return {
    hostname: parseLine(reading.text("/proc/sys/kernel/hostname")) ?? parseLine(reading.text("/etc/hostname")),
    os: {
      id: os.get("ID") || null,
      versionId: os.get("VERSION_ID") || null,
      prettyName: os.get("PRETTY_NAME") || null,
    },
    kernel: readKernel(reading),
    kernelCommandLine: parseLine(reading.text("/proc/cmdline")),
    firmware,
    secureBoot: firmware === "uefi" ? parseSecureBoot(reading.bytes(SECURE_BOOT)) : null,
    bootloader: readBootloader(reading),
    initramfs: readInitramfsTool(reading),
    virtualized: virtualizationOf({
      vendor: dmi("sys_vendor"),
      product: dmi("product_name"),
      hypervisorType: parseLine(reading.text("/sys/hypervisor/type")),
      hypervisorFlag,
      pci,
    }),
    board: {
      vendor: dmi("board_vendor") ?? dmi("sys_vendor"),
      name: dmi("board_name") ?? dmi("product_name"),
      biosVersion: dmi("bios_version"),
    },
    chassis: parseChassis(dmi("chassis_type")),
  };
}

/** The running kernel; of a copy that is not running, the newest one installed. */
function readKernel(reading: Reading): string | null {
  const release = parseLine(reading.text("/proc/sys/kernel/osrelease"));
  if (release !== null) return release;
  const version = /^Linux version (\S+)/.exec(reading.text("/proc/version") ?? "")?.[1];
  if (version !== undefined) return version;
  const installed = (reading.list("/boot") ?? []).filter((name) => name.startsWith("vmlinuz-"))
    .map((name) => name.slice("vmlinuz-".length)).filter((name) => /^\d/.test(name));
  return installed.sort(compareVersions).at(-1) ?? null;
}

/** Compares number by number, so that 6.10 comes after 6.9. */
export function compareVersions(a: string, b: string): number {
  const numbers = (text: string) => (text.match(/\d+/g) ?? []).map(Number);
  const [left, right] = [numbers(a), numbers(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? -1) - (right[i] ?? -1);
    if (difference !== 0) return difference;
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

/** An efivarfs file is four bytes of attributes and the value; SecureBoot's value is one byte, 1 for on. */
export function parseSecureBoot(bytes: Uint8Array | null): boolean | null {
  const value = bytes?.length === 5 ? bytes[4] : undefined;
  return value === 0 ? false : value === 1 ? true : null;
}

/** What the boot loader said about itself: UTF-16 text such as `systemd-boot 252.5` or `GRUB 2.12`. */
export function parseLoaderInfo(bytes: Uint8Array | null): string | null {
  if (bytes === null || bytes.length <= 4) return null;
  return parseLine(new TextDecoder("utf-16le").decode(bytes.subarray(4)).replaceAll("\0", ""));
}

/** In this order: an outer tool edits the inner one's files itself, so the outer one must be asked. */
export function readBootloader(reading: Reading): Bootloader | null {
  const some = (...paths: string[]) => paths.some((path) => reading.exists(path));
  if (some("/run/ostree-booted") || (some("/usr/bin/rpm-ostree") && some("/ostree", "/sysroot/ostree"))) {
    return "rpm-ostree";
  }
  if (some("/etc/kernelstub/configuration", "/usr/bin/kernelstub")) return "kernelstub";
  if (some("/usr/sbin/grubby", "/sbin/grubby", "/usr/bin/grubby")) return "grubby";
  const loader = parseLoaderInfo(reading.bytes(LOADER_INFO));
  if (loader?.startsWith("systemd-boot")) return "systemd-boot";
  const hasGrub = some("/etc/default/grub", "/boot/grub/grub.cfg", "/boot/grub2/grub.cfg");
  if (loader?.startsWith("GRUB") && hasGrub) return "grub";
  if (some("/boot/loader/loader.conf", "/boot/efi/loader/loader.conf", "/efi/loader/loader.conf")) {
    return "systemd-boot";
  }
  return hasGrub ? "grub" : some("/etc/kernel/cmdline") ? "systemd-boot" : null;
}

/** A program tells more than a configuration folder, which stays when its package goes. */
export function readInitramfsTool(reading: Reading): InitramfsTool | null {
  const signs: readonly (readonly [InitramfsTool, ...string[]])[] = [
    ["mkinitcpio", "/usr/bin/mkinitcpio"],
    ["initramfs-tools", "/usr/sbin/mkinitramfs"],
    ["dracut", "/usr/bin/dracut"],
    ["mkinitcpio", "/etc/mkinitcpio.conf"],
    ["initramfs-tools", "/etc/initramfs-tools"],
    ["dracut", "/etc/dracut.conf", "/etc/dracut.conf.d", "/usr/lib/dracut"],
  ];
  return signs.find(([, ...paths]) => paths.some((path) => reading.exists(path)))?.[0] ?? null;
}

const CHASSIS: readonly (readonly [NonNullable<HostStatus["chassis"]>, readonly number[]])[] = [
  ["desktop", [3, 4, 5, 6, 7, 13, 15, 16, 24, 34, 35, 36]],
  ["laptop", [8, 9, 10, 11, 14, 30, 31, 32]],
  ["server", [17, 23, 25, 28, 29]],
];

export function parseChassis(text: string | null): HostStatus["chassis"] {
  const type = parseNatural(text);
  if (type === null) return null;
  return CHASSIS.find(([, types]) => types.includes(type))?.[0] ?? "other";
}
