/** Debian's initramfs-tools: where its results are and what makes them anew. Source: update-initramfs(8). */
import type { HostFiles } from "../host/host.ts";

/** Two steps put files into the initrd; the engine runs it once, after the later one. */
export const updateInitramfs = {
  id: "update-initramfs",
  argv: ["update-initramfs", "-u", "-k", "all"],
  reason: "build the initial ram disks with what they hold now",
  needs: "reboot",
} as const;

/** The initial ram disks of all installed kernels, by name. */
export function initrds(files: HostFiles): { path: string; mtimeMs: number }[] {
  const names = (files.list("/boot") ?? []).filter((name) => name.startsWith("initrd.img-"));
  // update-initramfs leaves `.bak` and `.new` beside them when it is interrupted or told to keep backups.
  return names.filter((name) => !/\.(bak|new|dpkg-bak)$/.test(name)).map((name) => {
    const path = `/boot/${name}`;
    return { path, mtimeMs: files.stat(path)?.mtimeMs ?? 0 };
  });
}
