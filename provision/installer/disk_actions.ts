/**
 * The commands that make partitions and file systems. Pure. Partitions are named by their GUIDs, which are new: no
 * command but the first ones can reach anything that was there before.
 * Sources: sfdisk(8), mkfs.btrfs(8), cryptsetup-luksFormat(8), mkfs.fat(8).
 */
import { type Action, command } from "./actions.ts";
import { unfinishedParts } from "./contents.ts";
import { type DetectedDisk, partitionPath } from "./disk.ts";
import { rootOptions, subvolumes } from "./files.ts";
import type { Identities } from "./identities.ts";
import type { PlannedPartition, Role } from "./layout.ts";
import { finishedName, MAPPING, TARGET, UNFINISHED } from "./names.ts";
import type { Place } from "./verdict.ts";

export const byGuid = (guid: string): string => `/dev/disk/by-partuuid/${guid}`;
export const rootDevice = (ids: Identities, encrypt: boolean): string =>
  encrypt ? `/dev/mapper/${MAPPING}` : byGuid(ids.partitions.root);

/** From here on the disk says of itself that it holds an unfinished installation. */
export function tableActions(
  disk: DetectedDisk,
  place: Place,
  partitions: readonly PlannedPartition[],
  ids: Identities,
): Action[] {
  const script = sfdiskScript(disk, place, partitions, ids);
  const options = ["--quiet", "--wipe-partitions", "always"];
  const settle = command("partitions get their names", ["udevadm", "settle", "--timeout=60"]);
  if (place.kind === "whole-disk") {
    const signatures = [disk.path, ...disk.partitions.map(({ path }) => path)].reverse() as [string, ...string[]];
    return [
      command("everything on the disk is given up", ["wipefs", "--all", "--force", ...signatures]),
      command("a new partition table", ["sfdisk", ...options, "--wipe", "always", disk.path], {
        stdin: { text: script },
      }),
      settle,
    ];
  }
  const leftovers = unfinishedParts(disk).map(({ number }) => `${number}`);
  return [
    ...(leftovers.length === 0 ? [] : [
      command("what an unfinished installation left", ["sfdisk", "--quiet", "--delete", disk.path, ...leftovers]),
    ]),
    command("partitions in the free space", ["sfdisk", ...options, "--append", disk.path], { stdin: { text: script } }),
    settle,
  ];
}

function sfdiskScript(
  disk: DetectedDisk,
  place: Place,
  partitions: readonly PlannedPartition[],
  ids: Identities,
): string {
  const head = place.kind === "whole-disk" ? ["label: gpt", `label-id: ${ids.table}`] : [];
  const lines = partitions.map(({ role, number, startSector, sizeSectors, type }) =>
    `${partitionPath(disk.path, number)} : start=${startSector}, size=${sizeSectors}, type=${type}, ` +
    `uuid=${ids.partitions[role]}, name="${UNFINISHED}${ids.installation}"`
  );
  return [...head, "unit: sectors", ...lines, ""].join("\n");
}

export function fileSystemActions(ids: Identities, encrypt: boolean): Action[] {
  const root = rootDevice(ids, encrypt);
  return [
    command("boot files of UEFI", [
      "mkfs.vfat",
      "-F",
      "32",
      "-n",
      "NEURON-ESP",
      "-i",
      ids.espVolume,
      byGuid(ids.partitions.esp),
    ]),
    command("kernels; GRUB can write its environment on ext4", [
      "mkfs.ext4",
      ...["-q", "-F", "-L", "neuron-boot", "-U", ids.bootFileSystem],
      byGuid(ids.partitions.boot),
    ]),
    ...(encrypt ? encryption(ids) : []),
    command("the system", ["mkfs.btrfs", "-q", "-f", "-L", "neuron-root", "-U", ids.rootFileSystem, root]),
  ];
}

function encryption(ids: Identities): Action[] {
  const device = byGuid(ids.partitions.root);
  const stdin = { secret: "passphrase" } as const;
  return [
    command("encryption of the system", [
      "cryptsetup",
      ...["luksFormat", "--batch-mode", "--type", "luks2", "--uuid", ids.luks, "--key-file", "-", device],
    ], { stdin }),
    command("the encrypted volume is opened", ["cryptsetup", "open", "--key-file", "-", device, MAPPING], { stdin }),
  ];
}

export function mountActions(ids: Identities, encrypt: boolean): Action[] {
  const root = rootDevice(ids, encrypt);
  const folder = (path: string) => command("a place to mount", ["mkdir", "-p", `${TARGET}${path}`]);
  const inside = subvolumes.filter(({ mountPoint }) => mountPoint !== "/");
  return [
    folder(""),
    command("subvolumes are made", ["mount", "-t", "btrfs", root, TARGET]),
    ...subvolumes.map(({ name }) => command("a subvolume", ["btrfs", "subvolume", "create", `${TARGET}/${name}`])),
    command("disks of VMs are written in place, not copied on write", ["chattr", "+C", `${TARGET}/@var-lib-libvirt`]),
    command("subvolumes are made", ["umount", TARGET]),
    command("the system's root", ["mount", "-t", "btrfs", "-o", `subvol=@,${rootOptions}`, root, TARGET]),
    ...inside.flatMap(({ name, mountPoint }) => [
      folder(mountPoint),
      command("a subvolume", [
        "mount",
        "-t",
        "btrfs",
        "-o",
        `subvol=${name},${rootOptions}`,
        root,
        `${TARGET}${mountPoint}`,
      ]),
    ]),
    folder("/boot"),
    command("kernels", ["mount", "-t", "ext4", byGuid(ids.partitions.boot), `${TARGET}/boot`]),
  ];
}

/** The system is whole and on the disk; only now the disk says so. The root's name decides, so it is first. */
export function finishActions(
  disk: DetectedDisk,
  partitions: readonly PlannedPartition[],
  encrypt: boolean,
): Action[] {
  const order = (role: Role) => role === "root" ? 0 : 1;
  return [
    { kind: "check", reason: "it can start" },
    { kind: "log", path: "/var/log/neuron-install.jsonl", reason: "what was done" },
    command("everything is on the disk", ["sync"]),
    command("the new system is left", ["umount", "--recursive", TARGET]),
    ...(encrypt ? [command("the encrypted volume is closed", ["cryptsetup", "close", MAPPING])] : []),
    ...[...partitions].sort((a, b) => order(a.role) - order(b.role)).map(({ role, number }) =>
      command("the installation is whole", [
        ...["sfdisk", "--no-reread", "--no-tell-kernel", "--quiet", "--part-label"] as const,
        disk.path,
        `${number}`,
        finishedName(role),
      ])
    ),
    command("everything is on the disk", ["blockdev", "--flushbufs", disk.path]),
  ];
}
