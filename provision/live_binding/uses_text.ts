/** Uses of a card in words: every function with its driver and everything that stands in the way, at once. Pure. */
import type { FunctionUse } from "../hardware/uses.ts";

export function useText(use: FunctionUse): string {
  switch (use.kind) {
    case "process":
      return `${use.device} is open in process ${use.pid} (${use.process})`;
    case "console":
      return `the host's text console is shown on ${use.device}`;
    case "boot-display":
      return "the machine starts with its picture on it";
    case "input":
      return `${use.device} is plugged into it`;
    case "mount":
      return `${use.device} below it is mounted at ${use.mountPoints.join(", ")}`;
  }
}

/** `0000:01:00.0 to vfio-pci: its driver is "nvidia" and …; nor 0000:01:00.1: …`, in the order of the uses. */
export function obstacleText(uses: readonly FunctionUse[], driverOf: (address: string) => string | null): string {
  const byFunction = [...Map.groupBy(uses, ({ address }) => address)];
  return byFunction.map(([address, list], index) => {
    const driver = driverOf(address);
    const facts = [`its driver is ${driver === null ? "none" : `"${driver}"`}`, ...list.map(useText)];
    const [last, ...before] = facts.toReversed();
    return `${index === 0 ? "" : "nor "}${address}${index === 0 ? " to vfio-pci" : ""}: ${
      before.toReversed().join(", ")
    } and ${last}`;
  }).join("; ");
}

/** What to do about them: one sentence for each kind that occurs. */
export function useHint(uses: readonly FunctionUse[]): string {
  const kinds = new Set(uses.map(({ kind }) => kind));
  const sound = uses.some((use) => use.kind === "process" && use.device.startsWith("/dev/snd/"));
  const cures = [
    kinds.has("process") ? "End these processes, then run it again" : null,
    sound ? "PipeWire lets go with: systemctl --user stop wireplumber pipewire.socket pipewire" : null,
    kinds.has("console") || kinds.has("boot-display")
      ? "A card with the host's screen is handed over at the next start instead: neuron-setup plan"
      : null,
    kinds.has("input") ? "Plug keyboard and mouse into another port" : null,
    kinds.has("mount") ? "Unmount these disks" : null,
  ];
  return cures.filter((cure) => cure !== null).join(". ");
}
