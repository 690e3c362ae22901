/**
 * A Windows installation medium as files: what a disc, a stick or an unpacked ISO has. Sticks have FAT, where case is
 * nothing; a copy on Linux may have any. Reads names only.
 * Source: the layout of Microsoft's media (bootmgr, boot/etfsboot.com, efi/microsoft/boot/efisys.bin, sources/…).
 */
import type { HostFiles } from "../../host/host.ts";

export interface WindowsTree {
  /** Absolute path of the folder that has `sources`. */
  readonly folder: string;
  /** Boot images for El Torito, relative to the folder, as they are written there; null: missing. */
  readonly biosBoot: string | null;
  readonly efiBoot: string | null;
  /** install.wim, install.esd or the first part of install.swm, relative to the folder. */
  readonly install: string;
  /** All parts of install.swm; one entry for the others. */
  readonly installParts: readonly string[];
}

type Names = Pick<HostFiles, "list">;

/** Null when that is no medium from which Windows is installed. */
export function readWindowsTree(files: Names, folder: string): WindowsTree | null {
  const find = (path: string) => findNoCase(files, folder, path);
  if (find("bootmgr") === null && find("bootmgr.efi") === null) return null;
  const sources = find("sources");
  const names = sources === null ? [] : files.list(`${folder}/${sources}`) ?? [];
  const named = (pattern: RegExp) => names.filter((name) => pattern.test(name)).map((name) => `${sources}/${name}`);
  const whole = [...named(/^install\.wim$/i), ...named(/^install\.esd$/i)][0];
  const parts = whole === undefined ? named(/^install\d*\.swm$/i).toSorted(byLength) : [whole];
  if (parts[0] === undefined) return null;
  return {
    folder,
    biosBoot: find("boot/etfsboot.com"),
    efiBoot: find("efi/microsoft/boot/efisys.bin"),
    install: parts[0],
    installParts: parts,
  };
}

/** The path as it is written there. */
export function findNoCase(files: Names, folder: string, path: string): string | null {
  const found: string[] = [];
  for (const part of path.split("/")) {
    const names = files.list([folder, ...found].join("/")) ?? [];
    const name = names.find((each) => each === part) ?? names.find((each) => each.toLowerCase() === part);
    if (name === undefined) return null;
    found.push(name);
  }
  return found.join("/");
}

/** install.swm, install2.swm, … install10.swm */
function byLength(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : 1);
}
