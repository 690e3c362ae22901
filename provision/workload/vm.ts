/**
 * The VM is there, with its disks. One that is there already is never made anew or changed: what a person did to it
 * counts (vm edit changes it). One of somebody else's under that name stands in the way.
 */
import type { Finding } from "../../model/errors.ts";
import type { VmSpec } from "../../model/vm_spec.ts";
import type { Step } from "../step.ts";
import type { WorkloadSpec } from "./spec.ts";
import type { VmSeen, WorkloadTools } from "./tools.ts";

export interface VmStepSeen {
  /** Null: there is none, or on a copy nobody can be asked. */
  readonly vm: VmSeen | null;
  readonly live: boolean;
}

export const vmStep = (tools: WorkloadTools, answersPath: string): Step<VmStepSeen, WorkloadSpec> => ({
  name: "vm",
  title: "The VM",
  phase: "workload",

  async inspect(host, { vm }) {
    return { vm: vm === null || !host.live ? null : await tools.findVm(vm.spec.name), live: host.live };
  },

  blockers({ vm, install }, { vm: seen }) {
    if (vm === null || seen === null || seen.ours || !install) return [];
    return [{
      code: "vm-name-taken",
      severity: "blocker",
      title: `There is a VM "${vm.spec.name}" that Neuron did not make: nothing is installed into it`,
      hint: 'Give the new one another "vm.name"',
      target: vm.spec.name,
    }];
  },

  wants({ vm }, { vm: seen }) {
    if (vm === null || seen !== null) return { nodes: [] };
    return {
      nodes: [],
      commands: [{
        id: "vm-define",
        argv: ["neuron-setup", "vm", "define", "--answers", answersPath],
        act: (report) => tools.define(vm, report),
        what: vmWords(vm.spec),
        reason: `${vm.spec.title}, as the VM "${vm.spec.name}"; it stays on rollback`,
        due: "anywhere",
        derives: [],
        keeps: true,
      }],
    };
  },

  verify({ vm }, { vm: seen, live }): Finding[] {
    if (vm === null || seen !== null || !live) return [];
    return [{
      code: "vm-missing",
      severity: "blocker",
      title: `There is no VM "${vm.spec.name}"`,
      hint: "neuron-setup apply makes it",
      target: vm.spec.name,
    }];
  },
});

/** `8 vCPUs, 16 GiB of memory, 60 GiB of disk, the card 0000:01:00.0`. */
export function vmWords({ cpu, memory, disks, devices }: VmSpec): string {
  const disk = disks.map(({ sizeGib }) => `${sizeGib} GiB`).join(" and ");
  return [
    cpu.vcpus === 1 ? "1 vCPU" : `${cpu.vcpus} vCPUs`,
    `${Number((memory.mib / 1024).toFixed(2))} GiB of memory`,
    ...(disk === "" ? [] : [`${disk} of disk`]),
    ...(devices.gpu.mode === "passthrough" ? [`the card ${devices.gpu.address}`] : []),
  ].join(", ");
}
