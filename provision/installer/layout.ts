/**
 * Where partitions go: pure arithmetic in the disk's own sectors. Everything begins at a whole MiB, which suits every
 * disk (4096-byte sectors, erase blocks of flash, stripes of RAID), and GRUB's core and /boot lie within the first
 * 2 TiB, which is as far as a BIOS reads.
 */
import { type DetectedDisk, type DetectedPartition, partitionTypes } from "./disk.ts";

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

export type Role = "bios" | "esp" | "boot" | "root";

export interface PlannedPartition {
  readonly role: Role;
  readonly number: number;
  readonly startSector: number;
  readonly sizeSectors: number;
  readonly type: string;
}

/** Sectors from `start` up to, not including, `end`. */
export interface Region {
  readonly start: number;
  readonly end: number;
}

/**
 * Boot code 1 MiB; ESP large enough for FAT32 with 4096-byte sectors (65,525 clusters); /boot for several kernels, their
 * initial RAM disks and those the trial boot keeps.
 */
const sizesMib: Readonly<Record<Exclude<Role, "root">, number>> = { bios: 1, esp: 512, boot: 1024 };

/** The system, what it logs and its updates. Windows comes on top of it. */
const ROOT_BYTES = 8 * GIB;
/** Windows 11 wants 64 GB for itself. */
export const ROOMY_BYTES = 80 * GIB;

const rolesOf = (whole: boolean): Role[] => whole ? ["bios", "esp", "boot", "root"] : ["esp", "boot", "root"];

export function neededBytes(whole: boolean): number {
  const fixed = rolesOf(whole).reduce((sum, role) => sum + (role === "root" ? 0 : sizesMib[role] * MIB), 0);
  // A MiB before for the table and alignment, one behind for its copy.
  return fixed + ROOT_BYTES + 2 * MIB;
}

/** All a fresh GPT leaves: one MiB stays free at each end (the copy at the end takes 33 sectors of 512). */
export function wholeDisk(disk: DetectedDisk): Region {
  const unit = MIB / disk.sectorBytes;
  return { start: unit, end: Math.floor(disk.sizeBytes / MIB - 1) * unit };
}

/** The largest stretch no partition has, in whole MiB; `without` counts as gone. */
export function largestGap(disk: DetectedDisk, without: readonly DetectedPartition[]): Region {
  const { table, partitions, sectorBytes } = disk;
  const unit = MIB / sectorBytes;
  const gone = new Set(without.map(({ number }) => number));
  const taken = partitions.filter(({ number }) => !gone.has(number))
    .map(({ startSector, sizeSectors }) => ({ start: startSector, end: startSector + sizeSectors }))
    .sort((a, b) => a.start - b.start);
  let largest: Region = { start: 0, end: 0 };
  let from = table?.firstSector ?? 0;
  for (const next of [...taken, { start: (table?.lastSector ?? -1) + 1, end: Infinity }]) {
    const gap = { start: Math.max(1, Math.ceil(from / unit)) * unit, end: Math.floor(next.start / unit) * unit };
    if (gap.end - gap.start > largest.end - largest.start) largest = gap;
    from = Math.max(from, next.end);
  }
  return largest;
}

export const regionBytes = ({ start, end }: Region, { sectorBytes }: DetectedDisk): number =>
  Math.max(0, end - start) * sectorBytes;

/** One behind the other; the root takes what is left. Numbers are the lowest that are free. */
export function layOut(
  region: Region,
  whole: boolean,
  sectorBytes: number,
  takenNumbers: readonly number[],
): PlannedPartition[] {
  const unit = MIB / sectorBytes;
  const taken = new Set(takenNumbers);
  let number = 0;
  let start = region.start;
  return rolesOf(whole).map((role) => {
    do number++; while (taken.has(number));
    const sizeSectors = role === "root" ? region.end - start : sizesMib[role] * unit;
    const planned = {
      role,
      number,
      startSector: start,
      sizeSectors,
      type: {
        bios: partitionTypes.biosBoot,
        esp: partitionTypes.esp,
        boot: partitionTypes.boot,
        root: partitionTypes.root,
      }[
        role
      ],
    };
    start += sizeSectors;
    return planned;
  });
}
