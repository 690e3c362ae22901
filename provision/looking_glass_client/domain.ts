/**
 * What a domain's XML says about Looking Glass: its shared memory, its SPICE server, and what its window shall look like.
 * What stands in the XML counts, also when a person wrote it; the spec in its metadata only says how to show it. Pure.
 * Source: libvirt Domain XML (shmem, graphics, QEMU command-line passthrough).
 */
import type { Element } from "@xmldom/xmldom";
import { AppError } from "../../model/errors.ts";
import type { LookingGlassSpec } from "../../model/vm_spec.ts";
import { defaultVmSpec } from "../vm/defaults.ts";
import { METADATA_NAMESPACE, parseSpecJson } from "../vm/metadata.ts";
import { parseXml } from "../vm/xml.ts";
import type { SpiceAddress } from "./options.ts";

export interface GlassMemory {
  readonly path: string;
  readonly sizeMib: number;
}

export interface GlassDomain {
  readonly name: string;
  readonly uuid: string;
  readonly title: string;
  /** The defaults where Neuron did not make the VM. */
  readonly spec: LookingGlassSpec;
  /** Whether Neuron made it, and the spec is its own. */
  readonly isOurs: boolean;
  readonly memory: GlassMemory;
  /** Null: it has none, or none that listens (a VM that is off, or one with TLS alone). */
  readonly spice: SpiceAddress | null;
}

const QEMU_NAMESPACE = "http://libvirt.org/schemas/domain/qemu/1.0";
const mib = 1024 * 1024;

/** @throws AppError `unsupported` when the VM has no memory that Looking Glass could show */
export function readGlassDomain(xml: string): GlassDomain {
  const root = parseXml(xml).documentElement!;
  const text = (tag: string) => children(root, tag)[0]?.textContent?.trim() ?? "";
  const name = text("name");
  const spec = parseSpecJson(root.getElementsByTagNameNS(METADATA_NAMESPACE, "spec")[0]?.textContent ?? "");
  const memory = shmemOf(root) ?? commandLineMemoryOf(root);
  if (memory === null) {
    const wanted = spec?.display.lookingGlass.enabled === true;
    throw new AppError("unsupported", `The VM "${name}" has no memory for Looking Glass`, {
      hint: wanted
        ? "It has had one when it was made: somebody took <shmem> (or the arguments for kvmfr) out of its XML"
        : 'Looking Glass shows a card that the VM has for itself: "vm": { "display": { "lookingGlass": { "enabled": ' +
          "true } } } in the answers, with such a card",
    });
  }
  return {
    name,
    uuid: text("uuid"),
    title: text("title") || name,
    spec: spec?.display.lookingGlass ?? defaultVmSpec("windows11").display.lookingGlass,
    isOurs: spec !== null,
    memory,
    spice: spiceOf(root),
  };
}

/** `<shmem name="looking-glass">` is /dev/shm/looking-glass; with several, the one of that name. */
function shmemOf(root: Element): GlassMemory | null {
  const all = children(devicesOf(root), "shmem").flatMap((element) => {
    const size = children(element, "size")[0];
    const bytes = Number(size?.textContent ?? "") * unitBytes(size?.getAttribute("unit") ?? "B");
    return bytes > 0 ? [{ name: element.getAttribute("name") ?? "", sizeMib: bytes / mib }] : [];
  });
  const one = all.find(({ name }) => name === "looking-glass") ?? all[0];
  return one === undefined ? null : { path: `/dev/shm/${one.name}`, sizeMib: one.sizeMib };
}

/** Units of libvirt: K, M and G are powers of 1024 for it, as KiB, MiB and GiB are. */
function unitBytes(unit: string): number {
  const powers: Readonly<Record<string, number>> = { K: 1024, M: mib, G: 1024 * mib };
  return powers[unit.replace(/iB$/, "").toUpperCase()] ?? 1;
}

/** kvmfr as QEMU's own arguments, as JSON or as `memory-backend-file,mem-path=/dev/kvmfr0,size=32M`. */
function commandLineMemoryOf(root: Element): GlassMemory | null {
  for (const element of [...root.getElementsByTagNameNS(QEMU_NAMESPACE, "arg")]) {
    const value = element.getAttribute("value") ?? "";
    const found = value.startsWith("{") ? jsonMemory(value) : plainMemory(value);
    if (found !== null && /^\/dev\/(kvmfr\d+|shm\/[^/]+)$/.test(found.path)) return found;
  }
  return null;
}

function jsonMemory(value: string): GlassMemory | null {
  try {
    const object: unknown = JSON.parse(value);
    const { "mem-path": path, size } = object as { readonly "mem-path"?: unknown; readonly size?: unknown };
    return typeof path === "string" && typeof size === "number" ? { path, sizeMib: size / mib } : null;
  } catch {
    return null;
  }
}

function plainMemory(value: string): GlassMemory | null {
  const path = /(?:^|,)mem-path=([^,]+)/.exec(value)?.[1];
  const size = /(?:^|,)size=(\d+)([KMG]?)/i.exec(value);
  if (path === undefined || size === null) return null;
  return { path, sizeMib: Number(size[1]) * unitBytes(size[2]!) / mib };
}

function spiceOf(root: Element): SpiceAddress | null {
  const graphics = children(devicesOf(root), "graphics").find((one) => one.getAttribute("type") === "spice");
  if (graphics === undefined) return null;
  const socket = children(graphics, "listen").map((one) => one.getAttribute("socket")).find((path) => path);
  if (socket) return { host: socket, port: 0 };
  const port = Number(graphics.getAttribute("port") ?? "-1");
  if (!(port > 0)) return null;
  const address = graphics.getAttribute("listen") || children(graphics, "listen")[0]?.getAttribute("address") || "";
  // Where it listens everywhere, it listens here too.
  const here: Readonly<Record<string, string>> = { "": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1" };
  return { host: here[address] ?? address, port };
}

const devicesOf = (root: Element) => children(root, "devices")[0];

function children(element: Element | undefined, tag: string): Element[] {
  return [...element?.childNodes ?? []].filter((node): node is Element => node.nodeName === tag);
}
