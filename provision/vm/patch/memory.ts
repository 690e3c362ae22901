/**
 * How much memory a domain has. Where it has NUMA cells, libvirt takes the sum of the cells for its memory, so they
 * change with it; memory devices count too. Source: libvirt, formatdomain "Memory Allocation".
 */
import { AppError } from "../../../model/errors.ts";
import { insertTop } from "./identity.ts";
import {
  attributeOf,
  childOf,
  childrenOf,
  type Edit,
  setAttribute,
  setText,
  type SourceElement,
  textOf,
} from "./source.ts";

/** Bytes of each unit that libvirt knows (virScaleInteger); case does not matter to it. */
const UNIT_BYTES: Readonly<Record<string, bigint>> = {
  b: 1n,
  byte: 1n,
  bytes: 1n,
  kb: 1000n,
  k: 1024n,
  kib: 1024n,
  mb: 1000n ** 2n,
  m: 1024n ** 2n,
  mib: 1024n ** 2n,
  gb: 1000n ** 3n,
  g: 1024n ** 3n,
  gib: 1024n ** 3n,
  tb: 1000n ** 4n,
  t: 1024n ** 4n,
  tib: 1024n ** 4n,
};
const KIB = 1024n;
const MIB = 1024n * 1024n;

/** Memory and, where the domain says it apart, the current one below it (the balloon's) become `memoryMib`. */
export function setMemory(text: string, domain: SourceElement, memoryMib: number): Edit[] {
  const bytes = BigInt(memoryMib) * MIB;
  const memory = childOf(domain, "memory");
  const edits = memory === undefined
    ? [insertTop(text, domain, "memory", `<memory unit='KiB'>${bytes / KIB}</memory>`)]
    : setSizeText(text, memory, bytes);
  const current = childOf(domain, "currentMemory");
  if (current !== undefined) edits.push(...setSizeText(text, current, bytes));
  const most = childOf(domain, "maxMemory");
  if (most !== undefined && sizeOf(most) < bytes) edits.push(...setSizeText(text, most, bytes));
  return [...edits, ...setCells(domain, bytes)];
}

/** Cells keep their shares of what memory devices leave; what does not divide goes to the first. */
function setCells(domain: SourceElement, bytes: bigint): Edit[] {
  const cells = childrenOf(childOf(childOf(domain, "cpu"), "numa"), "cell");
  const sizes = cells.map((cell) => toBytes(attributeOf(cell, "memory") ?? "0", attributeOf(cell, "unit")));
  const before = sizes.reduce((sum, size) => sum + size, 0n);
  const devices = childrenOf(childOf(domain, "devices"), "memory")
    .map((device) => childOf(childOf(device, "target"), "size"))
    .reduce((sum, size) => size === undefined ? sum : sum + sizeOf(size), 0n);
  const wanted = bytes - devices;
  if ((devices > 0n || before > 0n) && wanted < MIB * BigInt(Math.max(1, cells.length))) {
    const share = cells.length < 2 ? "something must be left beside them" : `${cells.length} NUMA cells share the rest`;
    throw new AppError(
      "unsupported",
      `Cannot set the memory to ${bytes / MIB} MiB: ${devices / MIB} MiB of it are memory devices, and ${share}`,
      { hint: "Remove memory devices first, or ask for more" },
    );
  }
  if (cells.length === 0 || before === 0n) return [];
  const shares = sizes.map((size) => wanted * size / before / MIB * MIB);
  const rest = wanted - shares.reduce((sum, share) => sum + share, 0n);
  return cells.flatMap((cell, index) => setCell(cell, shares[index]! + (index === 0 ? rest : 0n)));
}

function setCell(cell: SourceElement, bytes: bigint): Edit[] {
  const unit = attributeOf(cell, "unit");
  const exact = inUnit(bytes, unit);
  if (exact !== null) return setAttribute(cell, "memory", exact);
  return [...setAttribute(cell, "memory", String(bytes / KIB)), ...setAttribute(cell, "unit", "KiB")];
}

/** In the element's own unit where that is exact, else in KiB. */
function setSizeText(text: string, element: SourceElement, bytes: bigint): Edit[] {
  if (sizeOf(element) === bytes) return [];
  const exact = inUnit(bytes, attributeOf(element, "unit"));
  if (exact !== null) return setText(text, element, exact);
  return [...setText(text, element, String(bytes / KIB)), ...setAttribute(element, "unit", "KiB")];
}

function inUnit(bytes: bigint, unit: string | undefined): string | null {
  const size = unitBytes(unit);
  return bytes % size === 0n ? String(bytes / size) : null;
}

/** KiB where nothing is said; also for a unit that libvirt would refuse, which is then replaced. */
function unitBytes(unit: string | undefined): bigint {
  return unit === undefined ? KIB : UNIT_BYTES[unit.toLowerCase()] ?? bigNever;
}
/** A size that divides nothing. */
const bigNever = 1n << 200n;

function sizeOf(element: SourceElement): bigint {
  return toBytes(textOf(element), attributeOf(element, "unit"));
}

function toBytes(digits: string, unit: string | undefined): bigint {
  return /^\d{1,30}$/.test(digits) ? BigInt(digits) * (UNIT_BYTES[(unit ?? "KiB").toLowerCase()] ?? KIB) : 0n;
}
