/** A disk as the installer sees it: data only. Sizes of the table are in the disk's own logical sectors. */

/** What each partition holds, by the GUID of its GPT type. Source: UEFI 2.10, 5.3.3; the UAPI Discoverable Partitions. */
export const partitionTypes = {
  biosBoot: "21686148-6449-6e6f-744e-656564454649",
  esp: "c12a7328-f81f-11d2-ba4b-00a0c93ec93b",
  /** Extended boot loader partition. */
  boot: "bc13c2ff-59e6-4262-a352-b275fd6f7172",
  /** Root of x86-64. */
  root: "4f68bce3-e8cd-4db1-96e7-fbcaf984b709",
  microsoftReserved: "e3c9e316-0b5c-4db8-817d-f92df00215ae",
  windowsRecovery: "de94bba4-06d1-4d40-a16a-bfd50179d6ac",
} as const;

/** What a partition, or a disk without a table, carries. */
export interface Carried {
  /** As blkid calls it: ext4, ntfs, BitLocker, crypto_LUKS, linux_raid_member, LVM2_member, … */
  readonly fileSystem: string | null;
  readonly label: string | null;
  readonly uuid: string | null;
  readonly mountPoints: readonly string[];
  /** What is built on it and running: names of volumes, mappings, arrays. */
  readonly holders: readonly string[];
}

export interface DetectedPartition extends Carried {
  readonly number: number;
  /** Such as /dev/nvme0n1p1. */
  readonly path: string;
  readonly startSector: number;
  readonly sizeSectors: number;
  /** GUID in lower case on GPT, hex digits such as "7" on MBR. */
  readonly type: string;
  /** GPT's name of the partition. */
  readonly name: string | null;
  /** GPT's GUID of the partition, in lower case. */
  readonly guid: string | null;
}

export interface DetectedDisk extends Carried {
  /** The kernel's: sda, nvme0n1. */
  readonly name: string;
  readonly path: string;
  /** Every other name below /dev/disk/by-id, the most telling first. */
  readonly otherPaths: readonly string[];
  readonly model: string | null;
  readonly serial: string | null;
  readonly sizeBytes: number;
  readonly sectorBytes: number;
  readonly removable: boolean;
  readonly readOnly: boolean;
  /** As lsblk calls it: sata, nvme, usb, virtio; null where nobody says. */
  readonly transport: string | null;
  /** Null: no partition table. `firstSector` and `lastSector` are what partitions may use. */
  readonly table:
    | { readonly kind: "gpt" | "dos" | "other"; readonly firstSector: number; readonly lastSector: number }
    | null;
  readonly partitions: readonly DetectedPartition[];
  /** No table and no file system, but its beginning is not all zeros: perhaps encrypted without a header. */
  readonly unrecognised: boolean;
}

/** The name people recognise it by, and that stays the same when disks are plugged differently. */
export const stablePath = (disk: DetectedDisk): string => disk.otherPaths[0] ?? disk.path;

/** The kernel puts a `p` between a name that ends in a digit and the partition's number: nvme0n1p1, sda1. */
export function partitionPath(diskPath: string, number: number): string {
  return `${diskPath}${/\d$/.test(diskPath) ? "p" : ""}${number}`;
}
