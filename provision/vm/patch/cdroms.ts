/** CD drives of a domain: one more with a medium in it, and away again. Pure. Source: libvirt "Domain XML", disks. */
import { AppError } from "../../../model/errors.ts";
import { xmlEscape } from "../../../templates/escape.ts";
import {
  attributeOf,
  childOf,
  childrenOf,
  type Edit,
  insertElements,
  removeElement,
  type SourceElement,
} from "./source.ts";

/** Adding a medium that is in a drive already changes nothing. @throws AppError `unsupported` when no drive is left */
export function addCdrom(text: string, domain: SourceElement, path: string): Edit[] {
  if (drives(domain).some((drive) => mediumOf(drive) === path)) return [];
  const devices = childOf(domain, "devices");
  const { bus, target } = freeTarget(domain);
  const lines = [
    "<disk type='file' device='cdrom'>",
    "  <driver name='qemu' type='raw'/>",
    `  <source file='${xmlEscape(path)}'/>`,
    `  <target dev='${target}' bus='${bus}'/>`,
    "  <readonly/>",
    "</disk>",
  ];
  if (devices === undefined) {
    const wrapped = ["<devices>", ...lines.map((line) => `  ${line}`), "</devices>"];
    return [insertElements(text, domain, domain.children.at(-1) ?? null, [{ lines: wrapped }])];
  }
  const after = childrenOf(devices, "disk").at(-1) ?? devices.children.at(-1) ?? null;
  return [insertElements(text, devices, after, [{ lines }])];
}

/** The drive goes with its medium. @throws AppError `not-found` */
export function removeCdrom(text: string, domain: SourceElement, path: string): Edit[] {
  const found = drives(domain).filter((drive) => mediumOf(drive) === path);
  if (found.length > 0) return found.map((drive) => removeElement(text, drive));
  const there = drives(domain).map(mediumOf).filter((one) => one !== undefined);
  throw new AppError("not-found", `Cannot remove the medium ${path}: no CD drive of the domain has it`, {
    hint: there.length === 0 ? "Its CD drives are empty, or there are none" : `They have: ${there.join(", ")}`,
  });
}

const disks = (domain: SourceElement) => childrenOf(childOf(domain, "devices"), "disk");
const drives = (domain: SourceElement) => disks(domain).filter((disk) => attributeOf(disk, "device") === "cdrom");
const mediumOf = (drive: SourceElement) => attributeOf(childOf(drive, "source"), "file");

/** q35 has SATA; the older PC has two IDE channels, and that is all. */
function freeTarget(domain: SourceElement): { bus: string; target: string } {
  const machine = attributeOf(childOf(childOf(domain, "os"), "type"), "machine") ?? "pc";
  const [bus, prefix, most] = /^pc(-i440fx|$)/.test(machine) ? ["ide", "hd", 4] as const : ["sata", "sd", 26] as const;
  const taken = new Set(disks(domain).map((disk) => attributeOf(childOf(disk, "target"), "dev")));
  const names = Array.from({ length: most }, (_, index) => `${prefix}${String.fromCharCode(97 + index)}`);
  const target = names.find((name) => !taken.has(name));
  if (target !== undefined) return { bus, target };
  throw new AppError("unsupported", `Cannot add a CD drive: all ${most} places of the ${bus} bus are taken`, {
    hint: "Remove a drive first: --remove-cdrom PATH",
  });
}
