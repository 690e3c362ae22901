/**
 * Says everything that stands in the way, at once and before any write. Writes nothing itself; what concerns one step
 * alone is that step's own blocker.
 */
import type { Detection } from "../../model/detection.ts";
import type { Finding } from "../../model/errors.ts";
import { cardBoundAtBoot, type HostSpec } from "../../model/host_spec.ts";
import { type BootLoader, bootLoader } from "../distro/boot_loader.ts";
import { type InitramfsBuilder, initramfsBuilder, initrds, installedInitrds } from "../distro/initramfs.ts";
import { programPath } from "../distro/programs.ts";
import { detect } from "../hardware/detect.ts";
import { interruptTrouble } from "../hardware/interrupt_state.ts";
import { isCuredByParameter } from "../hardware/iommu_state.ts";
import type { Host } from "../host/host.ts";
import type { Step } from "../step.ts";

export interface PreflightSeen {
  readonly live: boolean;
  readonly detection: Detection;
  /** Programs that apply is going to run and that are not there; only looked for on the running machine. */
  readonly missingPrograms: readonly string[];
  /** Null where none was found. */
  readonly loader: BootLoader | null;
  /** Null where the initramfs step writes for no tool of this machine's. */
  readonly builder: InitramfsBuilder["tool"] | null;
  /** Whether at least one of its initial ram disks is where it is looked for. */
  readonly initrdFound: boolean;
  /** Names of those that kernel-install put in place. */
  readonly installedNames: readonly string[];
  /** Whether the running kernel can load vfio-pci; null when its modules cannot be looked up. */
  readonly vfioPci: boolean | null;
}

function hasVfioPci(host: Host, release: string | null): boolean | null {
  const folder = `/lib/modules/${release}`;
  const lists = [host.readText(`${folder}/modules.dep`), host.readText(`${folder}/modules.builtin`)];
  if (lists.every((text) => text === null)) return null;
  return lists.some((text) => /\/vfio-pci\.ko/.test(text ?? ""));
}

function blocker(code: string, title: string, hint: string): Finding {
  return { code, severity: "blocker", title, hint };
}

function bootBlockers(spec: HostSpec, seen: PreflightSeen): Finding[] {
  const needsParameters = spec.gpu !== null || spec.acsOverride || spec.isolatedCpus.length > 0 ||
    spec.hugepages?.sizeKib === 1048576;
  return [
    ...(needsParameters ? loaderBlockers(seen.loader) : []),
    ...(cardBoundAtBoot(spec) === null ? [] : initramfsBlockers(seen)),
  ];
}

function loaderBlockers(loader: BootLoader | null): Finding[] {
  if (loader === null) {
    return [blocker(
      "bootloader-unknown",
      "No boot loader was found whose kernel command line could be changed",
      "GRUB, systemd-boot, kernelstub, grubby and rpm-ostree are known. Is /boot mounted?",
    )];
  }
  return loader.trouble === null ? [] : [blocker("bootloader-unsupported", loader.trouble.title, loader.trouble.hint)];
}

function initramfsBlockers({ live, detection, builder, initrdFound, installedNames }: PreflightSeen): Finding[] {
  if (builder === null) {
    const { initramfs } = detection.host;
    return [blocker(
      "initramfs-unsupported",
      initramfs === null
        ? "No tool for the initial ram disk was found"
        : `The initial ram disk is built by ${initramfs}`,
      "initramfs-tools, dracut, mkinitcpio and rpm-ostree are known: install one of the first three",
    )];
  }
  // Called by itself dracut writes `initrd` there, initramfs-tools has a hook that copies, mkinitcpio does neither.
  const missed = builder === "mkinitcpio"
    ? installedNames.length > 0
    : builder === "dracut" && installedNames.some((name) => name !== "initrd");
  if (missed) {
    return [blocker(
      "initramfs-unsupported",
      `${builder} builds the initial ram disks, but kernel-install copies them to where they are started from`,
      builder === "dracut"
        ? "Write initrd_generator=dracut into /etc/kernel/install.conf, or build them with initramfs-tools"
        : "Let mkinitcpio's presets do both, or build them with dracut",
    )];
  }
  // rpm-ostree keeps them where nobody else writes.
  if (!live || initrdFound || builder === "rpm-ostree") return [];
  return [blocker(
    "initrd-missing",
    "No initial ram disk lies in /boot or on the EFI system partition",
    "Are /boot and the EFI system partition (/efi or /boot/efi) mounted?",
  )];
}

function cardBlockers(spec: HostSpec, { detection, vfioPci, live }: PreflightSeen): Finding[] {
  if (spec.gpu === null) return [];
  const findings: Finding[] = [];
  const gpu = detection.gpus.find(({ address }) => address === spec.gpu?.address);
  const excused = (gpu?.verdict === "shared-group" && spec.acsOverride) ||
    (gpu?.verdict === "only-gpu" && spec.gpuHandover);
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
  // A copy starts no VM, and its interrupts are those of the machine it was taken from.
  const interrupts = live ? interruptTrouble(detection) : null;
  if (interrupts !== null) findings.push(interrupts);
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
    const loader = bootLoader(host);
    const builder = initramfsBuilder(host);
    const early = builder === null || cardBoundAtBoot(spec) === null ? [] : [builder.command.argv[0]];
    const forCard = [...loader?.programs ?? [], ...early];
    const programs = new Set(spec.gpu === null ? [] : forCard);
    return Promise.resolve({
      live: host.live,
      detection,
      missingPrograms: host.live ? [...programs].filter((program) => programPath(host, program) === null) : [],
      loader,
      builder: builder?.tool ?? null,
      initrdFound: builder !== null && initrds(host, builder).length > 0,
      installedNames: installedInitrds(host).map((path) => path.slice(path.lastIndexOf("/") + 1)),
      vfioPci: hasVfioPci(host, detection.host.kernel),
    });
  },

  blockers(spec, seen) {
    const findings = [...cardBlockers(spec, seen), ...bootBlockers(spec, seen)];
    for (const program of seen.missingPrograms) {
      findings.push(
        blocker("program-missing", `The program ${program} is missing`, `Install the package that brings it`),
      );
    }
    return findings;
  },

  wants: () => ({ nodes: [] }),

  // Where the IOMMU was off before, only the start with it on shows what it can do.
  verify(spec, { detection }, when) {
    const interrupts = when === "effective" && spec.gpu !== null ? interruptTrouble(detection) : null;
    return interrupts === null ? [] : [interrupts];
  },
};
