/** What the steps of the workload do beside reading files: the doors to the network and to libvirt, given to them. */
import type { Report } from "../step.ts";
import type { WantedVm } from "./spec.ts";
import type { WantedMedium } from "./wanted_media.ts";

export interface WorkloadTools {
  /** Null: there is no such VM. @throws AppError `hypervisor` when libvirt cannot be asked */
  findVm(name: string): Promise<VmSeen | null>;
  /** Until it has its name: verified, or refused with words. What is there is checked again. */
  fetch(medium: WantedMedium, report: Report): Promise<void>;
  /** Volumes first, then the domain; takes volumes that are there as they are. */
  define(vm: WantedVm, report: Report): Promise<void>;
  /** Until Windows is set up. Goes on watching where an earlier run was interrupted. */
  install(vm: WantedVm, report: Report): Promise<void>;
}

/** A VM as libvirt has it. */
export interface VmSeen {
  readonly uuid: string;
  readonly active: boolean;
  /** It carries Neuron's metadata: nobody else's VM is installed into. */
  readonly ours: boolean;
  /** When Windows was set up in it; null: not yet, as far as it is known. */
  readonly installedAt: string | null;
}
