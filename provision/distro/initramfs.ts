/** What builds this machine's initial ram disks, and where they lie. Knows nothing of what Neuron puts into them. */
import { readBootloader, readInitramfsTool } from "../hardware/boot.ts";
import { Reading } from "../hardware/reading.ts";
import type { Host, HostFiles } from "../host/host.ts";
import { dracut } from "./dracut.ts";
import { initramfsTools } from "./initramfs_tools.ts";
import { bootFolders } from "./loader_entries.ts";
import { mkinitcpio } from "./mkinitcpio.ts";
import { ostreeOverlay } from "./ostree_overlay.ts";

export interface InitramfsBuilder {
  readonly tool: "initramfs-tools" | "dracut" | "mkinitcpio" | "rpm-ostree";
  /** Builds the initial ram disks of all kernels. Two steps want it; the engine runs it once, after the later one. */
  readonly command: {
    readonly id: string;
    readonly argv: readonly [string, ...string[]];
    readonly undo?: readonly [string, ...string[]];
    readonly reason: string;
    readonly needs: "reboot";
  };
  /** Whether a file of this name in /boot is an initial ram disk it builds. */
  isInitrd(name: string): boolean;
  /** Where the age of initial ram disks does not tell: whether the command has to run. */
  isDue?(files: HostFiles): boolean;
}

const builders: readonly InitramfsBuilder[] = [initramfsTools, dracut, mkinitcpio];

/** Null: another tool, or none, builds them; preflight says so. */
export function initramfsBuilder(host: Host): InitramfsBuilder | null {
  const reading = new Reading(host);
  if (readBootloader(reading) === "rpm-ostree") return ostreeOverlay;
  const found = readInitramfsTool(reading);
  const tool = found === "initramfs-tools" && isLeftForDracut(host) ? "dracut" : found;
  return builders.find((builder) => builder.tool === tool) ?? null;
}

/**
 * dracut takes the place of the package initramfs-tools, but leaves initramfs-tools-core with mkinitramfs installed;
 * update-initramfs is then gone, or a script that calls dracut. dracut-core alone may lie beside either.
 */
function isLeftForDracut(files: HostFiles): boolean {
  if (files.stat("/usr/bin/dracut") === null) return false;
  return files.readText("/usr/sbin/update-initramfs")?.includes("dracut") ?? true;
}

/** The initial ram disks of all installed kernels, by name. */
export function initrds(files: HostFiles, builder: InitramfsBuilder): { path: string; mtimeMs: number }[] {
  const inBoot = (files.list("/boot") ?? []).filter((name) => builder.isInitrd(name)).map((name) => `/boot/${name}`);
  return [...inBoot, ...installedInitrds(files), ...unifiedImages(files, builder)].flatMap((path) => {
    const status = files.stat(path);
    // openSUSE's /boot/initrd is a link to the newest one.
    return status?.kind === "file" ? [{ path, mtimeMs: status.mtimeMs ?? 0 }] : [];
  });
}

/** Where kernel-install puts them: a folder for the system, in it one for each kernel, with the kernel as `linux`. */
export function installedInitrds(files: HostFiles): string[] {
  const kernels = bootFolders.flatMap((boot) => below(files, boot)).flatMap((system) => below(files, system))
    .filter((kernel) => files.stat(`${kernel}/linux`) !== null);
  return kernels.flatMap((kernel) => below(files, kernel).filter((path) => path.startsWith(`${kernel}/initrd`)));
}

function unifiedImages(files: HostFiles, builder: InitramfsBuilder): string[] {
  const images = bootFolders.flatMap((boot) => below(files, `${boot}/EFI/Linux`));
  return builder.tool === "mkinitcpio" ? images.filter((path) => path.endsWith(".efi")) : [];
}

function below(files: HostFiles, folder: string): string[] {
  // Most of what lies in /boot is no folder.
  const status = files.stat(folder);
  return status?.kind === "folder" ? (files.list(folder) ?? []).map((name) => `${folder}/${name}`) : [];
}
