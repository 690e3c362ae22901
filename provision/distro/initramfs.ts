/** What builds this machine's initial ram disks, and where they lie. Knows nothing of what Neuron puts into them. */
import { readInitramfsTool } from "../hardware/boot.ts";
import { Reading } from "../hardware/reading.ts";
import type { Host, HostFiles } from "../host/host.ts";
import { dracut } from "./dracut.ts";
import { initramfsTools } from "./initramfs_tools.ts";

/** A tool this version writes for. */
export interface InitramfsBuilder {
  readonly tool: "initramfs-tools" | "dracut";
  /** Builds the initial ram disks of all kernels. Two steps want it; the engine runs it once, after the later one. */
  readonly command: {
    readonly id: string;
    readonly argv: readonly [string, ...string[]];
    readonly reason: string;
    readonly needs: "reboot";
  };
  /** Whether a file of this name in /boot is an initial ram disk it builds. */
  isInitrd(name: string): boolean;
}

const builders: readonly InitramfsBuilder[] = [initramfsTools, dracut];

/** Null: another tool, or none, builds them; preflight says so. */
export function initramfsBuilder(host: Host): InitramfsBuilder | null {
  const found = readInitramfsTool(new Reading(host));
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
  return (files.list("/boot") ?? []).filter((name) => builder.isInitrd(name)).flatMap((name) => {
    const path = `/boot/${name}`;
    const status = files.stat(path);
    // openSUSE's /boot/initrd is a link to the newest one.
    return status?.kind === "file" ? [{ path, mtimeMs: status.mtimeMs ?? 0 }] : [];
  });
}
