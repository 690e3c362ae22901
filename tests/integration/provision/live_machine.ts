/** Starting the throw-away machine of live_enter.sh anew: what firmware, GRUB, kernel and initial ram disk do on a real one. */
import { assert } from "@std/assert";
import type { Gpu } from "../../../model/detection.ts";

export const menu = () => Deno.readTextFileSync("/boot/grub/grub.cfg");

let boots = 1;
/** What GRUB does with the menu, and the kernel with its line. */
export function reboot(entry: "default" | "trial" | "without-passthrough"): void {
  Deno.writeTextFileSync("/boot_id", `boot ${++boots}\n`);
  Deno.writeTextFileSync("/boot/grub/grubenv", "");
  const id = entry === "default" ? "linux" : `neuron-${entry}`;
  const line = menu().split(`'${id}'`)[1]?.split("\n").find((one) => one.startsWith("\tlinux"));
  assert(line !== undefined, `the menu has ${id}`);
  Deno.writeTextFileSync("/cmdline", line.replace("\tlinux\t", "BOOT_IMAGE="));
}

/** What the initial ram disk does with the card of a start with passthrough. */
export function handOver(card: Gpu): void {
  Deno.mkdirSync("/sys/bus/pci/drivers/vfio-pci", { recursive: true });
  for (const address of card.functions) {
    const link = `${Deno.realPathSync(`/sys/bus/pci/devices/${address}`)}/driver`;
    try {
      Deno.removeSync(link);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    Deno.symlinkSync("/sys/bus/pci/drivers/vfio-pci", link);
  }
}
