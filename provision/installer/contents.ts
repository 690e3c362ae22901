/** What is on a disk, told by its table and its file systems' signatures; nothing is mounted for it. Pure. */
import { sizeWords } from "../media/words.ts";
import { type Carried, type DetectedDisk, type DetectedPartition, partitionTypes } from "./disk.ts";
import { finishedName, MAPPING, SEED_LABEL, TARGET, UNFINISHED } from "./names.ts";

/** Where live-boot mounts what the machine was started from. Source: live-boot(7). */
const LIVE_MEDIUM = /^\/(run|lib|usr\/lib)\/live\//;

const windowsFileSystems = new Set(["ntfs", "BitLocker", "ReFS"]);

/** Windows itself, or files of Windows: NTFS, BitLocker, Microsoft's reserved and recovery partitions. */
export function windowsParts(disk: DetectedDisk): DetectedPartition[] {
  return disk.partitions.filter(({ fileSystem, type }) =>
    windowsFileSystems.has(fileSystem ?? "") || type === partitionTypes.microsoftReserved ||
    type === partitionTypes.windowsRecovery
  );
}

export function hasWindows(disk: DetectedDisk): boolean {
  return windowsParts(disk).length > 0 || windowsFileSystems.has(disk.fileSystem ?? "");
}

/** Partitions of our own installations that were cut short: those that share the id of an unfinished root. */
export function unfinishedParts(disk: DetectedDisk): DetectedPartition[] {
  const ids = new Set(
    disk.partitions.filter(({ name, type }) => isUnfinished(name) && type === partitionTypes.root).map(({ name }) =>
      name
    ),
  );
  return disk.partitions.filter(({ name }) => isUnfinished(name) && ids.has(name));
}

const isUnfinished = (name: string | null) => name?.startsWith(UNFINISHED) === true;

/** A Neuron whose installation came to its end. */
export function hasNeuron(disk: DetectedDisk): boolean {
  return disk.partitions.some(({ name, type }) => name === finishedName("root") && type === partitionTypes.root);
}

/** Nothing anybody could miss: no table, or one that is empty or holds nothing but what we began ourselves. */
export function isBlank(disk: DetectedDisk): boolean {
  return !disk.unrecognised && disk.partitions.length === unfinishedParts(disk).length && disk.fileSystem === null &&
    usesOf(disk).length === 0;
}

export function isBootMedium(disk: DetectedDisk): boolean {
  return everything(disk).some(({ mountPoints }) => mountPoints.some((point) => LIVE_MEDIUM.test(point)));
}

export function bringsAnswers(disk: DetectedDisk): boolean {
  return everything(disk).some(({ label }) => label === SEED_LABEL);
}

/** Mount points, swap and running volumes; not what a run of ours that was killed left mounted: the next one leaves it. */
export function usesOf(disk: DetectedDisk): string[] {
  const isOurs = (use: string) => use === MAPPING || use === TARGET || use.startsWith(`${TARGET}/`);
  const uses = everything(disk).flatMap(({ mountPoints, holders }) => [...mountPoints, ...holders]);
  return [...new Set(uses.filter((use) => !isOurs(use)))];
}

function everything(disk: DetectedDisk): Carried[] {
  return [disk, ...disk.partitions];
}

const signatures: Readonly<Record<string, string>> = {
  ntfs: "files of Windows",
  BitLocker: "Windows, encrypted with BitLocker",
  ReFS: "files of Windows",
  crypto_LUKS: "encrypted (LUKS)",
  linux_raid_member: "member of a RAID",
  LVM2_member: "member of a volume group (LVM)",
  swap: "swap",
  iso9660: "an installation medium",
  btrfs: "Linux (btrfs)",
  ext4: "Linux (ext4)",
  xfs: "Linux (xfs)",
  vfat: "files (FAT)",
};

const types: Readonly<Record<string, string>> = {
  [partitionTypes.esp]: "boot files (EFI)",
  [partitionTypes.biosBoot]: "boot code",
  [partitionTypes.microsoftReserved]: "reserved by Windows",
  [partitionTypes.windowsRecovery]: "recovery of Windows",
};

/** `/dev/sda3, 120 GiB: files of Windows (ntfs), "Data"`. */
export function partitionWords(partition: DetectedPartition, sectorBytes: number): string {
  const size = sizeWords(partition.sizeSectors * sectorBytes);
  const what = isUnfinished(partition.name)
    ? "an installation of Neuron that did not finish"
    : partition.name === finishedName("root")
    ? "Neuron"
    : types[partition.type] ?? signatures[partition.fileSystem ?? ""] ?? partition.fileSystem ?? "unknown";
  const label = partition.label ?? (isUnfinished(partition.name) ? null : partition.name);
  return `${partition.path}, ${size}: ${what}${label === null ? "" : ` "${label}"`}`;
}

/** What is on the disk, a line each; empty: nothing. */
export function contentWords(disk: DetectedDisk): string[] {
  if (disk.partitions.length > 0) return disk.partitions.map((one) => partitionWords(one, disk.sectorBytes));
  if (disk.unrecognised) return [`${disk.path} as a whole: something that is not recognised, perhaps encrypted`];
  if (disk.fileSystem === null) return [];
  const what = signatures[disk.fileSystem] ?? disk.fileSystem;
  return [`${disk.path} as a whole: ${what}${disk.label === null ? "" : ` "${disk.label}"`}`];
}

/** `/dev/nvme0n1, 931 GiB, Samsung SSD 970 (S5H9NS0N)`. */
export function diskWords({ path, sizeBytes, model, serial, transport }: DetectedDisk): string {
  const maker = [model, serial === null ? null : `(${serial})`].filter((word) => word !== null).join(" ");
  return [path, sizeWords(sizeBytes), maker, transport === "usb" ? "USB" : ""].filter((word) => word !== "").join(", ");
}
