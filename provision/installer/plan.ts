/**
 * The plan of an installation, as a pure function of answers, disks, the live system and fresh identities: partitions,
 * file systems, files, every command, and in words what is erased and what stays. Never looks at the machine.
 */
import type { Answers } from "../../model/answers.ts";
import { AppError, type Finding } from "../../model/errors.ts";
import { type Action, command } from "./actions.ts";
import { contentWords, hasNeuron, partitionWords, unfinishedParts } from "./contents.ts";
import type { DetectedDisk } from "./disk.ts";
import { fileSystemActions, finishActions, mountActions, tableActions } from "./disk_actions.ts";
import { plannedFiles } from "./files.ts";
import type { Identities } from "./identities.ts";
import { keptAnswers } from "./kept_answers.ts";
import { layOut, type PlannedPartition } from "./layout.ts";
import type { LiveSystem } from "./live_system.ts";
import { type InstallSettings, installSettings } from "./settings.ts";
import { accountActions, bootActions, cleanActions, unpackActions } from "./system_actions.ts";
import { chooseDisk, type DiskWish, judgeDisks, type Place } from "./verdict.ts";

export interface InstallPlan {
  readonly disk: DetectedDisk;
  readonly place: Place;
  readonly partitions: readonly PlannedPartition[];
  readonly settings: InstallSettings;
  /** A line each; empty: nothing is lost. */
  readonly erased: readonly string[];
  readonly kept: readonly string[];
  readonly findings: readonly Finding[];
  readonly swap: string;
  readonly actions: readonly Action[];
}

export interface InstallWish {
  readonly answers: Answers;
  readonly disks: readonly DetectedDisk[];
  readonly system: LiveSystem;
  readonly identities: Identities;
  /** Nobody watches: a whole Neuron is never installed over, or a medium that stays in would do it at every start. */
  readonly unattended?: boolean;
}

/** What is planned where there is no live system to be unpacked. */
const anyImage = { path: "/run/live/medium/live/filesystem.squashfs", sizeBytes: 0 };

const swapWords =
  "no swap: a VM with a card has its memory locked, so it never swaps, and the rest of the host is small";

export const diskWishOf = ({ install = {} }: Answers): DiskWish => ({
  ...(install.disk === undefined ? {} : { disk: install.disk }),
  keepWindows: install.keepWindows ?? true,
});

/**
 * @throws AppError with a cure: no disk, several disks and none named, a disk that is not possible, answers that are
 * missing or that Linux does not take, a medium that cannot start this machine
 */
export function planInstallation(wish: InstallWish): InstallPlan {
  const { answers, disks, system, identities } = wish;
  const settings = installSettings(answers);
  const diskWish = diskWishOf(answers);
  const { disk, place, findings } = chooseDisk(judgeDisks(disks, system.firmware, diskWish), diskWish);
  if (wish.unattended === true && place.kind === "whole-disk" && hasNeuron(disk)) throw installedAlready(disk);
  refuseWithoutLoader(system);
  const whole = place.kind === "whole-disk";
  const leftovers = unfinishedParts(disk);
  const staying = whole ? [] : disk.partitions.filter((one) => !leftovers.includes(one));
  const partitions = layOut(place.region, whole, disk.sectorBytes, staying.map(({ number }) => number));
  const { encrypt } = settings;
  const files = [...plannedFiles(settings, identities, system), ...keptAnswers(answers)];
  return {
    disk,
    place,
    partitions,
    settings,
    erased: whole ? contentWords(disk) : leftovers.map((one) => partitionWords(one, disk.sectorBytes)),
    kept: staying.map((one) => partitionWords(one, disk.sectorBytes)),
    findings,
    swap: swapWords,
    actions: [
      ...tableActions(disk, place, partitions, identities),
      ...fileSystemActions(identities, encrypt),
      ...mountActions(identities, encrypt),
      ...unpackActions(system.image ?? anyImage, identities),
      ...cleanActions(system),
      ...foldersOf(files.map(({ path }) => path)).map((path): Action => ({
        kind: "folder",
        path,
        reason: "for files",
      })),
      ...files.map((file): Action => ({ kind: "file", ...file })),
      ...accountActions(settings),
      ...bootActions(disk, place, partitions, settings, system),
      ...finishActions(disk, partitions, encrypt),
      command("the kernel reads the names", ["udevadm", "settle", "--timeout=60"]),
    ],
  };
}

/** Each folder once, those above first; what the medium has is not made again. */
function foldersOf(paths: readonly string[]): string[] {
  const folders = new Set<string>();
  for (const path of paths) {
    const names = path.split("/").slice(1, -1);
    for (const [index] of names.entries()) folders.add(`/${names.slice(0, index + 1).join("/")}`);
  }
  return [...folders].sort();
}

function installedAlready(disk: DetectedDisk): AppError {
  return new AppError("conflict", `Nothing was changed: ${disk.path} holds a Neuron that was installed already`, {
    hint:
      "Take the medium out and start the machine from its disk. To install anew: neuron-setup install --answers FILE",
  });
}

function refuseWithoutLoader({ firmware, grubTargets }: LiveSystem): void {
  const wanted = firmware === "bios" ? "i386-pc" : "x86_64-efi";
  if (grubTargets.includes(wanted)) return;
  throw new AppError(
    "unsupported",
    `Cannot install: this medium has no boot loader for ${firmware.toUpperCase()} (${wanted})`,
    {
      hint: firmware === "bios"
        ? "Start it in UEFI mode, or build it with grub-pc-bin"
        : "Build it with grub-efi-amd64-bin",
    },
  );
}
