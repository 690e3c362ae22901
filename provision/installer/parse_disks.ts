/**
 * What `lsblk --json` and `sfdisk --json` say, as disks. Pure; what has not the expected form counts as not said.
 * Sources: lsblk(8), sfdisk(8) of util-linux 2.38; names below /dev/disk/by-id: 60-persistent-storage.rules of systemd.
 */
import { NOT_A_DISK } from "../hardware/storage.ts";
import type { Carried, DetectedDisk, DetectedPartition } from "./disk.ts";

export const lsblkColumns = [
  "NAME",
  "PATH",
  "TYPE",
  "SIZE",
  "MODEL",
  "SERIAL",
  "RM",
  "RO",
  "TRAN",
  "LOG-SEC",
  "FSTYPE",
  "LABEL",
  "UUID",
  "MOUNTPOINTS",
] as const;

export interface BlockNode {
  readonly name: string;
  readonly path: string;
  readonly type: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly children: readonly BlockNode[];
}

/** The tree lsblk prints; empty where it printed none. */
export function parseLsblk(text: string): BlockNode[] {
  return nodes(asRecord(parseJson(text)).blockdevices);
}

function nodes(value: unknown): BlockNode[] {
  return asList(value).map((one) => {
    const values = asRecord(one);
    return {
      name: textOf(values.name) ?? "",
      path: textOf(values.path) ?? "",
      type: textOf(values.type) ?? "",
      values,
      children: nodes(values.children),
    };
  }).filter(({ name, path }) => name !== "" && path.startsWith("/dev/"));
}

/** Hardware that could hold a system: no loop devices, RAM disks, optical drives, boot areas of eMMC, empty slots. */
export function disksAmong(tree: readonly BlockNode[]): BlockNode[] {
  return tree.filter(({ name, type, values }) =>
    type === "disk" && !NOT_A_DISK.test(name) && !/^mmcblk\d+(boot\d+|rpmb)$/.test(name) && numberOf(values.size) > 0
  );
}

/**
 * @param table what `sfdisk --json` printed for this disk; "" where it found no table
 * @param links name below /dev/disk/by-id → the text of the link
 * @param startsWithZeros whether its first MiB is all zeros
 */
export function describeDisk(
  node: BlockNode,
  table: string,
  links: ReadonlyMap<string, string>,
  startsWithZeros = true,
): DetectedDisk {
  const { values } = node;
  const partitionTable = asRecord(asRecord(parseJson(table)).partitiontable);
  const kind = textOf(partitionTable.label);
  const sectorBytes = numberOf(values["log-sec"]) || 512;
  const sizeSectors = Math.floor(numberOf(values.size) / sectorBytes);
  const parts = asList(partitionTable.partitions).map((one) => describePartition(asRecord(one), node));
  return {
    name: node.name,
    path: node.path,
    otherPaths: otherPaths(node.name, links),
    model: textOf(values.model),
    serial: textOf(values.serial),
    sizeBytes: numberOf(values.size),
    sectorBytes,
    removable: isSet(values.rm),
    readOnly: isSet(values.ro),
    transport: textOf(values.tran),
    table: kind === null ? null : {
      kind: kind === "gpt" || kind === "dos" ? kind : "other",
      firstSector: numberOf(partitionTable.firstlba),
      lastSector: numberOf(partitionTable.lastlba) || Math.max(0, sizeSectors - 1),
    },
    partitions: parts.filter((part) => part !== null),
    unrecognised: kind === null && textOf(values.fstype) === null && !startsWithZeros,
    ...carried(node, node.children.filter(({ type }) => type !== "part")),
  };
}

function describePartition(entry: Readonly<Record<string, unknown>>, disk: BlockNode): DetectedPartition | null {
  const path = textOf(entry.node) ?? "";
  const number = /(\d+)$/.exec(path);
  if (number === null) return null;
  const node = disk.children.find((child) => child.path === path);
  return {
    number: Number(number[1]),
    path,
    startSector: numberOf(entry.start),
    sizeSectors: numberOf(entry.size),
    type: (textOf(entry.type) ?? "").toLowerCase(),
    name: textOf(entry.name),
    guid: textOf(entry.uuid)?.toLowerCase() ?? null,
    ...(node === undefined
      ? { fileSystem: null, label: null, uuid: null, mountPoints: [], holders: [] }
      : carried(node, node.children)),
  };
}

function carried({ values }: BlockNode, above: readonly BlockNode[]): Carried {
  const below = above.flatMap(withAllAbove);
  const mounted = [values, ...below.map((node) => node.values)].flatMap((one) => asList(one.mountpoints));
  return {
    fileSystem: textOf(values.fstype),
    label: textOf(values.label),
    uuid: textOf(values.uuid),
    mountPoints: [...new Set(mounted.map(textOf).filter((point) => point !== null))],
    holders: [...new Set(below.map(({ name }) => name))],
  };
}

function withAllAbove(node: BlockNode): BlockNode[] {
  return [node, ...node.children.flatMap(withAllAbove)];
}

/** Names with the maker's words before bare numbers (wwn-, nvme-eui., nvme-nvme.), then the shortest. */
function otherPaths(name: string, links: ReadonlyMap<string, string>): string[] {
  const own = [...links].filter(([, target]) => target.split("/").at(-1) === name).map(([link]) => link);
  const rank = (link: string) => /^(wwn-|nvme-eui\.|nvme-nvme\.|lvm-|md-|dm-)/.test(link) ? 1 : 0;
  return own.sort((a, b) => rank(a) - rank(b) || a.length - b.length || (a < b ? -1 : 1))
    .map((link) => `/dev/disk/by-id/${link}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const asRecord = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? value as Record<string, unknown> : {};
const asList = (value: unknown): readonly unknown[] => Array.isArray(value) ? value : [];
/** Names of disks come from their makers: one line, nothing that steers a terminal. */
const textOf = (value: unknown): string | null =>
  typeof value === "string" && value.trim() !== "" ? value.replace(/\p{Cc}/gu, " ").trim() : null;
/** Newer versions print numbers, older ones texts. */
function numberOf(value: unknown): number {
  const number = typeof value === "number"
    ? value
    : typeof value === "string" && /^\d+$/.test(value)
    ? Number(value)
    : 0;
  return Number.isSafeInteger(number) ? number : 0;
}
const isSet = (value: unknown) => value === true || value === 1 || value === "1";
