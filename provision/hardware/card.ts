/**
 * Which PCI functions make one graphics card: the ones that must go to a virtual machine together, and the strangers
 * that share their IOMMU groups. Pure rules of docs/cli.md over the list of devices.
 */
import type { IommuStatus, PciDevice } from "../../model/detection.ts";
import { comparePciAddress, slotOf } from "../../model/pci_address.ts";
import { CLASS, gpuVendor, isApu, isBridge, isGpu } from "./gpu_kinds.ts";

/** The devices, by address and by slot: built once for all cards of a machine. */
export class PciTree {
  readonly devices: readonly PciDevice[];
  readonly #byAddress: ReadonlyMap<string, PciDevice>;
  readonly #bySlot: ReadonlyMap<string, readonly PciDevice[]>;

  constructor(devices: readonly PciDevice[]) {
    this.devices = devices;
    this.#byAddress = new Map(devices.map((device) => [device.address, device]));
    this.#bySlot = Map.groupBy(devices, (device) => slotOf(device.address));
  }

  at(address: string): PciDevice | undefined {
    return this.#byAddress.get(address);
  }

  /** Every function at the place of `address`, itself included. */
  slot(address: string): readonly PciDevice[] {
    return this.#bySlot.get(slotOf(address)) ?? [];
  }

  parent(device: PciDevice): PciDevice | undefined {
    return device.parent === null ? undefined : this.#byAddress.get(device.parent);
  }

  /** Everything that hangs below a bridge, at any depth. */
  below(bridge: PciDevice): PciDevice[] {
    return this.devices.filter((device) => this.#ancestors(device).includes(bridge.address));
  }

  #ancestors(device: PciDevice): string[] {
    const found: string[] = [];
    // A damaged copy may hold a circle; an address seen twice ends the way up.
    for (let at = this.parent(device); at !== undefined && !found.includes(at.address); at = this.parent(at)) {
      found.push(at.address);
    }
    return found;
  }
}

/** Addresses of all functions of the card that `gpu` belongs to, in order. */
export function functionsOfCard(gpu: PciDevice, tree: PciTree): string[] {
  const slot = tree.slot(gpu.address);
  const own = isApu(gpu, slot)
    ? slot.filter((device) => device === gpu || isHdmiAudio(device, gpu))
    : [...slot, ...companionsBehindOwnSwitch(gpu, tree)];
  return [...new Set(own.map((device) => device.address))].sort(comparePciAddress);
}

/** The display's own sound carries the display's vendor; the board's sound in an APU's slot is 1022, not 1002. */
function isHdmiAudio(device: PciDevice, gpu: PciDevice): boolean {
  return device.classCode === CLASS.audio && device.vendorId === gpu.vendorId;
}

/** Ports of the switches that cards carry. AMD: Vega 10 and 20, Navi. Intel: Alchemist (DG2), Battlemage (BMG). */
const OWN_SWITCH_PORTS = new Set([
  ...["1022:1470", "1022:1471", "1002:1478", "1002:1479"],
  ...["8086:4fa0", "8086:4fa1", "8086:4fa4", "8086:e2ff", "8086:e2f0", "8086:e2f1"],
]);

/** Devices in other slots behind the card's own switch: an Arc has its sound there. */
function companionsBehindOwnSwitch(gpu: PciDevice, tree: PciTree): PciDevice[] {
  const port = ownSwitchPort(gpu, tree);
  if (port === null) return [];
  const devices = tree.below(port).filter((device) => !isBridge(device));
  // A board with two graphics chips behind one switch is two cards; what belongs to which cannot be told.
  const isOneCard = devices.every((device) => !isGpu(device) || slotOf(device.address) === slotOf(gpu.address));
  return isOneCard ? devices : [];
}

/** The upstream port of the switch on the card, where sysfs shows the tree. */
function ownSwitchPort(gpu: PciDevice, tree: PciTree): PciDevice | null {
  let top: PciDevice | null = null;
  for (let at = tree.parent(gpu); at !== undefined && isOwnPort(at) && at !== top; at = tree.parent(at)) top = at;
  return top ?? unknownIntelSwitch(gpu, tree);
}

function isOwnPort(bridge: PciDevice): boolean {
  return bridge.classCode === CLASS.pciBridge && OWN_SWITCH_PORTS.has(`${bridge.vendorId}:${bridge.deviceId}`);
}

/**
 * An Intel card newer than the list: two Intel ports above it, not the root port, with nothing else below than Intel's
 * display and sound. A Thunderbolt switch is Intel's too, but has its controllers below.
 */
function unknownIntelSwitch(gpu: PciDevice, tree: PciTree): PciDevice | null {
  const downstream = tree.parent(gpu);
  const upstream = downstream === undefined ? undefined : tree.parent(downstream);
  if (gpuVendor(gpu) !== "intel" || downstream === undefined || upstream === undefined) return null;
  const isIntelPort = (port: PciDevice) => port.classCode === CLASS.pciBridge && port.vendorId === gpu.vendorId;
  if (!isIntelPort(downstream) || !isIntelPort(upstream) || tree.parent(upstream) === undefined) return null;
  const isOfCard = (device: PciDevice) =>
    device.vendorId === gpu.vendorId && (isBridge(device) || isGpu(device) || device.classCode === CLASS.audio);
  return tree.below(upstream).every(isOfCard) ? upstream : null;
}

/**
 * The other devices in the groups of all functions. A member that is in the group but not among the PCI devices (a
 * platform device, a damaged entry) counts: nobody can say that it is harmless.
 */
export function conflictsOfCard(functions: readonly string[], tree: PciTree, iommu: IommuStatus): string[] {
  const groups = new Set(functions.map((address) => tree.at(address)?.iommuGroup ?? null));
  const strangers = new Set<string>();
  for (const group of iommu.groups) {
    if (!groups.has(group.id)) continue;
    for (const address of group.devices) {
      const device = tree.at(address);
      if (!functions.includes(address) && !(device !== undefined && isBridge(device))) strangers.add(address);
    }
  }
  return [...strangers].sort(comparePciAddress);
}
