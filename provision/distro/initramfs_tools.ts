/** Debian's initramfs-tools: what its results are called and what makes them anew. Source: update-initramfs(8). */
import type { InitramfsBuilder } from "./initramfs.ts";

export const initramfsTools: InitramfsBuilder = {
  tool: "initramfs-tools",
  command: {
    id: "update-initramfs",
    argv: ["update-initramfs", "-u", "-k", "all"],
    reason: "build the initial ram disks with what they hold now",
    needs: "reboot",
  },
  // update-initramfs leaves `.bak` and `.new` beside them when it is interrupted or told to keep backups.
  isInitrd: (name) => name.startsWith("initrd.img-") && !/\.(bak|new|dpkg-bak)$/.test(name),
};
