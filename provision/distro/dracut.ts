/** dracut: what its results are called and what makes them anew. Source: dracut(8), and its default names per system. */
import type { InitramfsBuilder } from "./initramfs.ts";

export const dracut: InitramfsBuilder = {
  tool: "dracut",
  command: {
    id: "dracut",
    argv: ["dracut", "--force", "--regenerate-all"],
    reason: "build the initial ram disks with what they hold now",
    needs: "reboot",
  },
  // Debian: initrd.img-VERSION; openSUSE: initrd-VERSION; everywhere else: initramfs-VERSION.img. A rescue image is
  // built once and stays, and kdump's is not for starting the machine.
  isInitrd: (name) =>
    /^(initrd\.img-|initrd-|initramfs-.+\.img$)/.test(name) && !/^initramfs-0-rescue-|-kdump$|kdump\.img$/.test(name) &&
    !/\.(bak|new|old|tmp|dpkg-bak)$/.test(name),
};
