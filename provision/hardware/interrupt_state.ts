/**
 * Interrupts that are not remapped: VFIO then starts no VM with a card, and what to do about it. Pure; used by findings,
 * preflight and the table of known messages. Sources: drivers/vfio/vfio_iommu_type1.c (vfio_iommu_type1_attach_group),
 * kernel-parameters.txt (intremap, nointremap).
 */
import type { Detection } from "../../model/detection.ts";
import type { Finding } from "../../model/errors.ts";
import { firmwareSetup } from "./firmware_words.ts";

export const INTERRUPTS_NOT_REMAPPED = "Interrupts are not remapped: a VM with a card of its own will not start";

/** For whoever cannot cure it: what it takes to go on all the same, and what that costs. */
const UNSAFE_INTERRUPTS = "Only if you trust every VM that gets a card, since it could then forge the host's " +
  'interrupts and take it over: write "options vfio_iommu_type1 allow_unsafe_interrupts=1" into a file ' +
  "/etc/modprobe.d/unsafe-interrupts.conf";

/** The cure where the machine itself has not been looked at: behind a message of a log. */
export const REMAP_INTERRUPTS =
  `Update the firmware, and switch interrupt remapping on in its setup. ${UNSAFE_INTERRUPTS}, and restart.`;

/** Null where interrupts are remapped, where that is not known, and where a person allows it all the same. */
export function interruptTrouble({ iommu, host }: Pick<Detection, "iommu" | "host">): Finding | null {
  if (iommu.interruptRemapping !== false || iommu.unsafeInterruptsAllowed) return null;
  return {
    code: "no-interrupt-remapping",
    severity: "blocker",
    title: INTERRUPTS_NOT_REMAPPED,
    hint: `${interruptCure(host)} ${UNSAFE_INTERRUPTS}.`,
  };
}

function interruptCure(host: Detection["host"]): string {
  const off = (host.kernelCommandLine ?? "").split(/\s+/).filter((word) => OFF_PARAMETERS.has(word));
  if (off.length > 0) {
    return `Take ${
      off.join(" and ")
    } out of the kernel's command line (with GRUB: /etc/default/grub, then update-grub).`;
  }
  if (host.virtualized !== null) {
    return "This is a virtual machine: let its IOMMU remap interrupts (QEMU: -device intel-iommu,intremap=on).";
  }
  return `Update the firmware, and switch "Interrupt Remapping" on ${firmwareSetup(host.board)} where it is offered, ` +
    "beside VT-d or IOMMU.";
}

const OFF_PARAMETERS = new Set(["intremap=off", "nointremap"]);
