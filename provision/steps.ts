/** The steps, in the order they are applied; rolled back in reverse. This list is their only registration. */
import type { Step } from "./step.ts";
import { fallbackEntry } from "./steps/fallback_entry.ts";
import { hugepages } from "./steps/hugepages.ts";
import { identity } from "./steps/identity.ts";
import { initramfs } from "./steps/initramfs.ts";
import { kernelParameters } from "./steps/kernel_parameters.ts";
import { libvirt } from "./steps/libvirt.ts";
import { lookingGlass } from "./steps/looking_glass.ts";
import { packages } from "./steps/packages.ts";
import { permissions } from "./steps/permissions.ts";
import { preflight } from "./steps/preflight.ts";
import { singleGpu } from "./steps/single_gpu.ts";
import { trialBoot, trialBootProved } from "./steps/trial_boot.ts";
import { vfioBinding } from "./steps/vfio_binding.ts";

export const steps: readonly Step[] = [
  preflight,
  packages,
  identity,
  kernelParameters,
  // Before the initial ram disk is built anew: it keeps the one of now.
  fallbackEntry,
  initramfs,
  vfioBinding,
  hugepages,
  libvirt,
  permissions,
  lookingGlass,
  singleGpu,
  // Last: it starts what all others wrote.
  trialBoot,
];

/** The same once the trial boot was judged to hold: what `prove` applies. */
export const provedSteps: readonly Step[] = steps.map((step) => step === trialBoot ? trialBootProved : step);
