/**
 * Windows is set up in the VM: started, answered and watched to its end. That it was is noted in the VM's own metadata,
 * so that it travels with the VM and nobody installs twice.
 */
import type { Finding } from "../../model/errors.ts";
import type { Step } from "../step.ts";
import type { WorkloadSpec } from "./spec.ts";
import type { VmSeen, WorkloadTools } from "./tools.ts";

export interface GuestInstallSeen {
  readonly vm: VmSeen | null;
  readonly live: boolean;
}

export const guestInstallStep = (
  tools: WorkloadTools,
  answersPath: string,
): Step<GuestInstallSeen, WorkloadSpec> => ({
  name: "guest_install",
  title: "Windows in the VM",
  phase: "workload",

  async inspect(host, { vm, install }) {
    return { vm: vm === null || !install || !host.live ? null : await tools.findVm(vm.spec.name), live: host.live };
  },

  wants({ vm, install }, { vm: seen }) {
    if (vm === null || !install || (seen?.installedAt ?? null) !== null) return { nodes: [] };
    return {
      nodes: [],
      commands: [{
        id: "guest-install",
        argv: ["neuron-setup", "vm", "install", vm.spec.name, "--answers", answersPath],
        act: (report) => tools.install(vm, report),
        what: "unattended and watched; some 20 to 60 minutes",
        reason: "the VM starts, and Windows is installed on its empty disk, with the guest tools",
        due: "anywhere",
        derives: [],
        keeps: true,
      }],
    };
  },

  verify({ vm, install }, { vm: seen, live }): Finding[] {
    if (vm === null || !install || !live || (seen?.installedAt ?? null) !== null) return [];
    return [{
      code: "windows-not-installed",
      severity: "blocker",
      title: `Windows is not set up in the VM "${vm.spec.name}"`,
      hint: "neuron-setup apply goes on with it",
      target: vm.spec.name,
    }];
  },
});
