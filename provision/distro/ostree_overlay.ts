/**
 * Image-based systems of rpm-ostree: the initial ram disk comes with the image and /usr is read-only. Files below /etc are
 * laid over it, which leaves the image's own, or one the person has built, as it is; another list of tracked files of
 * theirs stays too. VFIO's modules need not be in it: a function marked for vfio-pci is left alone by every other driver
 * until the module is loaded. Sources: rpm-ostree(1) (initramfs-etc), ostree's initramfs overlays, pci_match_device().
 */
import type { HostFiles } from "../host/host.ts";
import type { InitramfsBuilder } from "./initramfs.ts";
import { bootFolders } from "./loader_entries.ts";

/** What is laid over it; the files themselves are the initramfs step's and vfio_binding's. */
const tracked = [
  "/etc/neuron/vfio-functions",
  "/etc/neuron/vfio-hand-over",
  "/etc/systemd/system/initrd.target.d/neuron-vfio.conf",
  "/etc/systemd/system/neuron-vfio-initrd.service",
];

export const ostreeOverlay: InitramfsBuilder = {
  tool: "rpm-ostree",
  command: {
    id: "rpm-ostree-initramfs-etc",
    argv: ["rpm-ostree", "initramfs-etc", "--force-sync", ...tracked.map((path) => `--track=${path}`)],
    undo: ["rpm-ostree", "initramfs-etc", ...tracked.map((path) => `--untrack=${path}`)],
    reason: "lay the files over the initial ram disk of the image",
    needs: "reboot",
  },
  isInitrd: () => false,
  /** What the next shutdown makes the default cannot be looked into. */
  isDue: (files) =>
    files.stat("/run/ostree/staged-deployment") === null && hasEntries(files) && !entryTexts(files).some(hasOverlay),
};

const hasOverlay = (entry: string) => /^initrd\s.*\/ostree\/initramfs-overlays\//m.test(entry);
const hasEntries = (files: HostFiles) => entryTexts(files).length > 0;

function entryTexts(files: HostFiles): string[] {
  return bootFolders.flatMap((folder) => {
    const entries = `${folder}/loader/entries`;
    return (files.list(entries) ?? []).map((name) => files.readText(`${entries}/${name}`) ?? "");
  });
}
