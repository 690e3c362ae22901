/** How long each stage of an installation may take without a sign of life, and what is likely wrong when it takes longer. */
import type { Stage } from "../unattend/stages.ts";

export interface Patience {
  /** On a machine of today with an SSD; a slow disk takes two or three times as long. */
  readonly minutes: number;
  readonly cure: string;
}

const logHint = "Look at the last picture; in the VM, C:\\Windows\\Temp\\neuron-setup.log says what was tried last";

/** "start": nothing was heard of the guest yet. */
export const patience: Readonly<Record<Stage | "start", Patience>> = {
  "start": {
    minutes: 10,
    cure:
      "Windows' setup did not start. Is the medium a Windows ISO for this firmware? The last picture shows what the VM " +
      "does instead",
  },
  "winpe": { minutes: 10, cure: "No driver was loaded. Is the virtio-win ISO in a drive of the VM?" },
  "drivers-loaded": { minutes: 15, cure: "Setup waits for something: the last picture shows what it asks" },
  "drivers-missing": {
    minutes: 0,
    cure: "Use another version of the virtio-win ISO: neuron-setup media list shows them",
  },
  "disk-not-empty": {
    minutes: 0,
    cure: "There is a Windows on the VM's disk. Delete the volume, or take an empty one, if it is to be replaced",
  },
  "partitioning": {
    minutes: 60,
    cure:
      "Copying Windows takes too long: is the ISO whole (neuron-setup media verify), is the pool's disk full or slow?",
  },
  "specialize": { minutes: 40, cure: "Windows does not come to its first sign-in: the last picture shows why" },
  "first-logon": { minutes: 20, cure: logHint },
  "guest-tools": {
    minutes: 25,
    cure: "The guest tools hang. Use another version of the virtio-win ISO: neuron-setup media list shows them",
  },
  "qemu-guest-agent": { minutes: 10, cure: logHint },
  "spice-agent": { minutes: 10, cure: logHint },
  "looking-glass": { minutes: 15, cure: logHint },
  "neuron-agent": { minutes: 10, cure: logHint },
  "startup-apps": { minutes: 15, cure: logHint },
  "tidy-up": { minutes: 10, cure: logHint },
  "done": { minutes: 0, cure: "" },
  "done-with-errors": { minutes: 0, cure: logHint },
};
