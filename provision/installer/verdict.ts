/** Whether Neuron may be installed to a disk, and where on it: pure rules. What stands in the way is a finding with its cure. */
import { AppError, type Finding } from "../../model/errors.ts";
import { sizeWords } from "../media/words.ts";
import {
  bringsAnswers,
  contentWords,
  diskWords,
  hasWindows,
  isBlank,
  isBootMedium,
  unfinishedParts,
  usesOf,
} from "./contents.ts";
import { type DetectedDisk, stablePath } from "./disk.ts";
import { largestGap, neededBytes, type Region, regionBytes, ROOMY_BYTES, wholeDisk } from "./layout.ts";

export type Firmware = "bios" | "uefi";

export interface DiskWish {
  /** Any of the disk's names; absent: the only one that is possible. */
  readonly disk?: string;
  /** False gives a Windows away, on a disk that is named. */
  readonly keepWindows: boolean;
}

/** The whole disk, or the largest free stretch beside what is there. */
export interface Place {
  readonly kind: "whole-disk" | "free-space";
  readonly region: Region;
}

export interface DiskVerdict {
  readonly disk: DetectedDisk;
  /** Null: not possible; the blockers among `findings` say why. */
  readonly place: Place | null;
  readonly findings: readonly Finding[];
}

export function judgeDisks(disks: readonly DetectedDisk[], firmware: Firmware, wish: DiskWish): DiskVerdict[] {
  return disks.map((disk) => judgeDisk(disk, firmware, { ...wish, isNamed: isNamed(disk, wish.disk) }));
}

const isNamed = ({ path, otherPaths }: DetectedDisk, name: string | undefined) =>
  name !== undefined && (path === name || otherPaths.includes(name));

interface DiskQuestion {
  readonly keepWindows: boolean;
  readonly isNamed: boolean;
}

function judgeDisk(disk: DetectedDisk, firmware: Firmware, wish: DiskQuestion): DiskVerdict {
  const blocker = (code: string, title: string, hint: string): DiskVerdict => ({
    disk,
    place: null,
    findings: [{ code, severity: "blocker", title, hint, target: disk.path }],
  });
  const { path } = disk;
  if (isBootMedium(disk)) {
    return blocker("disk-boot-medium", `${path} is what this machine was started from`, "Choose another disk");
  }
  if (bringsAnswers(disk)) {
    return blocker("disk-has-answers", `${path} is the volume with the answers`, "Choose another disk");
  }
  if (disk.removable) {
    return blocker(
      "disk-removable",
      `${path} is a removable medium: a stick or a card does not last as a system disk`,
      "Choose a disk that is built in",
    );
  }
  if (disk.readOnly) {
    return blocker(
      "disk-read-only",
      `${path} can only be read`,
      "Take its write protection away, or choose another disk",
    );
  }
  const uses = usesOf(disk);
  if (uses.length > 0) {
    return blocker(
      "disk-in-use",
      `${path} is in use: ${uses.join(", ")}`,
      "Unmount it, and stop what is built on it (swapoff, vgchange --activate n, mdadm --stop, cryptsetup close)",
    );
  }
  if (firmware === "bios" && disk.sectorBytes !== 512) {
    return blocker(
      "disk-sectors-bios",
      `${path} has sectors of ${disk.sectorBytes} bytes, and a BIOS starts only from 512`,
      "Start this medium in UEFI mode (the firmware's boot menu), or choose another disk",
    );
  }
  return hasWindows(disk) && (wish.keepWindows || !wish.isNamed)
    ? besideWindows(disk, firmware, blocker)
    : onWhole(disk, blocker);
}

type Blocker = (code: string, title: string, hint: string) => DiskVerdict;

function onWhole(disk: DetectedDisk, blocker: Blocker): DiskVerdict {
  const region = wholeDisk(disk);
  const needed = neededBytes(true);
  if (disk.sizeBytes < needed) {
    return blocker(
      "disk-too-small",
      `${disk.path} has ${sizeWords(disk.sizeBytes)}, and the system needs ${sizeWords(needed)}`,
      `Choose a larger disk; with a Windows VM on it, ${sizeWords(ROOMY_BYTES)} or more`,
    );
  }
  return { disk, place: { kind: "whole-disk", region }, findings: notes(disk, disk.sizeBytes) };
}

/** Windows is never shrunk: NTFS is its own business, and it has a tool that does it safely. */
function besideWindows(disk: DetectedDisk, firmware: Firmware, blocker: Blocker): DiskVerdict {
  const { path } = disk;
  const kept = `${path} holds Windows, which is kept`;
  const elsewhere = `Choose another disk; or give this one up: "disk": "${stablePath(disk)}", "keepWindows": false`;
  if (disk.table?.kind !== "gpt" || firmware === "bios") {
    const why = disk.table?.kind !== "gpt" ? "its partition table is not GPT" : "this machine was started in BIOS mode";
    return blocker("disk-windows-kept", `${kept}; beside it Neuron cannot be installed, because ${why}`, elsewhere);
  }
  const needed = neededBytes(false);
  const region = largestGap(disk, unfinishedParts(disk));
  if (regionBytes(region, disk) < needed) {
    return blocker(
      "disk-windows-kept",
      `${kept}; beside it ${sizeWords(regionBytes(region, disk))} are free, and the system needs ${sizeWords(needed)}`,
      `${elsewhere}; or make Windows smaller in its own disk management (diskmgmt.msc) and start again`,
    );
  }
  const beside: Finding = {
    code: "disk-beside-windows",
    severity: "info",
    title: `Windows on ${path} is kept; Neuron goes into ${
      sizeWords(regionBytes(region, disk))
    } of free space beside it`,
    hint: "Which of them starts is chosen in the firmware's boot menu",
    target: path,
  };
  return { disk, place: { kind: "free-space", region }, findings: [beside, ...notes(disk, regionBytes(region, disk))] };
}

function notes(disk: DetectedDisk, roomBytes: number): Finding[] {
  const found: Finding[] = [];
  if (unfinishedParts(disk).length > 0) {
    found.push({
      code: "disk-unfinished",
      severity: "info",
      title: `On ${disk.path} an installation of Neuron did not finish; it begins anew`,
      target: disk.path,
    });
  }
  if (roomBytes < ROOMY_BYTES) {
    found.push({
      code: "disk-little-room",
      severity: "warning",
      title: `${sizeWords(roomBytes)} are little: Windows 11 in a VM wants 64 GB for itself`,
      hint: "Choose a larger disk, or keep the VM's disk elsewhere",
      target: disk.path,
    });
  }
  return found;
}

/**
 * The disk that was named, or the only one that can be meant. Where two could be, or something would be lost that nobody
 * named, nothing is guessed.
 * @throws AppError `not-found`, `answer-missing` or `hardware-unsuitable`
 */
export function chooseDisk(verdicts: readonly DiskVerdict[], wish: DiskWish): DiskVerdict & { readonly place: Place } {
  if (wish.disk !== undefined) {
    const named = verdicts.find(({ disk }) => isNamed(disk, wish.disk));
    if (named !== undefined) return mustBePossible(named);
    throw new AppError("not-found", `Cannot install to ${wish.disk}: there is no such disk`, {
      hint: verdicts.length === 0
        ? "No disk was found: look at cables, and at the storage mode of the firmware (AHCI instead of RAID)"
        : `There are: ${verdicts.map(({ disk }) => diskWords(disk)).join("; ")}`,
    });
  }
  const possible = verdicts.filter(({ place }) => place !== null);
  const [only, second] = possible;
  if (only === undefined) throw nothingPossible(verdicts);
  const naming = `Name the disk: "install": { "disk": "${stablePath(only.disk)}" }`;
  if (second !== undefined) {
    const names = possible.map(({ disk }) => `${diskWords(disk)} [${stablePath(disk)}]`).join("; ");
    throw new AppError("answer-missing", `Cannot choose between ${possible.length} disks: ${names}`, { hint: naming });
  }
  if (only.place?.kind === "whole-disk" && !isBlank(only.disk)) {
    const lost = contentWords(only.disk).join("; ");
    throw new AppError("answer-missing", `${diskWords(only.disk)} is not empty: ${lost}`, {
      hint: `${naming}, and everything on it is erased`,
    });
  }
  if (only.disk.transport === "usb") {
    const title = `The only possible disk is an external one: ${diskWords(only.disk)}`;
    throw new AppError("answer-missing", title, { hint: naming });
  }
  return mustBePossible(only);
}

function mustBePossible(verdict: DiskVerdict): DiskVerdict & { readonly place: Place } {
  const { place } = verdict;
  if (place !== null) return { ...verdict, place };
  const [first] = verdict.findings;
  throw new AppError("hardware-unsuitable", first?.title ?? "", first?.hint === undefined ? {} : { hint: first.hint });
}

function nothingPossible(verdicts: readonly DiskVerdict[]): AppError {
  const reasons = verdicts.flatMap(({ findings }) => findings.filter(({ severity }) => severity === "blocker"));
  if (reasons.length === 0) {
    return new AppError("hardware-unsuitable", "Cannot install: no disk was found", {
      hint: "Look at cables, and at the storage mode of the firmware (AHCI instead of RAID or RST)",
    });
  }
  const hints = [...new Set(reasons.map(({ hint }) => hint))].join("; ");
  return new AppError(
    "hardware-unsuitable",
    `Cannot install: no disk is possible: ${reasons.map(({ title }) => title).join("; ")}`,
    { hint: hints },
  );
}
