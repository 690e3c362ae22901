/** Disks and plans for people, and the plan as the document `neuron.install-plan/1` for scripts. Pure. */
import { wrap } from "../detect_report/text.ts";
import { sizeWords } from "../media/words.ts";
import type { Action } from "./actions.ts";
import { contentWords, diskWords } from "./contents.ts";
import { type DetectedDisk, partitionPath, stablePath } from "./disk.ts";
import { subvolumes } from "./files.ts";
import type { PlannedPartition, Role } from "./layout.ts";
import type { InstallPlan } from "./plan.ts";
import type { DiskVerdict } from "./verdict.ts";

/** Every disk with what is on it, and whether Neuron can go there. */
export function renderDisks(verdicts: readonly DiskVerdict[], columns: number): string[] {
  if (verdicts.length === 0) return ["No disk was found."];
  return [
    "Disks",
    ...verdicts.flatMap(({ disk, place, findings }) => {
      const contents = contentWords(disk);
      return [
        ...indent(`${diskWords(disk)}: ${place === null ? "not possible" : "possible"}`, 2, columns),
        ...(contents.length === 0 ? ["empty"] : contents).flatMap((line) => indent(line, 4, columns)),
        ...findings.flatMap(({ severity, title, hint }) => [
          ...indent(`${severity === "blocker" ? "" : `${severity}: `}${title}`, 4, columns),
          ...(hint === undefined ? [] : indent(`${hint}.`, 6, columns)),
        ]),
      ];
    }),
  ];
}

const roleWords: Readonly<Record<Role, string>> = {
  bios: "boot code for a BIOS",
  esp: "boot files for UEFI (FAT32)",
  boot: "/boot (ext4)",
  root: "the system (btrfs)",
};

/** What is erased, what stays, what comes: before anything is done. */
export function renderInstallPlan(plan: InstallPlan, columns: number): string[] {
  const { disk, place, partitions, erased, kept, findings, settings, swap } = plan;
  const { network } = settings;
  const list = (lines: readonly string[]) => lines.flatMap((line) => indent(line, 4, columns));
  return [
    ...indent(`Neuron goes to ${diskWords(disk)}`, 0, columns),
    ...indent(place.kind === "whole-disk" ? "The whole disk is used." : "Only free space is used.", 2, columns),
    "",
    ...(erased.length === 0
      ? [place.kind === "whole-disk" ? "  Nothing is erased: the disk is empty." : "  Nothing is erased."]
      : [`  THIS IS ERASED${place.kind === "whole-disk" ? " (all of the disk)" : ""}:`, ...list(erased)]),
    ...(kept.length === 0 ? [] : ["  This stays:", ...list(kept)]),
    "  This comes:",
    ...list(partitions.map((one) => plannedWords(one, disk, settings.encrypt))),
    ...list([`subvolumes ${subvolumes.map(({ name }) => name).join(", ")}`, swap]),
    "  And:",
    ...list([
      `name ${settings.hostname}, account ${settings.accountName}, language ${settings.locale}, keyboard ${
        [settings.keyboard.layout, settings.keyboard.variant].filter((word) => word !== "").join(":")
      }, time zone ${settings.timeZone}`,
      network.mode === "dhcp" ? "network by DHCP" : `network ${network.address}, gateway ${network.gateway ?? "none"}`,
    ]),
    ...findings.flatMap(({ severity, title, hint }) => [
      ...indent(`${severity}: ${title}`, 2, columns),
      ...(hint === undefined ? [] : indent(`${hint}.`, 4, columns)),
    ]),
  ];
}

function plannedWords({ role, number, sizeSectors }: PlannedPartition, disk: DetectedDisk, encrypt: boolean): string {
  const size = sizeWords(sizeSectors * disk.sectorBytes);
  const how = role === "root" && encrypt ? ", encrypted (LUKS2)" : "";
  return `${partitionPath(disk.path, number)}, ${size}: ${roleWords[role]}${how}`;
}

function indent(text: string, by: number, columns: number): string[] {
  const width = Math.max(30, Math.min(columns, 100) - by - 2);
  return wrap(text, width).map((line, index) => `${" ".repeat(index === 0 ? by : by + 2)}${line}`);
}

/** One line: what a person could type, and why. Secrets are only named. */
export function actionWords(action: Action): string {
  switch (action.kind) {
    case "command": {
      const from = action.stdin === undefined
        ? ""
        : "secret" in action.stdin
        ? ` < (${action.stdin.secret})`
        : " < (script)";
      return `${action.argv.join(" ")}${from}`;
    }
    case "check":
      return `check: ${action.reason}`;
    case "folder":
    case "file":
    case "log":
      return `${action.kind} ${action.path}`;
  }
}

export function installPlanDocument(plan: InstallPlan, verdicts: readonly DiskVerdict[]) {
  const { disk, place, partitions, erased, kept, findings, swap, settings, actions } = plan;
  return {
    schema: "neuron.install-plan/1",
    disk: disk.path,
    stablePath: stablePath(disk),
    place: place.kind,
    partitions: partitions.map((one) => ({ ...one, path: partitionPath(disk.path, one.number) })),
    erased,
    kept,
    swap,
    settings,
    findings,
    actions,
    disks: disksDocument(verdicts),
  };
}

export function disksDocument(verdicts: readonly DiskVerdict[]) {
  return verdicts.map(({ disk, place, findings }) => ({ ...disk, possible: place?.kind ?? null, findings }));
}
