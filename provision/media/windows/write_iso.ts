/**
 * A bootable ISO from the files of a Windows installation medium, made by xorriso and believed only when its boot
 * catalogue has an entry for BIOS and one for UEFI. It has the name `ISO.part` until then.
 *
 * No file in it is bigger than 4 GiB, because not every reader of ISO 9660 puts such a file together again: a bigger
 * install image is split into install.swm, install2.swm and so on, which Windows Setup looks for by itself.
 * Sources: xorrisofs(1), wimlib-imagex split(1), Microsoft Learn "Split a Windows image (.wim) file".
 */
import { AppError } from "../../../model/errors.ts";
import type { BigFile, BigFiles } from "../../host/big_files.ts";
import { parentOf } from "../../host/files.ts";
import type { Host } from "../../host/host.ts";
import { sha256Of } from "../hasher.ts";
import { removeNote } from "../notes.ts";
import { type MediaProgress, ProgressMeter } from "../progress.ts";
import { type MediaFacts, type MediaRecord, writeRecord } from "../record.ts";
import { runTool, versionOf } from "../tools.ts";
import { sizeWords } from "../words.ts";
import type { WindowsTree } from "./tree.ts";

export interface BuildOptions {
  readonly report?: (progress: MediaProgress) => void;
  readonly signal?: AbortSignal;
  /** For tests: how big a file in the ISO may be. */
  readonly maxFileBytes?: number;
}

export interface IsoWish {
  readonly tree: WindowsTree;
  /** Absolute; nothing has that name yet. */
  readonly path: string;
  /** An empty folder for what must be made on the way; the caller removes it. */
  readonly work: string;
  readonly label: string;
  readonly source: string;
  readonly facts: Omit<MediaFacts, "made">;
  readonly madeFrom: NonNullable<MediaFacts["made"]>["from"];
}

/** 4 GiB less one byte is what one extent of ISO 9660 can hold; wimlib takes MiB. */
export const maxFileBytes = 4095 * (1 << 20);

/** Throws `conflict`, `command-failed`, `file-access`, `interrupted`; then nothing of the ISO is left. */
export async function writeIso(
  host: Host,
  files: BigFiles,
  wish: IsoWish,
  options: BuildOptions = {},
): Promise<MediaRecord> {
  const { tree, path } = wish;
  if (tree.biosBoot === null || tree.efiBoot === null) {
    const what = tree.biosBoot === null ? "boot/etfsboot.com" : "efi/microsoft/boot/efisys.bin";
    throw new AppError("verification-failed", `Cannot make a bootable ISO of ${tree.folder}: ${what} is missing`, {
      hint: "It is no complete Windows medium: make it again with Microsoft's tool, or take an ISO file",
    });
  }
  if (files.status(path) !== null) {
    throw new AppError("conflict", `Cannot make ${path}: a file has that name`, {
      hint: "Move it away, or give another --name",
    });
  }
  const part = `${path}.part`;
  using lock = openAnew(host, files, part, path);
  removeNote(host, part);
  try {
    await xorriso(host, files, wish, part, options);
    await checkBootCatalogue(host, part);
    const meter = new ProgressMeter(options.report ?? (() => {}));
    const { sizeBytes } = lock.status();
    const found = await sha256Of(lock, {
      onProgress: (done) => meter.update(`checking ${nameOf(path)}`, done, sizeBytes, done === sizeBytes),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    const by = [await versionOf(host, "wimlib-imagex"), await versionOf(host, "xorriso")];
    const record = writeRecord(host, path, {
      ...found,
      kind: "iso",
      source: wish.source,
      verifiedAgainst: "made",
      ...wish.facts,
      made: { from: wish.madeFrom, by },
    });
    files.publish(part, path);
    return record;
  } catch (error) {
    host.remove(part);
    throw error;
  }
}

/** A file that nobody has open: the xorriso of a killed run may still be writing to the one that lies there. */
function openAnew(host: Host, files: BigFiles, part: string, path: string): BigFile {
  const locked = () =>
    new AppError("locked", `Cannot make ${path}: another run is making it now`, { hint: "Wait until it is done" });
  const left = files.openLocked(part);
  if (left === null) throw locked();
  host.remove(part);
  left[Symbol.dispose]();
  const file = files.openLocked(part);
  if (file === null) throw locked();
  return file;
}

async function xorriso(
  host: Host,
  files: BigFiles,
  wish: IsoWish,
  part: string,
  options: BuildOptions,
): Promise<void> {
  const { tree, label } = wish;
  const install = await splitInstall(host, files, wish, options);
  // Everything but the install image, and that from where it fits.
  const excluded = install === null
    ? []
    : tree.installParts.flatMap((path) => ["-m", escapePattern(`${tree.folder}/${path}`)]);
  const added = install === null ? [] : install.map((file) => `/${parentOf(tree.install)}/${nameOf(file)}=${file}`);
  await runTool(host, [
    "xorriso",
    ...["-as", "mkisofs", "-quiet", "-o", part, "-V", label],
    // Windows reads the Joliet names; firmware the plain ones, without versions and trailing dots.
    ...["-iso-level", "3", "-J", "-joliet-long", "-r", "-l", "-D", "-d", "-N", "-relaxed-filenames"],
    ...["-b", tree.biosBoot!, "-no-emul-boot", "-boot-load-size", "8"],
    ...["-eltorito-alt-boot", "-e", tree.efiBoot!, "-no-emul-boot"],
    ...excluded,
    ...["-graft-points", `/=${tree.folder}/`, ...added],
  ], { purpose: `make ${nameOf(wish.path)}`, grows: { files, path: part, toBytes: null }, ...options });
}

/** The parts that take the install image's place; null where it fits as it is. */
async function splitInstall(
  host: Host,
  files: BigFiles,
  { tree, work }: IsoWish,
  options: BuildOptions,
): Promise<string[] | null> {
  const limit = options.maxFileBytes ?? maxFileBytes;
  const sizes = tree.installParts.map((path) => files.status(`${tree.folder}/${path}`)?.sizeBytes ?? 0);
  if (sizes.every((size) => size <= limit)) return null;
  let whole = `${tree.folder}/${tree.install}`;
  const purpose = `split the install image of ${sizeWords(sizes.reduce((sum, size) => sum + size))}`;
  if (/\.esd$/i.test(whole)) {
    // A solid image cannot be split.
    const wim = `${work}/install.wim`;
    await runTool(host, ["wimlib-imagex", "export", whole, "all", wim, "--compress=LZX"], {
      purpose: "unpack the install image, which is too big for one file",
      grows: { files, path: wim, toBytes: null },
      ...options,
    });
    whole = wim;
  }
  const parts = `${work}/parts`;
  host.makeFolder(parts);
  const mib = Math.max(1, Math.floor(limit / (1 << 20)));
  await runTool(host, ["wimlib-imagex", "split", whole, `${parts}/install.swm`, String(mib)], { purpose, ...options });
  return (host.list(parts) ?? []).map((name) => `${parts}/${name}`);
}

/** What the firmware of a PC looks for, as xorriso reads it back from the finished image. */
async function checkBootCatalogue(host: Host, path: string): Promise<void> {
  const report = await runTool(host, ["xorriso", "-indev", `stdio:${path}`, "-report_el_torito", "plain"], {
    purpose: "read the boot catalogue of the new ISO",
  });
  const platforms = bootPlatforms(report);
  const missing = ["BIOS", "UEFI"].filter((each) => !platforms.includes(each));
  if (missing.length === 0) return;
  throw new AppError("verification-failed", `The ISO that was made does not boot with ${missing.join(" and ")}`, {
    hint: "Report this with the version of xorriso (xorriso --version)",
  });
}

/** `El Torito boot img :   1  BIOS  y   none  0x0000  0x00      8  33`: the bootable ones. */
export function bootPlatforms(report: string): string[] {
  return [...report.matchAll(/^El Torito boot img :\s+\d+\s+(\w+)\s+y\s/gm)].map((match) => match[1]!);
}

/** As glob(7) has it: a path that means itself. */
export function escapePattern(path: string): string {
  return path.replace(/[\\*?[\]]/g, "\\$&");
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
