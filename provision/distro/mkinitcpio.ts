/**
 * Arch's mkinitcpio: what its results are called and what makes them anew, by the presets of the kernels' packages.
 * Source: mkinitcpio(8).
 */
import type { HostFiles } from "../host/host.ts";
import type { InitramfsBuilder } from "./initramfs.ts";

export const mkinitcpio: InitramfsBuilder = {
  tool: "mkinitcpio",
  command: {
    id: "mkinitcpio",
    argv: ["mkinitcpio", "-P"],
    reason: "build the initial ram disks with what they hold now",
    needs: "reboot",
  },
  isInitrd: (name) => /^initramfs-.+\.img$/.test(name),
};

const presets = "/etc/mkinitcpio.d";

/** Whether a preset makes images that hold the kernel's command line as well. */
export function buildsUnifiedImages(files: HostFiles): boolean {
  return (files.list(presets) ?? []).some((name) =>
    name.endsWith(".preset") && /^[ \t]*\w+_(uki|efi_image)=\S/m.test(files.readText(`${presets}/${name}`) ?? "")
  );
}
