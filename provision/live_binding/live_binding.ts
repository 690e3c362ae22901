/**
 * Takes a card from the host's drivers for VMs, and gives it back, while the machine runs: all functions or none. What
 * boots with the machine is another matter (steps/vfio_binding.ts); after a restart nothing of this is left.
 *
 * The old drivers are remembered before the first write; a failure half way takes back what was done; after a KILL the
 * next take or release goes on from what the machine shows.
 */
import type { Detection, Gpu } from "../../model/detection.ts";
import { AppError, errorMessage } from "../../model/errors.ts";
import type { Host } from "../host/host.ts";
import { driverOf, type FunctionBefore, giveBack, giveToVfio, readFunction } from "./function.ts";
import { recall, remember } from "./memory.ts";
import { refuseReleasing, refuseTaking } from "./refuse.ts";

/** What became of the card's functions. */
export interface Outcome {
  readonly changed: boolean;
  readonly functions: readonly { readonly address: string; readonly driver: string | null }[];
}

/**
 * Every function to vfio-pci. Already there is success.
 * @throws AppError naming everything that stands in the way; then nothing has been changed
 */
export async function takeCard(host: Host, gpu: Gpu, detection: Detection): Promise<Outcome> {
  if (isTaken(host, gpu)) return outcome(host, gpu, false);
  refuseTaking(host, gpu, detection);
  if (!host.live) return await recordOnly(host, "take", gpu);
  using _lock = host.state.lock();
  const functions = recall(host, gpu.address) ?? readFunctions(host, gpu);
  await loadVfio(host);
  remember(host, gpu.address, functions);
  try {
    for (const before of functions) giveToVfio(host, before);
  } catch (error) {
    throw await takenBack(host, gpu, functions, error);
  }
  return outcome(host, gpu, true);
}

/**
 * Every function back to the driver it had when it was taken; of a card that was handed over when the machine started,
 * to the one the kernel chooses. Already there is success.
 */
export async function releaseCard(host: Host, gpu: Gpu, detection: Detection): Promise<Outcome> {
  const remembered = recall(host, gpu.address);
  if (remembered === null && gpu.functions.every((address) => driverOf(host, address) !== "vfio-pci")) {
    return outcome(host, gpu, false);
  }
  refuseReleasing(host, gpu, detection);
  if (!host.live) return await recordOnly(host, "release", gpu);
  using _lock = host.state.lock();
  const unknown = readFunctions(host, gpu).map(({ address, ids }) => ({ address, ids }));
  for (const before of remembered ?? unknown) await giveBack(host, before);
  if (remembered !== null) remember(host, gpu.address, null);
  return outcome(host, gpu, true);
}

/** A killed release may have left vfio-pci without its override; a card bound when the machine started needs none. */
function isTaken(host: Host, gpu: Gpu): boolean {
  const isStarted = recall(host, gpu.address) !== null;
  return gpu.functions.every((address) => {
    const now = readFunction(host, address);
    return now?.driver === "vfio-pci" && (!isStarted || now.override === "vfio-pci");
  });
}

function readFunctions(host: Host, gpu: Gpu): FunctionBefore[] {
  return gpu.functions.map((address) => {
    const found = readFunction(host, address);
    if (found !== null) return found;
    throw new AppError("conflict", `There is no device at ${address} any more`, {
      hint: "neuron-setup vm gpu list shows what is there now",
    });
  });
}

async function loadVfio(host: Host): Promise<void> {
  const { code, stderr } = await host.run({
    argv: ["modprobe", "vfio-pci"],
    step: "vm_gpu",
    reason: "the driver that hands functions to VMs",
  });
  if (code === 0 && host.list("/sys/bus/pci/drivers/vfio-pci") !== null) return;
  throw new AppError("command-failed", `Cannot load vfio-pci: ${stderr.trim() || `modprobe ended with ${code}`}`, {
    hint: "Install the distribution's full kernel package (on cloud images: linux-image-amd64)",
  });
}

/** The error to tell, after every function went back to what it had. */
async function takenBack(
  host: Host,
  gpu: Gpu,
  functions: readonly FunctionBefore[],
  cause: unknown,
): Promise<AppError> {
  const failures: string[] = [];
  for (const before of functions.toReversed()) {
    try {
      await giveBack(host, before);
    } catch (error) {
      failures.push(errorMessage(error));
    }
  }
  const what = `Cannot bind ${gpu.address} to vfio-pci: ${errorMessage(cause)}`;
  if (failures.length === 0) {
    remember(host, gpu.address, null);
    const hint = cause instanceof AppError && cause.hint !== undefined ? `. ${cause.hint}` : "";
    return new AppError("conflict", what, { hint: `Every function has its old driver again${hint}`, cause });
  }
  return new AppError("conflict", `${what}; and taking it back failed: ${failures.join("; ")}`, {
    hint: `neuron-setup vm gpu release ${gpu.address} tries again; a restart of the machine gives the card back too`,
    cause,
  });
}

/** A copy has no kernel: this very command is what would be run on the machine itself. */
async function recordOnly(host: Host, verb: string, gpu: Gpu): Promise<Outcome> {
  const reason = `the drivers of a machine below ${host.root} are not running`;
  await host.run({ argv: ["neuron-setup", "vm", "gpu", verb, gpu.address], step: "vm_gpu", reason });
  return outcome(host, gpu, false);
}

function outcome(host: Host, gpu: Gpu, changed: boolean): Outcome {
  return { changed, functions: gpu.functions.map((address) => ({ address, driver: driverOf(host, address) })) };
}
