/**
 * Emulated cards that look like those of the shops. QEMU has an old ATI card, sound and USB controllers, and lets nobody
 * choose their vendor; so they are started while the processor stands still, and the ids in their configuration space
 * are rewritten in QEMU's own memory. A reset of the PC or of the card leaves them (pci_do_device_reset does not touch
 * ids). Offsets: PCI Local Bus 3.0, 6.1.
 */

export interface Ids {
  readonly vendorId: number;
  readonly deviceId: number;
}

/** One function of a card: what QEMU emulates, and what it shall look like. */
export interface CardFunction {
  /** QEMU's device and properties, without bus and addr. */
  readonly device: string;
  /** As QEMU makes it; with the class it tells the function from everything else in QEMU's memory. */
  readonly made: Ids & { readonly classCode: number };
  readonly looks: Ids & { readonly subsystem: Ids; readonly classCode?: number };
}

export interface Card {
  readonly name: string;
  /** Function 0 is the display. */
  readonly functions: readonly CardFunction[];
}

/**
 * Without its ROM: with it, a VM that was given the AMD card hung at its start. What fits: for a device of the ROM's maker
 * QEMU's vfio writes the device's id into the ROM (vfio_pci_load_rom), so the VM's firmware runs what is made for an ATI
 * of 1999.
 */
const display = { device: "ati-vga,romfile=", made: { vendorId: 0x1002, deviceId: 0x5046, classCode: 0x030000 } };
const sound = { device: "intel-hda", made: { vendorId: 0x8086, deviceId: 0x2668, classCode: 0x040300 } };
const usb = { device: "qemu-xhci", made: { vendorId: 0x1b36, deviceId: 0x000d, classCode: 0x0c0330 } };

function card(name: string, vendorId: number, deviceIds: readonly number[], subsystem: Ids): Card {
  const kinds = [display, sound, usb];
  return {
    name,
    functions: deviceIds.map((deviceId, index) => ({ ...kinds[index]!, looks: { vendorId, deviceId, subsystem } })),
  };
}

/** Ids of pci.ids: GeForce RTX 3070 (GA104), Radeon RX 6800 (Navi 21), Arc A770 (DG2). */
export const nvidia = card("NVIDIA GeForce RTX 3070", 0x10de, [0x2484, 0x228b], { vendorId: 0x10de, deviceId: 0x146b });
export const nvidiaWithUsb = card("NVIDIA GeForce RTX 2080", 0x10de, [0x1e87, 0x10f8, 0x1ad8], {
  vendorId: 0x10de,
  deviceId: 0x12ae,
});
export const amd = card("AMD Radeon RX 6800", 0x1002, [0x73bf, 0xab28], { vendorId: 0x1002, deviceId: 0x0e3a });
export const intel = card("Intel Arc A770", 0x8086, [0x56a0, 0x4f90], { vendorId: 0x8086, deviceId: 0x1020 });

/** QEMU's arguments for a card at a root port (or another bus) of its own. */
export function cardArguments(card: Card, bus: string, id: string): string[] {
  return card.functions.flatMap(({ device }, index) => {
    const common = `bus=${bus},addr=0.${index},id=${id}-${index}`;
    const first = index === 0 && card.functions.length > 1 ? ",multifunction=on" : "";
    const codec = device === "intel-hda" ? ["-device", `hda-output,bus=${id}-${index}.0,audiodev=silence`] : [];
    return ["-device", `${device},${common}${first}`, ...codec];
  });
}

/**
 * Gives the functions of a paused QEMU their looks. Functions that QEMU makes alike get the same looks: two of one model,
 * never one of each vendor.
 */
export async function disguise(pid: number, cards: readonly Card[]): Promise<void> {
  const wanted = Map.groupBy(cards.flatMap(({ functions }) => functions), ({ device }) => device);
  using memory = await Deno.open(`/proc/${pid}/mem`, { read: true, write: true });
  const found = new Map<string, number[]>([...wanted.keys()].map((device) => [device, []]));
  for (const { start, end } of await heaps(pid)) {
    const bytes = readAt(memory, start, end - start);
    for (const [device, [{ made } = fail(device)]] of wanted) {
      found.get(device)!.push(...findFunctions(bytes, made).map((offset) => start + offset));
    }
  }
  for (const [device, functions] of wanted) {
    const places = found.get(device)!;
    if (places.length !== functions.length) {
      throw new Error(
        `${functions.length} functions of ${device} in QEMU's memory were expected, not ${places.length}`,
      );
    }
    if (new Set(functions.map(({ looks }) => JSON.stringify(looks))).size > 1) {
      throw new Error(`cards of different looks cannot be told apart: both are ${device}`);
    }
    for (const place of places) rewrite(memory, place, functions[0]!.looks);
  }
}

function fail(what: string): never {
  throw new Error(`nothing of ${what}`);
}

/** Anonymous memory small enough not to be the guest's own: QEMU allocates configuration spaces with malloc. */
async function heaps(pid: number): Promise<{ start: number; end: number }[]> {
  const largest = 256 * 1024 * 1024;
  return (await Deno.readTextFile(`/proc/${pid}/maps`)).split("\n").flatMap((line) => {
    const match = /^([0-9a-f]+)-([0-9a-f]+) rw\S+ 0+ 00:00 0\s*(\[heap\])?$/.exec(line);
    if (match === null) return [];
    const [start, end] = [parseInt(match[1]!, 16), parseInt(match[2]!, 16)];
    return end - start > largest ? [] : [{ start, end }];
  });
}

function readAt(memory: Deno.FsFile, start: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  memory.seekSync(start, Deno.SeekMode.Start);
  for (let at = 0; at < length;) {
    const count = memory.readSync(bytes.subarray(at));
    if (count === null) break;
    at += count;
  }
  return bytes;
}

/** QEMU's own subsystem, which it gives to every device; a card's ROM has the ids and the class too, but not this. */
const madeSubsystem = 0x11001af4;

/** malloc aligns to 16 bytes. */
function findFunctions(bytes: Uint8Array, made: CardFunction["made"]): number[] {
  const view = new DataView(bytes.buffer);
  const ids = (made.deviceId << 16 | made.vendorId) >>> 0;
  const offsets: number[] = [];
  for (let at = 0; at + 64 <= bytes.length; at += 16) {
    if (view.getUint32(at, true) !== ids || view.getUint32(at + 8, true) >>> 8 !== made.classCode) continue;
    if (view.getUint32(at + 0x2c, true) === madeSubsystem) offsets.push(at);
  }
  return offsets;
}

function rewrite(memory: Deno.FsFile, place: number, looks: CardFunction["looks"]): void {
  const write = (offset: number, { vendorId, deviceId }: Ids) => {
    memory.seekSync(place + offset, Deno.SeekMode.Start);
    memory.writeSync(new Uint8Array([vendorId & 255, vendorId >> 8, deviceId & 255, deviceId >> 8]));
  };
  write(0x00, looks);
  write(0x2c, looks.subsystem);
}
