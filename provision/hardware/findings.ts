/** What a person should know about the machine as a whole. Pure; every finding says what to do. */
import type { Detection } from "../../model/detection.ts";
import type { Finding, Severity } from "../../model/errors.ts";
import { chooseGpu } from "./choose_gpu.ts";
import { firmwareSetup, firmwareWords } from "./firmware_words.ts";
import { interruptTrouble } from "./interrupt_state.ts";
import { iommuCure, iommuState } from "./iommu_state.ts";
import type { UnreadableFile } from "./reading.ts";

type Seen = Omit<Detection, "schema" | "findings">;

/** Windows 11 wants 4 GiB (Microsoft's system requirements); a host beside it is uncomfortable below as much again. */
const ENOUGH_MEMORY_KIB = 8 * 1024 * 1024;
/** A machine of 8 GiB shows less: the firmware keeps some. */
const FIRMWARE_SHARE = 0.9;

export function findingsOf(seen: Seen, unreadable: readonly UnreadableFile[]): Finding[] {
  return [
    ...iommuFindings(seen),
    ...cpuFindings(seen),
    ...gpuFindings(seen),
    ...memoryFindings(seen),
    ...bootFindings(seen),
    ...placeFindings(seen),
    ...unreadableFindings(unreadable),
  ];
}

function iommuFindings(seen: Seen): Finding[] {
  const found: Finding[] = [];
  switch (iommuState(seen)) {
    case "off-in-kernel":
      found.push(finding("iommu-off-in-kernel", "blocker", "The IOMMU is there but not in use", iommuCure(seen)));
      break;
    case "absent":
      found.push(finding("iommu-absent", "blocker", "No IOMMU is to be seen", iommuCure(seen)));
      break;
    case "on":
      found.push(...interruptFindings(seen));
      if ((seen.host.kernelCommandLine ?? "").includes("pcie_acs_override=")) {
        found.push(finding(
          "acs-override-active",
          "warning",
          "Isolation groups are split by pcie_acs_override: devices may reach each other although the groups say not",
          "Run only systems you trust in VMs with cards of their own.",
        ));
      }
  }
  return found;
}

function interruptFindings(seen: Seen): Finding[] {
  const trouble = interruptTrouble(seen);
  if (trouble !== null) return [trouble];
  if (seen.iommu.interruptRemapping !== false) return [];
  return [finding(
    "unsafe-interrupts-allowed",
    "warning",
    "Interrupts are not remapped, and VFIO is told not to mind: a VM with a card of its own could take the host over",
    "Run only systems you trust in VMs with cards of their own.",
  )];
}

function cpuFindings({ cpu, host }: Seen): Finding[] {
  if (cpu.virtualization !== null) return [];
  if (cpu.vendor === "other") {
    return [finding(
      "cpu-unknown",
      "warning",
      "The processor is neither Intel's nor AMD's, or /proc/cpuinfo cannot be read: whether it can run VMs is unknown",
      "Neuron is made for x86 processors with VT-x or AMD-V.",
    )];
  }
  const cure = host.virtualized === null
    ? `Switch ${firmwareWords(host.board, cpu.vendor).virtualization} on ${firmwareSetup(host.board)}.`
    : "This is a virtual machine: allow it nested virtualization (QEMU: -cpu host).";
  return [finding("virtualization-off", "blocker", "The processor's virtualization is switched off", cure)];
}

function gpuFindings(seen: Seen): Finding[] {
  if (seen.gpus.length === 0) {
    const title = "No graphics card was found";
    return [finding("no-gpu", "warning", title, 'Windows can run without one: answer "gpu": "none".')];
  }
  if (!seen.iommu.enabled || chooseGpu(seen) !== null) return [];
  return [finding(
    "no-ready-gpu",
    "warning",
    "No graphics card can be handed over as the machine is now",
    'See what each card says. Windows can run without one: answer "gpu": "none".',
  )];
}

function memoryFindings({ memory }: Seen): Finding[] {
  if (memory.totalKib === 0) {
    return [finding("memory-unknown", "warning", "How much memory there is cannot be read", "Check /proc/meminfo.")];
  }
  if (memory.totalKib >= ENOUGH_MEMORY_KIB * FIRMWARE_SHARE) return [];
  const gib = (memory.totalKib / 1024 / 1024).toFixed(1);
  return [finding(
    "memory-low",
    "warning",
    `${gib} GiB of memory is little for Windows beside the host`,
    "Windows 11 wants 4 GiB for itself; 8 GiB or more in the machine make it pleasant.",
  )];
}

function bootFindings({ host }: Seen): Finding[] {
  const found: Finding[] = [];
  if (host.secureBoot === true) {
    found.push(finding(
      "secure-boot-on",
      "info",
      "Secure Boot is on: the kernel loads signed modules only",
      "Nothing to do for a card handed over as it is; kvmfr and vendor-reset would have to be signed (mokutil).",
    ));
  }
  const unknown = [host.bootloader === null ? "boot loader" : null, host.initramfs === null ? "initramfs tool" : null];
  const names = unknown.filter((name) => name !== null);
  if (names.length > 0) {
    found.push(finding(
      "boot-files-unknown",
      "warning",
      `Which ${names.join(" and ")} this system uses cannot be told from its files`,
      "Neuron can look but not set the machine up. It knows GRUB, systemd-boot, kernelstub, grubby and rpm-ostree, " +
        "and initramfs-tools, dracut and mkinitcpio.",
    ));
  }
  return found;
}

function placeFindings({ host }: Seen): Finding[] {
  const found: Finding[] = [];
  if (host.virtualized !== null) {
    found.push(finding(
      "virtual-machine",
      "info",
      `This is itself a virtual machine (${host.virtualized})`,
      "Good for trying things out; a card can be handed over only where the outer machine passes one in with an IOMMU.",
    ));
  }
  if (host.chassis === "laptop") {
    found.push(finding(
      "laptop",
      "info",
      "This is a laptop: its screen is often wired to one of the two cards only",
      "Look in the firmware setup for a MUX switch or discrete mode; use Looking Glass to see a card without a screen.",
    ));
  }
  return found;
}

/** How many paths are named; the rest is a number. */
const NAMED_PATHS = 5;

function unreadableFindings(unreadable: readonly UnreadableFile[]): Finding[] {
  if (unreadable.length === 0) return [];
  const paths = unreadable.slice(0, NAMED_PATHS).map((file) => file.path).join(", ");
  const more = unreadable.length > NAMED_PATHS ? ` and ${unreadable.length - NAMED_PATHS} more` : "";
  return [finding(
    "unreadable-files",
    "info",
    `Some files could not be read: ${paths}${more}`,
    "Run it as root to see everything; what they would have told counts as unknown.",
  )];
}

function finding(code: string, severity: Severity, title: string, hint: string): Finding {
  return { code, severity, title, hint };
}
