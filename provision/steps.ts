/** The steps, in the order they are applied; rolled back in reverse. This list is their only registration. */
import type { Step } from "./step.ts";
import { hugepages } from "./steps/hugepages.ts";
import { identity } from "./steps/identity.ts";
import { initramfs } from "./steps/initramfs.ts";
import { kernelParameters } from "./steps/kernel_parameters.ts";
import { libvirt } from "./steps/libvirt.ts";
import { packages } from "./steps/packages.ts";
import { preflight } from "./steps/preflight.ts";
import { vfioBinding } from "./steps/vfio_binding.ts";

export const steps: readonly Step[] = [
  preflight,
  packages,
  identity,
  kernelParameters,
  initramfs,
  vfioBinding,
  hugepages,
  libvirt,
];
