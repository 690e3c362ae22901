/**
 * What a hypervisor offers, from libvirt's domain capabilities (formatdomaincaps). Pure: the caller fetches the XML by
 * virConnectGetDomainCapabilities for x86_64 and q35.
 */
import type { Element } from "@xmldom/xmldom";
import { AppError } from "../../model/errors.ts";
import { parseXml } from "./xml.ts";

export interface DomainCapabilities {
  readonly type: "kvm" | "qemu";
  readonly maxVcpus: number;
  readonly cpuModes: ReadonlySet<string>;
  /** libvirt's names of the Hyper-V enlightenments it will accept. */
  readonly hyperv: ReadonlySet<string>;
  readonly iothreads: boolean;
  readonly efi: boolean;
  readonly secureBoot: boolean;
  readonly tpmModels: ReadonlySet<string>;
  readonly tpmEmulator: boolean;
  readonly graphics: ReadonlySet<string>;
  readonly video: ReadonlySet<string>;
  readonly channels: ReadonlySet<string>;
  readonly usbRedirection: boolean;
  readonly rng: boolean;
}

/** Enlightenments Windows profits from, in libvirt's order. `evmcs` is Intel's alone. */
export const WINDOWS_ENLIGHTENMENTS = [
  "relaxed",
  "vapic",
  "spinlocks",
  "vpindex",
  "runtime",
  "synic",
  "stimer",
  "reset",
  "frequencies",
  "tlbflush",
  "ipi",
  "evmcs",
] as const;

/**
 * libvirt 9.0 with QEMU 7.2 on KVM, as in Debian 12: the oldest pair Neuron supports, so what it offers is offered
 * everywhere. Used where no hypervisor can be asked: `vm render`, and rooted hosts.
 */
export const oldestSupported: DomainCapabilities = {
  type: "kvm",
  maxVcpus: 288,
  cpuModes: new Set(["host-passthrough", "maximum", "host-model", "custom"]),
  hyperv: new Set(WINDOWS_ENLIGHTENMENTS),
  iothreads: true,
  efi: true,
  secureBoot: true,
  tpmModels: new Set(["tpm-tis", "tpm-crb"]),
  tpmEmulator: true,
  graphics: new Set(["vnc", "spice"]),
  video: new Set(["vga", "cirrus", "qxl", "virtio", "none", "bochs"]),
  channels: new Set(["pty", "unix", "spicevmc"]),
  usbRedirection: true,
  rng: true,
};

/** @throws AppError `xml-invalid` when the text is no domain capabilities document */
export function parseDomainCapabilities(xml: string): DomainCapabilities {
  const root = parseRoot(xml);
  const type = textOf(root, ["domain"]) === "kvm" ? "kvm" : "qemu";
  const modes = childrenOf(elementAt(root, ["cpu"]), "mode").filter((mode) => mode.getAttribute("supported") === "yes");
  const hyperv = elementAt(root, ["features", "hyperv"]);
  const tpm = elementAt(root, ["devices", "tpm"]);
  return {
    type,
    maxVcpus: Number(elementAt(root, ["vcpu"])?.getAttribute("max") ?? 0) || 1,
    cpuModes: new Set(modes.map((mode) => mode.getAttribute("name") ?? "")),
    // libvirt before 8.10 does not list them; KVM had all of ours long before.
    hyperv: hyperv === null && type === "kvm" ? oldestSupported.hyperv : enumOf(hyperv, "features"),
    iothreads: isSupported(elementAt(root, ["iothreads"])),
    efi: enumOf(elementAt(root, ["os"]), "firmware").has("efi"),
    secureBoot: enumOf(elementAt(root, ["os", "loader"]), "secure").has("yes"),
    tpmModels: enumOf(tpm, "model"),
    tpmEmulator: enumOf(tpm, "backendModel").has("emulator"),
    graphics: enumOf(elementAt(root, ["devices", "graphics"]), "type"),
    video: enumOf(elementAt(root, ["devices", "video"]), "modelType"),
    channels: enumOf(elementAt(root, ["devices", "channel"]), "type"),
    usbRedirection: enumOf(elementAt(root, ["devices", "redirdev"]), "bus").has("usb"),
    rng: enumOf(elementAt(root, ["devices", "rng"]), "model").has("virtio"),
  };
}

function parseRoot(xml: string): Element {
  try {
    const root = parseXml(xml).documentElement;
    if (root?.tagName === "domainCapabilities") return root;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
  }
  throw new AppError("xml-invalid", "Cannot read the hypervisor's domain capabilities: not the XML libvirt documents", {
    hint: "Look at it: virsh domcapabilities --machine q35",
  });
}

function childrenOf(element: Element | null, name: string): Element[] {
  const found: Element[] = [];
  for (let node = element?.firstChild ?? null; node !== null; node = node.nextSibling) {
    if (node.nodeType === node.ELEMENT_NODE && node.nodeName === name) found.push(node as Element);
  }
  return found;
}

function elementAt(element: Element | null, path: readonly string[]): Element | null {
  return path.reduce<Element | null>((at, name) => childrenOf(at, name)[0] ?? null, element);
}

function textOf(element: Element, path: readonly string[]): string {
  return elementAt(element, path)?.textContent?.trim() ?? "";
}

function isSupported(element: Element | null): boolean {
  return element?.getAttribute("supported") === "yes";
}

/** The values of `<enum name=…>`; none when the element says it is not supported. */
function enumOf(element: Element | null, name: string): Set<string> {
  if (element?.getAttribute("supported") === "no") return new Set();
  const list = childrenOf(element, "enum").find((one) => one.getAttribute("name") === name) ?? null;
  return new Set(childrenOf(list, "value").map((value) => value.textContent?.trim() ?? ""));
}
