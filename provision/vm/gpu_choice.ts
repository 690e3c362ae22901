/**
 * Which card the VM gets: by the answers, or by the rule of docs/cli.md when they say "auto". Pure; a card that cannot
 * be handed over is refused with the sentence its verdict gives.
 */
import type { Answers } from "../../model/answers.ts";
import type { Detection, Gpu } from "../../model/detection.ts";
import { AppError } from "../../model/errors.ts";
import type { GpuSpec } from "../../model/host_spec.ts";
import type { VmAnswers } from "../../model/vm_spec.ts";
import { chooseGpu } from "../hardware/choose_gpu.ts";
import { isCuredByParameter } from "../hardware/iommu_state.ts";

const WITHOUT_CARD = 'Write "host.gpu": "none" to go on with a virtual display instead';

/**
 * @param vm what the answers and their profile say about the VM
 * @throws AppError `answer-invalid` when the answers contradict each other or name no card of this machine;
 *   `hardware-unsuitable` when the wanted card, or with "auto" every card, cannot be handed over
 */
export function resolveGpu(host: Answers["host"], vm: VmAnswers, detection: Detection): Gpu | null {
  const wish = wishedCard(host?.gpu, vm);
  if (wish === "none") return null;
  if (wish !== "auto") return namedGpu(wish, host, detection);
  const gpu = chooseGpu(detection) ?? chooseGpu(relaxed(host, detection));
  if (gpu !== null) return gpu;
  const verdicts = detection.gpus.map((one) => `${one.name} (${one.address}): ${reasonOf(one)}`);
  throw new AppError(
    "hardware-unsuitable",
    verdicts.length === 0
      ? "No card can be handed to a VM: this machine has no graphics card that Linux sees"
      : `No card can be handed to a VM. ${verdicts.join("; ")}`,
    { hint: [WITHOUT_CARD, ...cures(detection.gpus)].join("; or: ") },
  );
}

/** "auto", "none" or an address, from both places that may say it. */
function wishedCard(hostWish: string | undefined, vm: VmAnswers): string {
  const mode = vm.devices?.gpu?.mode;
  const address = vm.devices?.gpu?.address ?? undefined;
  const hostAddress = hostWish === "auto" || hostWish === "none" ? undefined : hostWish;
  if (mode !== undefined && mode !== "passthrough") {
    if (hostAddress !== undefined) throw contradiction(`"${hostAddress}"`, `vm.devices.gpu.mode is "${mode}"`);
    return "none";
  }
  if (hostWish === "none") {
    if (address !== undefined) throw contradiction('"none"', `vm.devices.gpu.address is "${address}"`);
    if (mode !== undefined) throw contradiction('"none"', `vm.devices.gpu.mode is "${mode}"`);
    return "none";
  }
  if (hostAddress !== undefined && address !== undefined && hostAddress !== address) {
    throw contradiction(`"${hostAddress}"`, `vm.devices.gpu.address is "${address}"`);
  }
  return hostAddress ?? address ?? "auto";
}

function contradiction(hostWish: string, vmWish: string): AppError {
  return new AppError("answer-invalid", `The answers contradict each other: host.gpu is ${hostWish}, but ${vmWish}`, {
    hint: "Leave one of the two out",
  });
}

function namedGpu(address: string, host: Answers["host"], detection: Detection): Gpu {
  const gpu = detection.gpus.find((one) => one.address === address);
  if (gpu === undefined) throw noSuchCard(address, detection);
  if (gpu.verdict !== "ready" && !excused(gpu, host) && !isCurable(gpu, host, detection)) {
    const hint = [...cures([gpu]), WITHOUT_CARD].join("; or: ");
    throw new AppError("hardware-unsuitable", `Cannot hand ${gpu.name} (${address}) to a VM: ${reasonOf(gpu)}`, {
      hint,
    });
  }
  return gpu;
}

function noSuchCard(address: string, detection: Detection): AppError {
  const owner = detection.gpus.find((one) => one.functions.includes(address));
  const cards = detection.gpus.map((one) => `${one.address} (${one.name})`).join(", ");
  return new AppError(
    "answer-invalid",
    owner === undefined
      ? `host.gpu is "${address}", but no graphics card has this address`
      : `host.gpu is "${address}", which is a part of the card ${owner.address}`,
    { hint: cards === "" ? `This machine has none. ${WITHOUT_CARD}` : `This machine's cards: ${cards}` },
  );
}

/** The person has already answered what stands in the way. */
function excused(gpu: Gpu, host: Answers["host"]): boolean {
  return (gpu.verdict === "only-gpu" && host?.gpuHandover === true) ||
    (gpu.verdict === "shared-group" && host?.acsOverride === true);
}

/**
 * Without groups nobody knows yet what shares the card's; who names the card lets Neuron switch the IOMMU on, and the
 * check after the reboot judges. Not where the host would be left without a screen that is not lent out.
 */
function isCurable(gpu: Gpu, host: Answers["host"], detection: Detection): boolean {
  const screens = detection.gpus.filter(({ address }) =>
    detection.pci.some((one) => one.address === address && one.classCode !== "0302")
  );
  const isLeft = host?.gpuHandover === true || screens.length === 0 ||
    screens.some(({ address }) => address !== gpu.address);
  return gpu.verdict === "no-iommu" && isLeft && isCuredByParameter(detection);
}

/** The machine as it will be with single-GPU hand-over or the ACS override, where the answers ask for them. */
function relaxed(host: Answers["host"], detection: Detection): Detection {
  const gpus = detection.gpus.map((gpu): Gpu => ({
    ...gpu,
    verdict: excused(gpu, host) ? "ready" : gpu.verdict,
    role: host?.gpuHandover === true ? "secondary" : gpu.role,
  }));
  return { ...detection, gpus };
}

function reasonOf(gpu: Gpu): string {
  return gpu.reasons.map((reason) => reason.message).join(" ") || `its verdict is "${gpu.verdict}"`;
}

function cures(gpus: readonly Gpu[]): string[] {
  return [...new Set(gpus.flatMap((gpu) => gpu.reasons.map((reason) => reason.hint)))].filter((hint) => hint !== null);
}

/** Every function of the card with its ids, for the host side. */
export function gpuSpecOf(gpu: Gpu, detection: Detection): GpuSpec {
  const functions = gpu.functions.flatMap((address) => {
    const device = detection.pci.find((one) => one.address === address);
    if (device === undefined) return [];
    const { vendorId, deviceId, classCode } = device;
    return [{ address, vendorId, deviceId, driver: usualDriver(vendorId, classCode) }];
  });
  return { address: gpu.address, name: gpu.name, functions };
}

/**
 * The driver that takes such a function on an untouched host. Not the one bound now: after the binding that is
 * vfio-pci, and the wanted state must not depend on whether it has been reached.
 */
function usualDriver(vendorId: string, classCode: string): string | null {
  if (classCode.startsWith("03")) return { "10de": "nvidia", "1002": "amdgpu", "8086": "i915" }[vendorId] ?? null;
  if (classCode === "0403") return "snd_hda_intel";
  if (classCode === "0c03") return "xhci_pci";
  if (classCode === "0c80" && vendorId === "10de") return "i2c_nvidia_gpu";
  return null;
}
