/**
 * What of the running host uses a function right now: processes that hold its device nodes, the text console, input
 * devices and mounted disks below it. Only reads; says what it sees and decides nothing.
 * Sources: Documentation/ABI/testing/sysfs-bus-pci, proc_pid_fd(5), Documentation/fb/fbcon.rst (vtconsole), NVIDIA's
 * README ("/proc/driver/nvidia/gpus/ADDRESS/information": Device Minor).
 */
import type { Detection } from "../../model/detection.ts";
import { baseName, parseLine } from "./values.ts";
import type { Reading } from "./reading.ts";
import { lastPciAddress } from "./usb.ts";

export type FunctionUse =
  | {
    readonly kind: "process";
    readonly address: string;
    readonly device: string;
    readonly pid: number;
    readonly process: string;
  }
  | { readonly kind: "console"; readonly address: string; readonly device: string }
  | { readonly kind: "boot-display"; readonly address: string }
  | { readonly kind: "input"; readonly address: string; readonly device: string }
  | {
    readonly kind: "mount";
    readonly address: string;
    readonly device: string;
    readonly mountPoints: readonly string[];
  };

const DEVICES = "/sys/bus/pci/devices";

/** By function in the order given; within one, processes first. What a process may not be asked (no root) is not seen. */
export function readUses(reading: Reading, detection: Detection, addresses: readonly string[]): FunctionUse[] {
  const openFiles = readOpenDevices(reading);
  return addresses.flatMap((address) => [
    ...deviceNodes(reading, address).flatMap((device) =>
      (openFiles.get(device) ?? []).map((holder) => ({ kind: "process", address, device, ...holder }) as const)
    ),
    ...consoleUse(reading, detection, address),
    ...bootDisplay(detection, address),
    ...inputUses(reading, detection, address),
    ...mountUses(detection, address),
  ]);
}

interface Holder {
  readonly pid: number;
  readonly process: string;
}

/** Device node → processes that have it open, each once. */
function readOpenDevices(reading: Reading): Map<string, Holder[]> {
  const holders = new Map<string, Holder[]>();
  const pids = (reading.list("/proc") ?? []).filter((name) => /^\d+$/.test(name)).map(Number).sort((a, b) => a - b);
  for (const pid of pids) {
    const targets = (reading.list(`/proc/${pid}/fd`) ?? []).map((fd) => reading.link(`/proc/${pid}/fd/${fd}`));
    const devices = new Set(targets.filter((target) => target?.startsWith("/dev/") === true));
    if (devices.size === 0) continue;
    const process = parseLine(reading.text(`/proc/${pid}/comm`)) ?? "unknown";
    for (const device of devices) holders.set(device!, [...holders.get(device!) ?? [], { pid, process }]);
  }
  return holders;
}

/** Nodes that drivers make for a function. Each is a class folder below it, or, for NVIDIA's and VFIO's, a number. */
function deviceNodes(reading: Reading, address: string): string[] {
  const folder = `${DEVICES}/${address}`;
  const below = (name: string) => reading.list(`${folder}/${name}`) ?? [];
  const drm = below("drm").filter((name) => /^(card|renderD)\d+$/.test(name)).map((name) => `/dev/dri/${name}`);
  const frameBuffers = below("graphics").filter(isFrameBuffer).map((name) => `/dev/${name}`);
  const sound = below("sound").flatMap((card) => below(`sound/${card}`)).filter((name) =>
    /^(pcm|control|hw)C\d/.test(name)
  )
    .map((name) => `/dev/snd/${name}`);
  return [...drm, ...frameBuffers, ...nvidiaNodes(reading, address), ...sound, ...vfioNodes(reading, address)];
}

const isFrameBuffer = (name: string) => /^fb\d+$/.test(name);

/** The nodes that all NVIDIA cards share (nvidiactl, nvidia-uvm) tell nothing about this one. */
function nvidiaNodes(reading: Reading, address: string): string[] {
  if (driverOf(reading, address) !== "nvidia") return [];
  const information = reading.text(`/proc/driver/nvidia/gpus/${address}/information`);
  const minor = /^Device Minor:\s*(\d+)/m.exec(information ?? "")?.[1];
  const nodes = (reading.list("/dev") ?? []).filter((name) => /^nvidia\d+$/.test(name));
  return (minor === undefined ? nodes : [`nvidia${minor}`]).map((name) => `/dev/${name}`);
}

function vfioNodes(reading: Reading, address: string): string[] {
  if (driverOf(reading, address) !== "vfio-pci") return [];
  const group = reading.link(`${DEVICES}/${address}/iommu_group`);
  const devices = (reading.list(`${DEVICES}/${address}/vfio-dev`) ?? []).map((name) => `/dev/vfio/devices/${name}`);
  return [...(group === null ? [] : [`/dev/vfio/${baseName(group)}`]), ...devices];
}

function driverOf(reading: Reading, address: string): string | null {
  const link = reading.link(`${DEVICES}/${address}/driver`);
  return link === null ? null : baseName(link);
}

/**
 * The kernel's text console is on the frame buffer of the card the machine starts with, or on the first one there is
 * (fbcon_select_primary in drivers/video/fbdev/core/fbcon.c; which one it is, sysfs does not say).
 */
function consoleUse(reading: Reading, { pci }: Detection, address: string): FunctionUse[] {
  const frameBuffers = (folder: string) => (reading.list(folder) ?? []).filter(isFrameBuffer).sort();
  const own = frameBuffers(`${DEVICES}/${address}/graphics`);
  if (own.length === 0 || !isFbconBound(reading)) return [];
  const primary = pci.filter(({ bootVga }) => bootVga).flatMap((boot) =>
    frameBuffers(`${DEVICES}/${boot.address}/graphics`)
  );
  const [shown] = [...primary, ...frameBuffers("/sys/class/graphics")];
  return shown !== undefined && own.includes(shown) ? [{ kind: "console", address, device: `/dev/${shown}` }] : [];
}

function isFbconBound(reading: Reading): boolean {
  const folder = "/sys/class/vtconsole";
  return (reading.list(folder) ?? []).some((name) =>
    parseLine(reading.text(`${folder}/${name}/name`))?.includes("frame buffer") === true &&
    parseLine(reading.text(`${folder}/${name}/bind`)) === "1"
  );
}

/** With no driver of its own, the firmware's frame buffer may still lie in this card's memory. */
function bootDisplay(detection: Detection, address: string): FunctionUse[] {
  const device = detection.pci.find((one) => one.address === address);
  return device?.bootVga === true && device.driver !== "vfio-pci" ? [{ kind: "boot-display", address }] : [];
}

/** Keyboards, mice and the like: whatever the kernel gave an input device. */
function inputUses(reading: Reading, detection: Detection, address: string): FunctionUse[] {
  const names = new Set(
    (reading.list("/sys/class/input") ?? []).filter((name) => /^input\d+$/.test(name)).flatMap((name) => {
      const link = reading.link(`/sys/class/input/${name}`);
      const port = link?.split("/").findLast((part) => /^\d+-[\d.]+$/.test(part));
      if (port === undefined || lastPciAddress(link) !== address) return [];
      const device = detection.usb.find((one) => one.port === port);
      return [device?.productName ?? parseLine(reading.text(`/sys/class/input/${name}/name`)) ?? `USB port ${port}`];
    }),
  );
  return [...names].map((device) => ({ kind: "input", address, device }));
}

function mountUses({ storage }: Detection, address: string): FunctionUse[] {
  return storage.filter((disk) => disk.controller === address && disk.mountPoints.length > 0)
    .map(({ name, mountPoints }) => ({ kind: "mount", address, device: `/dev/${name}`, mountPoints }));
}
