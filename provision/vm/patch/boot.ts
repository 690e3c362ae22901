/**
 * What a domain boots from. Either `<os>` names kinds of devices or each device bears its own order; libvirt forbids
 * both at once, so a domain keeps the way it has. Source: libvirt, formatdomain "BIOS bootloader", "boot".
 */
import { AppError } from "../../../model/errors.ts";
import {
  attributeOf,
  childOf,
  childrenOf,
  type Edit,
  insertElements,
  removeElement,
  setAttribute,
  type SourceElement,
  textOf,
} from "./source.ts";

export type BootKind = "hd" | "cdrom" | "fd" | "network";

const KINDS: readonly BootKind[] = ["hd", "cdrom", "fd", "network"];

/** @throws AppError `usage` for a word that is none, or one given twice */
export function parseBootKinds(text: string): BootKind[] {
  const words = text.split(",").map((word) => word.trim());
  return words.map((word, index) => {
    const kind = KINDS.find((one) => one === word);
    if (kind === undefined || words.indexOf(word) !== index) {
      throw new AppError("usage", `Cannot read "${text}" as a boot order`, {
        hint: `Write each of these at most once, separated by commas: ${KINDS.join(", ")}`,
      });
    }
    return kind;
  });
}

/** Kinds that the domain has no device of: it boots from the others. */
export function missingKinds(domain: SourceElement, kinds: readonly BootKind[]): BootKind[] {
  const present = new Set((childOf(domain, "devices")?.children ?? []).map(kindOf));
  return kinds.filter((kind) => !present.has(kind));
}

export function setBootOrder(text: string, domain: SourceElement, kinds: readonly BootKind[]): Edit[] {
  const devices = childOf(domain, "devices")?.children ?? [];
  const ordered = devices.filter((device) => orderOf(device) !== null);
  return ordered.length > 0 ? setDeviceOrders(text, devices, kinds) : setKinds(text, domain, kinds);
}

function orderOf(device: SourceElement): number | null {
  const order = attributeOf(childOf(device, "boot"), "order");
  return order === undefined ? null : Number(order);
}

/**
 * Of each kind, those that had an order, else the first: what `<os>` would boot. Devices of other kinds that had one
 * (a host device with the guest's system on it) come after them.
 */
function setDeviceOrders(text: string, devices: readonly SourceElement[], kinds: readonly BootKind[]): Edit[] {
  const byOrder = (a: SourceElement, b: SourceElement) => orderOf(a)! - orderOf(b)!;
  const named = kinds.flatMap((kind) => {
    const all = devices.filter((device) => kindOf(device) === kind);
    const ordered = all.filter((device) => orderOf(device) !== null).toSorted(byOrder);
    return ordered.length > 0 ? ordered : all.slice(0, 1);
  });
  if (named.length === 0) {
    throw new AppError("not-found", `Cannot boot from ${kinds.join(", ")}: the domain has no such device`, {
      hint: "Name a kind of device that it has, or add one first",
    });
  }
  const others = devices.filter((device) => orderOf(device) !== null && !named.includes(device)).toSorted(byOrder);
  return [...named, ...others].flatMap((device, index) => setOrder(text, device, index + 1));
}

function setOrder(text: string, device: SourceElement, order: number): Edit[] {
  const boot = childOf(device, "boot");
  if (boot !== undefined) return setAttribute(boot, "order", String(order));
  const after = childOf(device, "target") ?? childOf(device, "source") ?? device.children.at(-1) ?? null;
  return [insertElements(text, device, after, [{ lines: [`<boot order='${order}'/>`] }])];
}

function kindOf(device: SourceElement): BootKind | null {
  if (device.name === "interface") return "network";
  if (device.name !== "disk") return null;
  const kind = attributeOf(device, "device") ?? "disk";
  return kind === "cdrom" ? "cdrom" : kind === "floppy" ? "fd" : kind === "disk" || kind === "lun" ? "hd" : null;
}

function setKinds(text: string, domain: SourceElement, kinds: readonly BootKind[]): Edit[] {
  const os = childOf(domain, "os");
  const type = childOf(os, "type");
  const present = childrenOf(os, "boot").filter((boot) => attributeOf(boot, "dev") !== undefined);
  // Containers (exe) and paravirtualized Xen (linux) have no firmware that could look at devices.
  if (os === undefined || (present.length === 0 && type !== undefined && textOf(type) !== "hvm")) {
    throw new AppError("unsupported", "Cannot set the boot order: the domain does not boot by firmware", {
      hint: "It is started by its <init>, its <kernel> or a boot loader of the host: change that (virsh edit)",
    });
  }
  const kept = present.slice(0, kinds.length);
  const missing = kinds.slice(kept.length).map((kind) => ({ lines: [`<boot dev='${kind}'/>`] }));
  return [
    ...kept.flatMap((boot, index) => setAttribute(boot, "dev", kinds[index]!)),
    ...present.slice(kinds.length).map((boot) => removeElement(text, boot)),
    ...(missing.length === 0 ? [] : [insertElements(text, os, kept.at(-1) ?? os.children.at(-1) ?? null, missing)]),
  ];
}
