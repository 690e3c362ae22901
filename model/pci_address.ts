/**
 * PCI addresses as the kernel and libvirt write them: `dddd:bb:dd.f`, lower-case hex.
 * Source: Linux `pci_name()`; libvirt `<address domain bus slot function>`.
 */
import { AppError } from "./errors.ts";

export interface PciAddress {
  readonly domain: number;
  readonly bus: number;
  /** The "device" of the PCI specification, libvirt's "slot". 0 to 31. */
  readonly slot: number;
  /** 0 to 7. */
  readonly function: number;
}

/** Domains above 0xffff exist (Intel VMD), so the first part may be longer than four digits. */
const PATTERN = /^([0-9a-f]{4,8}):([0-9a-f]{2}):([01][0-9a-f])\.([0-7])$/i;

/** `null` when the text is not an address; use where any text may come. */
export function tryParsePciAddress(text: string): PciAddress | null {
  const match = PATTERN.exec(text);
  if (match === null) return null;
  const [domain, bus, slot, fn] = match.slice(1).map((digits) => parseInt(digits, 16));
  return { domain: domain!, bus: bus!, slot: slot!, function: fn! };
}

/** Throws AppError `answer-invalid` naming the form an address has. */
export function parsePciAddress(text: string): PciAddress {
  const address = tryParsePciAddress(text);
  if (address === null) {
    throw new AppError("answer-invalid", `Cannot read "${text}" as a PCI address`, {
      hint: "Write it as lspci -D does: 0000:01:00.0",
    });
  }
  return address;
}

export function renderPciAddress(a: PciAddress): string {
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0");
  return `${hex(a.domain, 4)}:${hex(a.bus, 2)}:${hex(a.slot, 2)}.${a.function}`;
}

/** `0000:01:00` of `0000:01:00.1`: what all functions of one card share. */
export function slotOf(address: string): string {
  return address.slice(0, address.lastIndexOf("."));
}

/** Orders by domain, bus, slot, function; for addresses that parse. */
export function comparePciAddress(a: string, b: string): number {
  const left = tryParsePciAddress(a);
  const right = tryParsePciAddress(b);
  if (left === null || right === null) return a < b ? -1 : a > b ? 1 : 0;
  return left.domain - right.domain || left.bus - right.bus || left.slot - right.slot ||
    left.function - right.function;
}
