/**
 * Says everything that stands in the way, at once and before any write. Writes nothing itself; what concerns one step
 * alone is that step's own blocker.
 */
import type { Detection } from "../../model/detection.ts";
import type { Finding } from "../../model/errors.ts";
import type { HostSpec } from "../../model/host_spec.ts";
import { readsGrubDropIns } from "../distro/grub.ts";
import { initramfsBuilder, initrds } from "../distro/initramfs.ts";
import { detect } from "../hardware/detect.ts";
import { isCuredByParameter } from "../hardware/iommu_state.ts";
import type { Host } from "../host/host.ts";
import type { Step } from "../step.ts";

export interface PreflightSeen {
  readonly live: boolean;
  readonly detection: Detection;
  /** Programs that apply is going to run and that are not there; only looked for on the running machine. */
  readonly missingPrograms: readonly string[];
  /** Whether GRUB's scripts read the drop-in that kernel_parameters writes. */
  readonly grubDropIns: boolean;
  /** Whether the initramfs step writes for this machine's tool. */
  readonly initramfsSupported: boolean;
  /** Whether at least one of its initial ram disks is where it is looked for. */
  readonly initrdFound: boolean;
  /** Whether the running kernel can load vfio-pci; null when its modules cannot be looked up. */
  readonly vfioPci: boolean | null;
}

const programFolders = ["/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin"];

function hasVfioPci(host: Host, release: string | null): boolean | null {
  const folder = `/lib/modules/${release}`;
  const lists = [host.readText(`${folder}/modules.dep`), host.readText(`${folder}/modules.builtin`)];
  if (lists.every((text) => text === null)) return null;
  return lists.some((text) => /\/vfio-pci\.ko/.test(text ?? ""));
}

const bootloaderNames: Readonly<Record<string, string>> = {
  "systemd-boot": "systemd-boot",
  "kernelstub": "kernelstub",
  "grubby": "GRUB with grubby",
  "rpm-ostree": "rpm-ostree",
};

function blocker(code: string, title: string, hint: string): Finding {
  return { code, severity: "blocker", title, hint };
}

function bootBlockers(
  spec: HostSpec,
  { live, detection, grubDropIns, initramfsSupported, initrdFound }: PreflightSeen,
): Finding[] {
  const { bootloader, initramfs } = detection.host;
  const findings: Finding[] = [];
  const later =
    "This version writes GRUB's drop-ins with initramfs-tools or dracut (Debian, Ubuntu, Mint); others are to come";
  const needsParameters = spec.gpu !== null || spec.acsOverride || spec.isolatedCpus.length > 0 ||
    spec.hugepages?.sizeKib === 1048576;
  if (needsParameters && bootloader === null) {
    findings.push(blocker(
      "bootloader-unknown",
      "No boot loader was found whose kernel command line could be changed: /etc/default/grub and /boot/grub are missing",
      `${later}. Is /boot mounted?`,
    ));
  } else if (needsParameters && bootloader !== "grub") {
    const name = bootloaderNames[bootloader!] ?? bootloader;
    findings.push(blocker("bootloader-unsupported", `The kernel command line is managed by ${name}`, later));
  } else if (needsParameters && !grubDropIns) {
    findings.push(blocker(
      "bootloader-unsupported",
      "GRUB's scripts do not read /etc/default/grub.d here, where the kernel parameters would go",
      later,
    ));
  }
  if (spec.gpu !== null && !initramfsSupported) {
    findings.push(blocker(
      "initramfs-unsupported",
      initramfs === null
        ? "No tool for the initial ram disk was found"
        : `The initial ram disk is built by ${initramfs}`,
      later,
    ));
  } else if (live && spec.gpu !== null && !initrdFound) {
    findings.push(blocker(
      "initrd-missing",
      "No initial ram disk lies in /boot, where the boot menu's are",
      "Is /boot mounted? With dracut: one that writes to an EFI system partition is to come",
    ));
  }
  return findings;
}

function cardBlockers(spec: HostSpec, { detection, vfioPci, live }: PreflightSeen): Finding[] {
  if (spec.gpu === null) return [];
  const findings: Finding[] = [];
  if (spec.gpuHandover) {
    findings.push(blocker(
      "handover-unsupported",
      "Handing over the host's only card while a VM runs is not written yet",
      'Leave "host.gpuHandover" out and use a second card, or write "host.gpu": "none"',
    ));
  }
  const gpu = detection.gpus.find(({ address }) => address === spec.gpu?.address);
  const excused = gpu?.verdict === "shared-group" && spec.acsOverride;
  // The parameter that makes the groups is what this very plan writes.
  const curable = gpu?.verdict === "no-iommu" && isCuredByParameter(detection);
  if (gpu !== undefined && gpu.verdict !== "ready" && !excused && !curable) {
    const [reason] = gpu.reasons;
    findings.push(blocker(
      `gpu-${gpu.verdict}`,
      `${gpu.name} (${gpu.address}) cannot be handed to a VM: ${reason?.message ?? gpu.verdict}`,
      reason?.hint ?? "neuron-setup detect says what this machine can do",
    ));
  }
  if (live && vfioPci === false) {
    findings.push(blocker(
      "vfio-module-missing",
      `The kernel ${detection.host.kernel} has no vfio-pci`,
      "Install the distribution's full kernel package (on cloud images: linux-image-amd64)",
    ));
  }
  return findings;
}

export const preflight: Step<PreflightSeen> = {
  name: "preflight",
  title: "What stands in the way",
  phase: "host",

  inspect(host, spec) {
    const detection = detect(host);
    const has = (path: string) => host.stat(path) !== null;
    const builder = initramfsBuilder(host);
    const forCard = ["update-grub", ...(builder === null ? [] : [builder.command.argv[0]])];
    const programs = spec.gpu === null ? [] : forCard;
    const found = (program: string) => programFolders.some((folder) => has(`${folder}/${program}`));
    return Promise.resolve({
      live: host.live,
      detection,
      missingPrograms: host.live ? programs.filter((program) => !found(program)) : [],
      grubDropIns: readsGrubDropIns(host),
      initramfsSupported: builder !== null,
      initrdFound: builder !== null && initrds(host, builder).length > 0,
      vfioPci: hasVfioPci(host, detection.host.kernel),
    });
  },

  blockers(spec, seen) {
    const findings = [...cardBlockers(spec, seen), ...bootBlockers(spec, seen)];
    // What a foreign boot loader lacks is said by its own blocker.
    const supported = seen.detection.host.bootloader === "grub" && seen.grubDropIns && seen.initramfsSupported;
    for (const program of supported ? seen.missingPrograms : []) {
      findings.push(
        blocker("program-missing", `The program ${program} is missing`, `Install the package that brings it`),
      );
    }
    return findings;
  },

  wants: () => ({ nodes: [] }),
  verify: () => [],
};
