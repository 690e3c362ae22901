/**
 * The ESD of the Media Creation Tool as the files of an installation medium: one image has the medium itself, two become
 * sources/boot.wim, and the rest are the editions, for sources/install.wim.
 * Sources: wimlib-imagex apply(1) and export(1); the images by their names, as dockur/windows and others find them.
 */
import { AppError } from "../../../model/errors.ts";
import type { BigFiles } from "../../host/big_files.ts";
import type { Host } from "../../host/host.ts";
import { readWim } from "../../unattend/read_wim.ts";
import type { WimImage } from "../../unattend/wim.ts";
import { runTool } from "../tools.ts";
import { readWindowsTree, type WindowsTree } from "./tree.ts";
import type { BuildOptions } from "./write_iso.ts";

export interface EsdImages {
  readonly medium: WimImage;
  /** WinPE, and Setup in WinPE, which is the one that boots. */
  readonly pe: WimImage;
  readonly setup: WimImage;
  readonly editions: readonly WimImage[];
}

/** By name: their order is usual, not promised. Throws `verification-failed`, naming what is there. */
export function esdImages(images: readonly WimImage[]): EsdImages {
  const named = (pattern: RegExp) => images.find(({ name }) => pattern.test(name));
  const medium = named(/^Windows Setup Media/i);
  const pe = named(/^Microsoft Windows PE\b/i);
  const setup = named(/^Microsoft Windows Setup\b/i);
  const editions = images.filter((image) =>
    ![medium, pe, setup].includes(image) && image.editionId !== "" && image.installationType !== "WindowsPE"
  );
  if (medium !== undefined && pe !== undefined && setup !== undefined && editions.length > 0) {
    return { medium, pe, setup, editions };
  }
  throw new AppError("verification-failed", "Cannot make a Windows medium of this ESD: it lacks one of its images", {
    hint: `It has: ${images.map(({ name }) => `"${name}"`).join(", ") || "none"}`,
  });
}

/** Below `folder`, which is empty. Throws as runTool does. */
export async function unpackEsd(
  host: Host,
  files: BigFiles,
  esd: string,
  folder: string,
  options: BuildOptions = {},
): Promise<{ readonly tree: WindowsTree; readonly editions: readonly WimImage[] }> {
  const { medium, pe, setup, editions } = esdImages(await readWim(host, esd));
  await runTool(host, ["wimlib-imagex", "apply", esd, String(medium.index), folder, "--no-acls", "--check"], {
    purpose: "unpack the files of the medium",
    ...options,
  });
  if (host.list(`${folder}/sources`) === null) host.makeFolder(`${folder}/sources`);
  const [boot, install] = [`${folder}/sources/boot.wim`, `${folder}/sources/install.wim`];
  for (const image of [pe, setup]) {
    const bootable = image === setup ? ["--boot"] : [];
    await exportImage(host, files, { esd, image, to: boot, more: bootable }, options);
  }
  // One after the other into one file: what they share is stored once.
  for (const image of editions) await exportImage(host, files, { esd, image, to: install, more: [] }, options);
  const tree = readWindowsTree(host, folder);
  if (tree !== null) return { tree, editions };
  throw new AppError("verification-failed", "Cannot make a Windows medium of this ESD: it has no bootmgr", {
    hint: "It is no image of the Media Creation Tool",
  });
}

interface Export {
  readonly esd: string;
  readonly image: WimImage;
  readonly to: string;
  readonly more: readonly string[];
}

async function exportImage(
  host: Host,
  files: BigFiles,
  { esd, image, to, more }: Export,
  options: BuildOptions,
): Promise<void> {
  const isNew = files.status(to) === null;
  await runTool(host, [
    ...(["wimlib-imagex", "export", esd, String(image.index), to] as const),
    // As on Microsoft's own media: WinPE's boot loader reads LZX in chunks of 32 KiB.
    ...(isNew ? ["--compress=LZX", "--chunk-size=32K"] : []),
    ...more,
  ], { purpose: `take out ${image.name}`, grows: { files, path: to, toBytes: null }, ...options });
}
