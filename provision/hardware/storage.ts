/**
 * Disks and where they are mounted, so that nobody hands away the controller below the host's own system.
 * Sources: Documentation/ABI/stable/sysfs-block, /proc/mounts.
 */
import type { StorageDevice } from "../../model/detection.ts";
import type { Reading } from "./reading.ts";
import { lastPciAddress } from "./usb.ts";
import { parseLine, parseNatural } from "./values.ts";

const BLOCK = "/sys/class/block";
/** The kernel counts in these whatever the disk's own sector is. */
const SECTOR_BYTES = 512;
/** Not hardware: loop devices, RAM disks, and what is built on top of disks. */
export const NOT_A_DISK = /^(?:loop|ram|zram|fd|md|dm-|nbd|bcache)\d*/;

export function readStorage(reading: Reading): StorageDevice[] {
  const names = reading.list(BLOCK) ?? [];
  const links = new Map(names.map((name) => [name, reading.link(`${BLOCK}/${name}`)]));
  const mounts = parseMounts(reading.text("/proc/mounts"));
  const upper = readUpperDevices(reading, names);
  const disks = names.filter((name) => !NOT_A_DISK.test(name) && diskOf(name, links, names) === name);
  return disks.map((name) => {
    const line = (file: string) => parseLine(reading.text(`${BLOCK}/${name}/${file}`));
    const parts = names.filter((other) => diskOf(other, links, names) === name);
    const rotational = parseNatural(line("queue/rotational"));
    const sectors = parseNatural(line("size")) ?? 0;
    return {
      name,
      model: line("device/model"),
      sizeBytes: Number.isSafeInteger(sectors * SECTOR_BYTES) ? sectors * SECTOR_BYTES : 0,
      rotational: rotational === null ? null : rotational === 1,
      removable: parseNatural(line("removable")) === 1,
      controller: lastPciAddress(links.get(name) ?? null),
      mountPoints: mountPointsOf(parts, mounts, upper),
    };
  });
}

/** A partition's folder lies in its disk's: `…/block/sda/sda1`; a flat copy shows it by the name alone. */
function diskOf(name: string, links: ReadonlyMap<string, string | null>, names: readonly string[]): string {
  const above = links.get(name)?.split("/").at(-2);
  if (above !== undefined && above !== "block" && names.includes(above)) return above;
  const base = /^(.*\d)p\d+$/.exec(name)?.[1] ?? /^([a-z]+)\d+$/.exec(name)?.[1];
  return base !== undefined && base !== name && names.includes(base) ? base : name;
}

/** For each block device what is built on it: volumes, encryption, RAID; with the name it is mounted by. */
function readUpperDevices(
  reading: Reading,
  names: readonly string[],
): Map<string, { name: string; mounted: string }[]> {
  const upper = new Map<string, { name: string; mounted: string }[]>();
  for (const name of names.filter((candidate) => /^(?:dm-|md|bcache)\d+/.test(candidate))) {
    const mapped = name.startsWith("dm-") ? parseLine(reading.text(`${BLOCK}/${name}/dm/name`)) : null;
    for (const lower of reading.list(`${BLOCK}/${name}/slaves`) ?? []) {
      const above = upper.get(lower) ?? [];
      upper.set(lower, [...above, { name, mounted: mapped === null ? name : `mapper/${mapped}` }]);
    }
  }
  return upper;
}

function mountPointsOf(
  parts: readonly string[],
  mounts: ReadonlyMap<string, readonly string[]>,
  upper: ReadonlyMap<string, readonly { name: string; mounted: string }[]>,
): string[] {
  const found = new Set<string>();
  const seen = new Set<string>();
  const visit = (name: string, mounted: string) => {
    if (seen.has(name)) return;
    seen.add(name);
    for (const point of mounts.get(mounted) ?? []) found.add(point);
    for (const above of upper.get(name) ?? []) visit(above.name, above.mounted);
  };
  for (const part of parts) visit(part, part);
  return [...found].sort();
}

/** Device name below /dev → its mount points. Blanks in a path are written as `\040`. */
export function parseMounts(text: string | null): Map<string, string[]> {
  const mounts = new Map<string, string[]>();
  for (const line of (text ?? "").split("\n")) {
    const match = /^\/dev\/(\S+) (\S+) /.exec(line);
    if (match === null) continue;
    const [device, point] = match.slice(1) as [string, string];
    const decoded = point.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
    mounts.set(device, [...mounts.get(device) ?? [], decoded]);
  }
  return mounts;
}
