/** Disks and live systems for the installer's tests: as lsblk and sfdisk would have told them. */
import {
  type DetectedDisk,
  type DetectedPartition,
  partitionPath,
  partitionTypes,
} from "../../../provision/installer/disk.ts";
import type { Identities } from "../../../provision/installer/identities.ts";
import type { LiveSystem } from "../../../provision/installer/live_system.ts";

export const MIB = 1024 * 1024;
export const GIB = 1024 * MIB;

const nothing = { fileSystem: null, label: null, uuid: null, mountPoints: [], holders: [] };

export function blankDisk(changes: Partial<DetectedDisk> = {}): DetectedDisk {
  return {
    name: "sda",
    path: "/dev/sda",
    otherPaths: ["/dev/disk/by-id/ata-DISK_1"],
    model: "DISK",
    serial: "1",
    sizeBytes: 500 * GIB,
    sectorBytes: 512,
    removable: false,
    readOnly: false,
    transport: "sata",
    table: null,
    partitions: [],
    unrecognised: false,
    ...nothing,
    ...changes,
  };
}

export const nvme = (changes: Partial<DetectedDisk> = {}): DetectedDisk =>
  blankDisk({ name: "nvme0n1", path: "/dev/nvme0n1", otherPaths: [], transport: "nvme", ...changes });

export function part(
  number: number,
  startMib: number,
  sizeMib: number,
  changes: Partial<DetectedPartition> = {},
  disk = { path: "/dev/sda", sectorBytes: 512 },
): DetectedPartition {
  const perMib = MIB / disk.sectorBytes;
  return {
    number,
    path: partitionPath(disk.path, number),
    startSector: startMib * perMib,
    sizeSectors: sizeMib * perMib,
    type: "0fc63daf-8483-4772-8e79-3d69d8477de4",
    name: null,
    guid: `00000000-0000-4000-8000-00000000000${number}`,
    ...nothing,
    ...changes,
  };
}

export const gpt = (sizeBytes: number, sectorBytes = 512): DetectedDisk["table"] => ({
  kind: "gpt",
  firstSector: 2048 * 512 / sectorBytes,
  lastSector: sizeBytes / sectorBytes - 34,
});

/** As Windows 11 lays its disk out, with `freeMib` behind it. */
export function windowsDisk(freeMib: number, changes: Partial<DetectedDisk> = {}): DetectedDisk {
  const windowsMib = 200 * 1024;
  const sizeBytes = (1 + 100 + 16 + windowsMib + 700 + freeMib) * MIB + MIB;
  return blankDisk({
    sizeBytes,
    table: gpt(sizeBytes),
    partitions: [
      part(1, 1, 100, { type: partitionTypes.esp, fileSystem: "vfat", name: "EFI system partition" }),
      part(2, 101, 16, { type: partitionTypes.microsoftReserved }),
      part(3, 117, windowsMib, { fileSystem: "ntfs", label: "Windows", type: "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7" }),
      part(4, 117 + windowsMib, 700, { fileSystem: "ntfs", type: partitionTypes.windowsRecovery }),
    ],
    ...changes,
  });
}

const id = (digit: string) =>
  `${digit.repeat(8)}-${digit.repeat(4)}-4${digit.repeat(3)}-8${digit.repeat(3)}-${digit.repeat(12)}`;

export const identities: Identities = {
  table: id("0"),
  partitions: { bios: id("1"), esp: id("2"), boot: id("3"), root: id("4") },
  espVolume: "5555abcd",
  bootFileSystem: id("6"),
  rootFileSystem: id("7"),
  luks: id("8"),
  connection: id("9"),
  machineId: "a".repeat(32),
  installation: "bbbbbbbb",
};

export function live(changes: Partial<LiveSystem> = {}): LiveSystem {
  return {
    firmware: "uefi",
    image: { path: "/run/live/medium/live/filesystem.squashfs", sizeBytes: 400 * MIB },
    livePackages: ["live-boot", "live-boot-initramfs-tools"],
    grubTargets: ["i386-pc", "x86_64-efi"],
    signedBoot: true,
    networkManager: true,
    makesLocales: true,
    sshServer: true,
    keyboardDefaults: "",
    consoles: [],
    ...changes,
  };
}

export const account = { name: "ada", password: { file: "/run/password" } };
