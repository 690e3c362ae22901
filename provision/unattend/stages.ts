/**
 * How far an installation is, as the guest says it on its first serial port: one line `NEURON-STAGE name`. Pure.
 * The guest may be hostile: whatever is not such a line is nothing, and only names of this table count.
 */

export const stages = {
  "winpe": "Windows PE has started and found the answer medium",
  "drivers-loaded": "the drivers of disk and network are loaded",
  "drivers-missing": "no drive has the virtio drivers for this Windows",
  "disk-not-empty": "a Windows is on a disk already: stopped before anything was written",
  "partitioning": "Setup goes on to the disk",
  "specialize": "the installed Windows has started for the first time",
  "first-logon": "the account has signed in for the first time",
  "guest-tools": "the guest tools are being installed",
  "qemu-guest-agent": "QEMU's guest agent is being installed",
  "spice-agent": "the SPICE agent is being installed",
  "looking-glass": "Looking Glass is being installed",
  "neuron-agent": "Neuron's agent is being installed",
  "startup-apps": "startup programs and kiosk are being set up",
  "tidy-up": "automatic sign-in and cached answer files are being removed",
  "done": "everything is set up",
  "done-with-errors": "set up, but something failed: C:\\Windows\\Temp\\neuron-setup.log says what",
} as const;

export type Stage = keyof typeof stages;

/** The stage a line of the serial port reports; null for anything else. */
export function parseStage(line: string): Stage | null {
  const name = /^NEURON-STAGE ([a-z-]{1,32})\s*$/.exec(line)?.[1];
  return name !== undefined && Object.hasOwn(stages, name) ? name as Stage : null;
}
