/**
 * From what a person wants and what the machine is, to what shall be: host and VM. The only place that fills defaults.
 * Pure: the same answers on the same machine give the same specs, before the work and after it.
 *
 * Precedence: answers, then the profile, then the defaults of the guest system. Sizes are cut to what the host has and
 * a note says so.
 */
import { closestString } from "@std/text/closest-string";
import type { Answers } from "../model/answers.ts";
import type { Detection, Gpu } from "../model/detection.ts";
import { AppError, type Finding } from "../model/errors.ts";
import type { HostSpec } from "../model/host_spec.ts";
import { type GuestSystem, type VmAnswers, type VmSpec, vmSpecSchema } from "../model/vm_spec.ts";
import { type Profile, shippedProfiles } from "./profiles.ts";
import { sizeCpu } from "./vm/cpu_sizing.ts";
import { defaultDisk, defaultVmSpec, guestTitles } from "./vm/defaults.ts";
import { gpuSpecOf, resolveGpu } from "./vm/gpu_choice.ts";
import { chooseHugepages } from "./vm/hugepages.ts";
import { lookingGlassMib } from "./vm/looking_glass.ts";
import { largestVmMib } from "./vm/memory.ts";
import { mergeParts } from "./vm/merge.ts";
import { startupNotes } from "./vm/startup_notes.ts";

export interface Resolution {
  readonly hostSpec: HostSpec;
  readonly vmSpec: VmSpec;
  /** What was decided and why, what was cut, what to think about: for people. */
  readonly notes: readonly Finding[];
}

/**
 * @param profiles those that may be named; the shipped ones unless told
 * @throws AppError `answer-invalid` when the answers contradict each other or the machine, `hardware-unsuitable` when the
 *   machine cannot do what they ask
 */
export function resolve(
  answers: Answers,
  detection: Detection,
  profiles: readonly Profile[] = shippedProfiles,
): Resolution {
  const profile = findProfile(answers.vm?.profile ?? "general", profiles);
  const wanted: VmAnswers = vmAnswersOver(profile, answers.vm);
  const os = guestSystem(answers, wanted);
  const gpu = resolveGpu(answers.host, wanted, detection);
  const gpuNode = gpu === null ? undefined : detection.pci.find((one) => one.address === gpu.address)?.numaNode ?? null;

  // "other" is a machine for anything, also the smallest: a profile's sizes are for whoever named one.
  const sized = os === "other" && answers.vm?.profile === undefined ? { ...answers.vm } : wanted;
  const spec = vmSpecSchema.parse(complete(sized, os, profile, gpu, answers, detection));
  const cpu = sizeCpu(spec.cpu, answers.vm?.cpu, detection, gpuNode);
  const memory = cutMemory(spec.memory.mib, os, detection);
  const pages = chooseHugepages({
    host: answers.host,
    given: answers.vm?.memory,
    profile: profile.spec.memory,
    mib: memory.mib,
    gpuPassedThrough: gpu !== null,
    nearNode: cpu.numaNode ?? gpuNode ?? null,
  }, detection);
  const vmSpec: VmSpec = { ...spec, cpu: cpu.cpu, memory: { mib: pages.mib, hugepages: pages.size } };
  checkConsistency(vmSpec);

  const isolation = isolate(answers.host?.isolateCpus ?? false, vmSpec);
  const { lookingGlass } = vmSpec.display;
  const hostSpec: HostSpec = {
    gpu: gpu === null ? null : gpuSpecOf(gpu, detection),
    gpuHandover: answers.host?.gpuHandover ?? false,
    iommu: { cpuVendor: detection.cpu.vendor, needsIntelParameter: needsIntelParameter(detection) },
    hugepages: pages.host,
    isolatedCpus: isolation.cpus,
    acsOverride: answers.host?.acsOverride ?? false,
    lookingGlass: lookingGlass.enabled
      ? { backend: lookingGlass.backend, sizeMib: lookingGlassMib(lookingGlass) }
      : null,
    identity: {
      hostname: answers.management?.hostname ?? detection.host.hostname ?? "neuron",
      listen: answers.management?.listen ?? "127.0.0.1:8443",
    },
  };
  const notes = [
    ...cardNotes(gpu, hostSpec),
    ...cpu.notes,
    ...memory.notes,
    ...pages.notes,
    ...isolation.notes,
    ...startupNotes(vmSpec),
  ];
  return { hostSpec, vmSpec, notes };
}

function findProfile(name: string, profiles: readonly Profile[]): Profile {
  const profile = profiles.find((one) => one.name === name);
  if (profile !== undefined) return profile;
  const names = profiles.map((one) => one.name);
  const nearest = names.length === 0 ? "" : `Did you mean "${closestString(name, names)}"? `;
  throw new AppError("answer-invalid", `vm.profile is "${name}", but there is no such profile`, {
    hint: `${nearest}Known: ${names.join(", ")}`,
  });
}

/** The first disk of the answers completes the profile's; a list in the answers decides how many there are. */
function vmAnswersOver(profile: Profile, vm: Answers["vm"]): VmAnswers {
  const disks = (vm?.disks ?? profile.spec.disks)?.map((disk, index) => ({ ...profile.spec.disks?.[index], ...disk }));
  const merged: VmAnswers = mergeParts(profile.spec, vm ?? {});
  return disks === undefined ? merged : { ...merged, disks };
}

/** A server is built from the same source as a client of its time, and wants the same machine. */
const systemOfVersion = {
  "10": "windows10",
  "11": "windows11",
  "server2019": "windows10",
  "server2022": "windows10",
  "server2025": "windows11",
} as const;

function guestSystem(answers: Answers, wanted: VmAnswers): GuestSystem {
  const version = answers.windows?.version;
  const byVersion = version === undefined ? undefined : systemOfVersion[version];
  if (byVersion !== undefined && answers.vm?.os !== undefined && answers.vm.os !== byVersion) {
    throw new AppError(
      "answer-invalid",
      `The answers contradict each other: windows.version is "${version}", but vm.os is "${answers.vm.os}"`,
      { hint: "Leave one of the two out" },
    );
  }
  return byVersion ?? wanted.os ?? "windows11";
}

/** A whole spec, whose CPU and memory are still to be sized. The schema proves that nothing is left out. */
function complete(
  wanted: VmAnswers,
  os: GuestSystem,
  profile: Profile,
  gpu: Gpu | null,
  answers: Answers,
  detection: Detection,
): object {
  const base = defaultVmSpec(os);
  const name = wanted.name ?? base.name;
  const title = profile.name === "general" ? guestTitles[os] : `${guestTitles[os]} (${profile.displayName})`;
  const lookingGlass = lookingGlassFor(wanted, gpu, answers, detection);
  const spec = mergeParts({ ...base, name, title, profile: profile.name, cdroms: installationMedia(os, answers) }, {
    ...wanted,
    os,
    profile: profile.name,
    disks: (wanted.disks ?? [{}]).map((disk, index) => ({
      ...defaultDisk(os, name, index, disk.format ?? "qcow2"),
      ...disk,
    })),
    ...(wanted.cdroms === undefined ? {} : { cdroms: wanted.cdroms.map((drive) => ({ path: null, ...drive })) }),
  });
  return mergeParts(spec, {
    devices: { gpu: gpu === null ? withoutCard(wanted) : { mode: "passthrough", address: gpu.address } },
    // Its client takes keyboard, mouse and sound from SPICE.
    display: { lookingGlass, ...(lookingGlass.enabled ? { spice: wanted.display?.spice ?? true } : {}) },
  });
}

/** Who names media by their paths wants to install from them. What is still to be fetched has no path yet. */
function installationMedia(os: GuestSystem, { windows, virtio }: Answers): { path: string }[] {
  const sources = os === "linux" || os === "other" ? [] : [windows?.iso, virtio?.iso];
  return sources.filter((source) => source?.startsWith("/") === true).map((path) => ({ path: path! }));
}

function withoutCard(wanted: VmAnswers): object {
  return { address: null, ...(wanted.devices?.gpu?.mode === "passthrough" ? { mode: "virtio" } : {}) };
}

/** Looking Glass shows a passed-through card in a window of the host; without such a card there is nothing to show. */
function lookingGlassFor(wanted: VmAnswers, gpu: Gpu | null, answers: Answers, detection: Detection) {
  const host = answers.host?.lookingGlass ?? "auto";
  const vmWish = answers.vm?.display?.lookingGlass?.enabled;
  if (host !== "auto" && vmWish !== undefined && vmWish !== (host !== "none")) {
    throw new AppError(
      "answer-invalid",
      `The answers contradict each other: host.lookingGlass is "${host}", but vm.display.lookingGlass.enabled is ${vmWish}`,
      { hint: "Leave one of the two out" },
    );
  }
  // While the host's only card is lent out there is no screen for a window.
  const byProfile = answers.host?.gpuHandover === true ? vmWish : wanted.display?.lookingGlass?.enabled;
  const wish = host === "auto" ? byProfile ?? false : host !== "none";
  const backend = host === "kvmfr" || host === "shmem" ? host : wanted.display?.lookingGlass?.backend ?? "shmem";
  const mode = detection.displays.find((one) => one.connected && one.preferredMode !== null)?.preferredMode;
  return {
    enabled: wish && gpu !== null,
    backend,
    width: wanted.display?.lookingGlass?.width ?? mode?.widthPx ?? 1920,
    height: wanted.display?.lookingGlass?.height ?? mode?.heightPx ?? 1080,
  };
}

function cutMemory(wishMib: number, os: GuestSystem, detection: Detection): { mib: number; notes: Finding[] } {
  const notes: Finding[] = [];
  const largest = largestVmMib(detection.memory);
  const mib = largest === null ? wishMib : Math.min(wishMib, largest);
  if (mib < wishMib) {
    const totalMib = Math.floor(detection.memory.totalKib / 1024);
    notes.push({
      code: "memory-cut",
      severity: "warning",
      title: `The VM gets ${mib} MiB of memory instead of ${wishMib}: this machine has ${totalMib} MiB ` +
        "and the host keeps its reserve",
    });
  }
  if (os === "windows11" && mib < 4096) {
    notes.push({
      code: "memory-below-windows",
      severity: "warning",
      title: `Windows 11 wants at least 4096 MiB of memory; this VM has ${mib}`,
      hint: "Add memory to this machine, or install it knowing that its setup may refuse",
    });
  }
  return { mib, notes };
}

function checkConsistency(spec: VmSpec): void {
  if (spec.firmware.secureBoot && !spec.firmware.uefi) {
    throw new AppError("answer-invalid", "vm.firmware.secureBoot needs vm.firmware.uefi, which is false", {
      hint: "Set both, or neither",
    });
  }
  const volumes = spec.disks.map((disk) => `${disk.pool}/${disk.volume}`);
  const twice = volumes.find((volume, index) => volumes.indexOf(volume) !== index);
  if (twice !== undefined) {
    throw new AppError("answer-invalid", `vm.disks names the volume ${twice} twice`, {
      hint: "Give each disk its own",
    });
  }
}

/**
 * Linux turns Intel's IOMMU on by itself where it is built so, as it is by default from 6.8 on. That it does is shown by
 * groups on a command line that does not ask for it; but a firmware can force it on too (DMA_CTRL_PLATFORM_OPT_IN_FLAG),
 * so the kernel's configuration has to say the same, or its version where there is none.
 */
function needsIntelParameter({ cpu, host, iommu }: Detection): boolean {
  if (cpu.vendor !== "intel") return false;
  // Once set it stays wanted, else the next plan would take away what makes the groups appear.
  if (/(^|\s)intel_iommu=on(\s|$|,)/.test(host.kernelCommandLine ?? "")) return true;
  return !iommu.enabled || !(iommu.onByDefault ?? isFrom68(host.kernel));
}

function isFrom68(kernel: string | null): boolean {
  const [major = 0, minor = 0] = (/^(\d+)\.(\d+)/.exec(kernel ?? "") ?? []).slice(1).map(Number);
  return major > 6 || (major === 6 && minor >= 8);
}

function isolate(wanted: boolean, { cpu }: VmSpec): { cpus: number[]; notes: Finding[] } {
  if (!wanted) return { cpus: [], notes: [] };
  if (Array.isArray(cpu.pinning)) return { cpus: cpu.pinning.toSorted((a, b) => a - b), notes: [] };
  const note: Finding = {
    code: "cpus-not-isolated",
    severity: "warning",
    title: "No CPUs are isolated: the VM's CPUs are not pinned",
    hint: "Pin them with vm.cpu.pinning, or leave host.isolateCpus out",
  };
  return { cpus: [], notes: [note] };
}

function cardNotes(gpu: Gpu | null, { gpuHandover, acsOverride }: HostSpec): Finding[] {
  if (gpu === null) return [];
  const notes: Finding[] = [{
    code: "gpu-chosen",
    severity: "info",
    title: `The VM gets ${gpu.name} (${gpu.address})`,
    target: gpu.address,
  }];
  if (gpu.role === "boot") {
    notes.push({
      code: "gpu-is-boot-display",
      severity: "warning",
      title: gpuHandover
        ? "The host gives its screen away while the VM runs"
        : `The host's boot screen is on ${gpu.name}: it goes dark when the VM takes the card`,
      target: gpu.address,
    });
  }
  if (acsOverride) {
    notes.push({
      code: "acs-override",
      severity: "warning",
      title:
        "The ACS override pretends an isolation the hardware does not promise: a hostile guest may reach other devices",
      hint: "Prefer another slot; leave host.acsOverride out where the card is ready without it",
    });
  }
  return notes;
}
