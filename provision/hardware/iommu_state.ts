/** Why there are no IOMMU groups, as far as the machine shows it, and what to do. Pure; used by reasons and findings. */
import type { Detection } from "../../model/detection.ts";
import { firmwareSetup, firmwareWords } from "./firmware_words.ts";
import { CLASS } from "./gpu_kinds.ts";

export type IommuState = "on" | "off-in-kernel" | "absent";

export type MachineForIommu = Pick<Detection, "iommu" | "pci" | "host" | "cpu">;

/** An ACPI table or an IOMMU among the PCI functions says that the hardware is there. */
export function iommuState({ iommu, pci }: MachineForIommu): IommuState {
  if (iommu.enabled) return "on";
  return iommu.firmwareTable !== null || pci.some((device) => device.classCode === CLASS.iommu)
    ? "off-in-kernel"
    : "absent";
}

/** Intel's IOMMU is there, and nothing but a missing kernel parameter keeps it off: what apply writes cures it. */
export function isCuredByParameter(machine: MachineForIommu): boolean {
  return machine.cpu.vendor === "intel" && machine.iommu.firmwareTable !== null &&
    iommuState(machine) === "off-in-kernel" && offParameters(machine).length === 0 &&
    !/(^|\s)intel_iommu=on(\s|,|$)/.test(machine.host.kernelCommandLine ?? "");
}

/**
 * Debian's kernels turn Intel's IOMMU on but for the processor's own graphics (CONFIG_INTEL_IOMMU_DEFAULT_ON_INTGPU_OFF,
 * Debian's patch "intel-iommu: Add option to exclude integrated GPU only"; mainline's igfx_off does the same when asked):
 * only an `intel_iommu=on` includes it.
 */
export function leavesOutOwnGraphics({ cpu, host }: MachineForIommu): boolean {
  return cpu.vendor === "intel" && !/(^|\s)intel_iommu=on(\s|$)/.test(host.kernelCommandLine ?? "");
}

/** Parameters that switch it off (Documentation/admin-guide/kernel-parameters.txt). */
const OFF_PARAMETERS = new Set(["intel_iommu=off", "amd_iommu=off", "iommu=off"]);

function offParameters({ host }: MachineForIommu): string[] {
  return (host.kernelCommandLine ?? "").split(/\s+/).filter((parameter) => OFF_PARAMETERS.has(parameter));
}

export function iommuCure(machine: MachineForIommu): string {
  const { host, cpu, iommu } = machine;
  const state = iommuState(machine);
  const off = offParameters(machine);
  if (state === "off-in-kernel" && off.length > 0) {
    return `Take ${
      off.join(" and ")
    } out of the kernel's command line (with GRUB: /etc/default/grub, then update-grub).`;
  }
  const setup = `switch ${firmwareWords(host.board, cpu.vendor).iommu} on ${firmwareSetup(host.board)}`;
  if (state === "off-in-kernel" && iommu.firmwareTable !== null) {
    const parameter = cpu.vendor === "intel" ? " intel_iommu=on" : "";
    return parameter === ""
      ? `Start a kernel that is built with IOMMU support; if there still are no groups, ${setup}.`
      : `Start the kernel with${parameter}: Neuron does that when "host.gpu" names the card by its address; ` +
        `if that is not enough, ${setup}.`;
  }
  if (host.virtualized !== null) {
    return "This is a virtual machine: give it a virtual IOMMU (QEMU: -device intel-iommu), or run Neuron on real hardware.";
  }
  return `Restart, ${setup}, and look again.`;
}
