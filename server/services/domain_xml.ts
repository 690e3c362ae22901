/**
 * What the page shows of a domain, read from its XML (https://libvirt.org/formatdomain.html). Pure and forgiving: what
 * is not there is null, and an XML that cannot be read gives the little that is known without it. Never writes XML.
 */
import { DOMParser, type Element as XmlElement } from "@xmldom/xmldom";
import type { DomainDetail } from "../dto.ts";

export type DomainHardware = Omit<
  DomainDetail,
  "uuid" | "name" | "state" | "persistent" | "autostart" | "permissions"
>;

const unknownHardware: DomainHardware = {
  title: null,
  memoryKib: 0,
  vcpus: 0,
  os: null,
  hostdevs: [],
  description: null,
  type: "unknown",
  arch: null,
  machine: null,
  firmware: "bios",
  secureBoot: false,
  tpm: null,
  cpuMode: null,
  cpuTopology: null,
  cpuPins: [],
  disks: [],
  interfaces: [],
  graphics: [],
};

export function parseDomainHardware(xml: string): DomainHardware {
  const root = parse(xml);
  if (root === null) return unknownHardware;
  const os = child(root, "os");
  const osType = os && child(os, "type");
  const loader = os && child(os, "loader");
  const cpu = child(root, "cpu");
  const topology = cpu && child(cpu, "topology");
  const devices = child(root, "devices");
  const list = (name: string) => devices ? children(devices, name) : [];
  const tpm = list("tpm")[0];
  return {
    title: text(child(root, "title")),
    description: text(child(root, "description")),
    memoryKib: memoryKib(child(root, "memory")),
    vcpus: number(text(child(root, "vcpu"))),
    os: osName(root),
    type: attribute(root, "type") ?? "unknown",
    arch: attribute(osType, "arch"),
    machine: attribute(osType, "machine"),
    firmware: attribute(os, "firmware") === "efi" || attribute(loader, "type") === "pflash" ? "uefi" : "bios",
    secureBoot: attribute(loader, "secure") === "yes",
    tpm: tpm === undefined ? null : attribute(child(tpm, "backend"), "version") ?? attribute(tpm, "model") ?? "present",
    cpuMode: attribute(cpu, "mode"),
    cpuTopology: topology
      ? {
        sockets: number(attribute(topology, "sockets")) || 1,
        cores: number(attribute(topology, "cores")) || 1,
        threads: number(attribute(topology, "threads")) || 1,
      }
      : null,
    cpuPins: children(child(root, "cputune"), "vcpupin").map((pin) => ({
      vcpu: number(attribute(pin, "vcpu")),
      cpuset: attribute(pin, "cpuset") ?? "",
    })),
    hostdevs: list("hostdev").filter((device) => attribute(device, "type") === "pci").map(hostdevAddress)
      .filter((address) => address !== null),
    disks: list("disk").map((disk) => ({
      target: attribute(child(disk, "target"), "dev") ?? "?",
      bus: attribute(child(disk, "target"), "bus"),
      device: attribute(disk, "device") ?? "disk",
      source: sourceOf(disk),
      format: attribute(child(disk, "driver"), "type"),
      readOnly: child(disk, "readonly") !== null,
    })),
    interfaces: list("interface").map((nic) => ({
      mac: attribute(child(nic, "mac"), "address"),
      type: attribute(nic, "type") ?? "unknown",
      source: sourceOf(nic),
      model: attribute(child(nic, "model"), "type"),
    })),
    graphics: list("graphics").map((graphics) => attribute(graphics, "type") ?? "unknown"),
  };
}

/** The NVRAM file, where the domain has one. */
export function parseNvramPath(xml: string): string | null {
  const root = parse(xml);
  const os = root && child(root, "os");
  return os ? text(child(os, "nvram")) : null;
}

function parse(xml: string): XmlElement | null {
  try {
    const document = new DOMParser({
      onError: (level, message) => {
        if (level !== "warning") throw new Error(message);
      },
    }).parseFromString(xml, "text/xml");
    return document.documentElement;
  } catch {
    return null;
  }
}

function children(parent: XmlElement | null, name: string): XmlElement[] {
  const found: XmlElement[] = [];
  for (let node = parent?.firstChild ?? null; node !== null; node = node.nextSibling) {
    if (isElement(node) && node.nodeName === name) found.push(node);
  }
  return found;
}

function child(parent: XmlElement | null, name: string): XmlElement | null {
  return children(parent, name)[0] ?? null;
}

function isElement(node: { nodeType: number }): node is XmlElement {
  return node.nodeType === 1;
}

function attribute(element: XmlElement | null | undefined, name: string): string | null {
  return element?.getAttribute(name) || null;
}

function text(element: XmlElement | null): string | null {
  return element?.textContent?.trim() || null;
}

function number(value: string | null): number {
  const parsed = Number(value ?? 0);
  return Number.isFinite(parsed) ? parsed : 0;
}

const unitBytes: Readonly<Record<string, number>> = {
  b: 1,
  bytes: 1,
  KB: 1e3,
  k: 1024,
  KiB: 1024,
  MB: 1e6,
  M: 2 ** 20,
  MiB: 2 ** 20,
  GB: 1e9,
  G: 2 ** 30,
  GiB: 2 ** 30,
  TB: 1e12,
  T: 2 ** 40,
  TiB: 2 ** 40,
};

/** libvirt prints KiB; a hand-written XML may name any unit. */
function memoryKib(element: XmlElement | null): number {
  return Math.round(number(text(element)) * (unitBytes[attribute(element, "unit") ?? "KiB"] ?? 1024) / 1024);
}

function sourceOf(device: XmlElement): string | null {
  const source = child(device, "source");
  for (const name of ["file", "dev", "volume", "name", "network", "bridge", "dir"]) {
    const value = attribute(source, name);
    if (value !== null) return value;
  }
  return null;
}

function hostdevAddress(device: XmlElement): string | null {
  const address = child(child(device, "source") ?? device, "address");
  if (address === null) return null;
  const hex = (name: string, digits: number) => number(attribute(address, name)).toString(16).padStart(digits, "0");
  return `${hex("domain", 4)}:${hex("bus", 2)}:${hex("slot", 2)}.${number(attribute(address, "function"))}`;
}

/** `http://microsoft.com/win/11` of libosinfo's metadata becomes `Windows 11`. */
function osName(root: XmlElement): string | null {
  const info = child(child(root, "metadata"), "libosinfo:libosinfo");
  const id = attribute(child(info, "libosinfo:os"), "id");
  const match = id === null ? null : /^https?:\/\/([^/]+)\/([^/]+)(?:\/(.+))?$/.exec(id);
  if (!match) return id;
  const [, site, product, version] = match;
  const name = site === "microsoft.com" && product === "win"
    ? "Windows"
    : product!.replace(/^./, (c) => c.toUpperCase());
  // libosinfo.org's own entries are for any system of a kind: their version is a date, not a release.
  return version === undefined || site === "libosinfo.org" ? name : `${name} ${version}`;
}
