/** What the hardware page draws, computed from the detection. Pure. */
import type { CpuThread, Detection, Gpu, PciDevice } from "../server/dto.ts";
import { visible } from "./words.ts";

export interface GroupView {
  readonly id: number;
  readonly devices: readonly DeviceView[];
  /** The cards with a function in this group. */
  readonly gpus: readonly Gpu[];
}

export interface DeviceView {
  readonly address: string;
  readonly device: PciDevice | null;
  /** `gpu`: a function of a card; `bridge`: stays with the host and does no harm; `other`: anything else. */
  readonly role: "gpu" | "bridge" | "other";
  /** Stands in the way of a card in the same group. */
  readonly conflicts: boolean;
}

export function groupsOf(detection: Detection): GroupView[] {
  const byAddress = new Map(detection.pci.map((device) => [device.address, device]));
  const inTheWay = new Set(detection.gpus.flatMap((gpu) => gpu.conflicts));
  return detection.iommu.groups.map((group): GroupView => ({
    id: group.id,
    gpus: detection.gpus.filter((gpu) => gpu.functions.some((address) => group.devices.includes(address))),
    devices: group.devices.map((address): DeviceView => {
      const device = byAddress.get(address) ?? null;
      const role = detection.gpus.some((gpu) => gpu.functions.includes(address))
        ? "gpu"
        : device?.classCode === "0600" || device?.classCode === "0604"
        ? "bridge"
        : "other";
      return { address, device, role, conflicts: inTheWay.has(address) };
    }),
  })).sort((a, b) => Number(b.gpus.length > 0) - Number(a.gpus.length > 0) || a.id - b.id);
}

/** More groups than this are a wall, not a picture: a server with 480 of them would be fifty screens high. */
const mostGroups = 24;

/** What is drawn at once: everything, or where that is too much, the groups that decide about a card. */
export function groupsAtFirst(groups: readonly GroupView[]): readonly GroupView[] {
  if (groups.length <= mostGroups) return groups;
  return groups.filter((group) => group.gpus.length > 0 || group.devices.some((device) => device.conflicts));
}

export interface SocketView {
  readonly socket: number;
  readonly caches: readonly {
    readonly l3: number;
    readonly cores: readonly {
      readonly core: number;
      readonly kind: CpuThread["kind"];
      readonly cpus: readonly number[];
    }[];
  }[];
}

/** Sockets, in them what shares a last-level cache, in those the cores with their threads. */
export function socketsOf(topology: readonly CpuThread[]): SocketView[] {
  const by = <K extends "socket" | "l3" | "core">(threads: readonly CpuThread[], key: K) =>
    [...Map.groupBy(threads, (thread) => thread[key])].sort(([a], [b]) => a - b);
  return by(topology, "socket").map(([socket, inSocket]) => ({
    socket,
    caches: by(inSocket, "l3").map(([l3, inCache]) => ({
      l3,
      cores: by(inCache, "core").map(([core, threads]) => ({
        core,
        kind: threads[0]!.kind,
        cpus: threads.map((thread) => thread.cpu).sort((a, b) => a - b),
      })),
    })),
  }));
}

/** `NVIDIA Corporation GA104 [GeForce RTX 3070]`, or the ids where no name is known. */
export function deviceName(device: PciDevice | null): string {
  if (device === null) return "Unknown device";
  const name = [device.vendorName, device.deviceName].filter((part) => part !== null).join(" ");
  return name === "" ? `Device ${device.vendorId}:${device.deviceId}` : visible(name);
}

/** The sentence at the top: what this machine can do. */
export function headline(detection: Detection): { readonly good: boolean; readonly text: string } {
  // A card of one's own before one built in, and that one before a screen that is only virtual.
  const rank = (gpu: Gpu) =>
    Number(gpu.role === "boot") + 2 * Number(gpu.integrated) + 4 * Number(gpu.vendor === "other");
  const ready = detection.gpus.filter((gpu) => gpu.verdict === "ready").sort((a, b) => rank(a) - rank(b));
  const [first] = ready;
  if (first !== undefined) {
    // A screen that is only virtual is no card to count on.
    const others = ready.slice(1).filter((gpu) => gpu.vendor !== "other").length;
    const more = others === 0 ? "" : ` and ${others} more`;
    return { good: true, text: `${visible(first.name)}${more} can be given to a VM.` };
  }
  if (detection.gpus.length === 0) return { good: false, text: "This machine has no graphics card." };
  if (!detection.iommu.enabled) {
    return { good: false, text: "No graphics card can be given to a VM while the IOMMU is off." };
  }
  return { good: false, text: "No graphics card of this machine can be given to a VM as it is." };
}
