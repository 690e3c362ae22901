/**
 * What a person has plugged in or put into the drive: ISO files and Windows media as files, on what is mounted, and
 * sticks and discs that are not mounted yet. Only looks, and not far: a drive's top folder and the folders in it.
 * Sources: proc_pid_mounts(5), Documentation/ABI/stable/sysfs-block, udev's database (ID_FS_TYPE, ID_FS_LABEL, ID_BUS).
 */
import { AppError } from "../../model/errors.ts";
import type { HostFiles } from "../host/host.ts";
import { readWindowsTree } from "./windows/tree.ts";

export interface Candidate {
  /** `windows`: a medium as files · `iso`: a file · `device`: something to look into, not mounted. */
  readonly kind: "windows" | "iso" | "device";
  /** What `media import` takes. */
  readonly path: string;
  /** `/dev/sdb1` */
  readonly device: string;
  /** What the file system calls itself; null: nothing, or nobody knows. */
  readonly label: string | null;
}

/** File systems of sticks and discs, wherever they are mounted; others only where people mount such things. */
const portable = ["vfat", "exfat", "ntfs", "ntfs3", "fuseblk", "iso9660", "udf"];
const places = /^\/(?:media|run\/media|mnt)(?:\/|$)/;
/** The machine's own. */
const notPortable = /^\/(?:boot|efi)(?:\/|$)/;
const mostFolders = 100;
const block = "/sys/class/block";

interface Mount {
  readonly device: string;
  readonly point: string;
  readonly type: string;
}

export function readCandidates(files: HostFiles): Candidate[] {
  const mounts = parseMounts(files.readText("/proc/mounts") ?? "");
  const looked = mounts.filter(({ point, type }) =>
    !notPortable.test(point) && (portable.includes(type) || places.test(point))
  );
  const labels = readDevices(files);
  const found = looked.flatMap((mount) => lookInto(files, mount, labels.get(mount.device)?.label ?? null));
  const mounted = new Set(mounts.map(({ device }) => device));
  const others = [...labels].filter(([device]) => !mounted.has(device))
    .map(([device, { label }]) => ({ kind: "device" as const, path: device, device, label }));
  return [...found, ...others];
}

/** ISO files and Windows media in a folder and the folders in it; the nearest first. Throws what cannot be read. */
export function lookInFolder(
  files: Pick<HostFiles, "list" | "stat">,
  folder: string,
): Omit<Candidate, "device" | "label">[] {
  const names = (files.list(folder) ?? []).filter((name) => !name.startsWith("."));
  const own = inOne(files, folder, names);
  if (own.some(({ kind }) => kind === "windows")) return own;
  const below = names.map((name) => join(folder, name)).filter((path) => files.stat(path)?.kind === "folder");
  return [...own, ...below.slice(0, mostFolders).flatMap((path) => inOne(files, path, files.list(path) ?? []))];
}

function inOne(
  files: Pick<HostFiles, "list" | "stat">,
  folder: string,
  names: readonly string[],
): Omit<Candidate, "device" | "label">[] {
  const isos = names.filter((name) => /\.iso$/i.test(name)).map((name) => join(folder, name))
    .filter((path) => files.stat(path)?.kind === "file");
  const tree = readWindowsTree(files, folder);
  return [
    ...(tree === null ? [] : [{ kind: "windows" as const, path: folder }]),
    ...isos.map((path) => ({ kind: "iso" as const, path })),
  ];
}

function lookInto(files: HostFiles, { device, point }: Mount, label: string | null): Candidate[] {
  try {
    return lookInFolder(files, point).map((found) => ({ ...found, device, label }));
  } catch (error) {
    // A stick that was pulled out, or a folder of somebody else's: nothing to offer.
    if (error instanceof AppError) return [];
    throw error;
  }
}

/** By device; a mount over another one hides it, so the last at a point counts. */
function parseMounts(text: string): Mount[] {
  const byPoint = new Map<string, Mount>();
  for (const line of text.split("\n")) {
    const [device, point, type] = line.split(" ").map(unescapeOctal);
    if (device?.startsWith("/dev/") && point !== undefined && type !== undefined) {
      byPoint.set(point, { device, point, type });
    }
  }
  return [...byPoint.values()];
}

/** Space, tab, newline and backslash are written `\040` and so on. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_all, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}

/** Devices with a file system that came by USB or lie in a drive for discs. */
function readDevices(files: HostFiles): Map<string, { label: string | null }> {
  const devices = new Map<string, { label: string | null }>();
  for (const name of files.list(block) ?? []) {
    const number = files.readText(`${block}/${name}/dev`)?.trim();
    const entry = number === undefined ? null : files.readText(`/run/udev/data/b${number}`);
    if (entry === null) continue;
    const property = (key: string) => new RegExp(`^E:${key}=(.+)$`, "m").exec(entry)?.[1] ?? null;
    const type = property("ID_FS_TYPE");
    const portableDevice = property("ID_BUS") === "usb" || /^sr\d+$/.test(name);
    if (type !== null && type !== "swap" && portableDevice) {
      devices.set(`/dev/${name}`, { label: property("ID_FS_LABEL") });
    }
  }
  return devices;
}

function join(folder: string, name: string): string {
  return folder === "/" ? `/${name}` : `${folder}/${name}`;
}
