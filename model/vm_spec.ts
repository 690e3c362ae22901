/**
 * VmSpec: what a virtual machine shall be, in the words of libvirt. The same object in the wizard, profiles, CLI and API.
 * A complete spec has every key; `vmAnswersSchema` is any part of one. Nothing here fills a default: resolve() does.
 */
import { z } from "zod";
import {
  absolutePathSchema,
  hexIdSchema,
  integerSchema,
  interfaceNameSchema,
  lineSchema,
  nameSchema,
  pciAddressSchema,
  switchSchema,
  textSchema,
  wordSchema,
} from "./text_rules.ts";

const guestSystemSchema = wordSchema("windows11", "windows10", "linux", "other");
export const pageSizeSchema = wordSchema("none", "2M", "1G");

const firmware = z.strictObject({
  uefi: switchSchema,
  /** With Microsoft's certificates enrolled in a new NVRAM. Needs uefi. */
  secureBoot: switchSchema,
  /** An emulated TPM 2.0. */
  tpm: switchSchema,
});

const topology = z.strictObject({
  sockets: integerSchema(1, 8),
  cores: integerSchema(1, 512),
  threads: integerSchema(1, 8),
});

const cpu = z.strictObject({
  vcpus: integerSchema(1, 512),
  /** sockets × cores × threads = vcpus. */
  topology,
  /** The host CPU of each vCPU in order, or that none is pinned; "auto" only in answers: resolve() replaces it. */
  pinning: z.union([z.literal("auto"), z.literal("none"), z.array(integerSchema(0, 8191)).min(1)])
    .describe('"auto", "none" or a list with one host CPU for each vCPU, such as [2, 10, 3, 11]'),
});

const memory = z.strictObject({
  mib: integerSchema(16, 16 * 1024 * 1024, "MiB"),
  /** Size of the host pages behind the guest's memory. */
  hugepages: pageSizeSchema,
});

const disk = z.strictObject({
  /** libvirt storage pool. */
  pool: nameSchema,
  volume: nameSchema,
  sizeGib: integerSchema(1, 65536, "GiB"),
  format: wordSchema("qcow2", "raw"),
  bus: wordSchema("virtio", "scsi", "sata"),
  /** "none" bypasses the host's page cache and needs a file system with O_DIRECT. */
  cache: wordSchema("none", "writeback", "writethrough", "unsafe"),
  /** "unmap" hands blocks the guest frees back to the host. */
  discard: wordSchema("unmap", "ignore"),
});

const cdrom = z.strictObject({
  /** null: an empty drive. */
  path: absolutePathSchema.nullable().describe("the absolute path of an ISO file, or null for an empty drive"),
});

const network = z.strictObject({
  mode: wordSchema("nat", "bridge", "macvtap", "user"),
  /** nat: a libvirt network · bridge: a bridge · macvtap: a network device · user: not used. */
  source: interfaceNameSchema,
  model: wordSchema("virtio", "e1000e", "rtl8139"),
});

const gpu = z.strictObject({
  /** passthrough: a card of the host · virtio: a virtual display with a driver in the guest · none: plain VGA. */
  mode: wordSchema("passthrough", "virtio", "none"),
  /** The card's first function; null unless passed through. */
  address: pciAddressSchema.nullable().describe("a PCI address such as 0000:01:00.0, or null"),
  /** Whether the card's audio functions go with it. */
  audio: switchSchema,
  /** A copy of the card's ROM, for cards whose own cannot be read. */
  romFile: absolutePathSchema.optional(),
});

const usbDevice = z.union([
  z.strictObject({
    port: z.string().regex(/^\d{1,3}-\d{1,3}(\.\d{1,3}){0,6}$/).describe("bus and ports such as 1-4.2"),
  }),
  z.strictObject({ vendorId: hexIdSchema, productId: hexIdSchema }),
]).describe('{ "port": "1-4.2" } or { "vendorId": "046d", "productId": "c52b" }');

const devices = z.strictObject({
  gpu,
  /** Further PCI functions handed over. */
  pci: z.array(pciAddressSchema).describe("a list of PCI addresses"),
  usb: z.array(usbDevice).describe("a list of USB devices"),
  /** Input devices shared by evdev: both Ctrl keys together switch between host and guest. */
  evdev: z.array(absolutePathSchema).describe("a list of paths such as /dev/input/by-id/…-event-kbd"),
});

const lookingGlass = z.strictObject({
  enabled: switchSchema,
  width: integerSchema(640, 16384, "pixels"),
  height: integerSchema(480, 16384, "pixels"),
  refreshHz: integerSchema(24, 500, "Hz"),
  hdr: switchSchema,
  backend: wordSchema("kvmfr", "shmem"),
  fullScreen: switchSchema,
  borderless: switchSchema,
  grabKeyboard: switchSchema,
  /** Linux input event name, as the Looking Glass client takes it. */
  escapeKey: z.string().regex(/^KEY_[A-Z0-9_]{1,30}$/).describe("a key name such as KEY_SCROLLLOCK"),
  noScreensaver: switchSchema,
  /** Start the client when the VM starts. */
  autostart: switchSchema,
});

const display = z.strictObject({ vnc: switchSchema, spice: switchSchema, lookingGlass });

export const vmSpecSchema = z.strictObject({
  name: nameSchema,
  title: lineSchema(100),
  os: guestSystemSchema,
  /** Name of the profile the sizes came from. */
  profile: nameSchema,
  firmware,
  cpu,
  memory,
  disks: z.array(disk).max(32).describe("a list of disks"),
  cdroms: z.array(cdrom).max(5).describe("a list of CD drives"),
  network,
  devices,
  display,
  /** The channels of the QEMU guest agent and of Neuron's own. */
  guestAgent: switchSchema,
  autostart: switchSchema,
  /** Programs the guest starts after signing in. */
  startupApps: z.array(lineSchema(1024)).max(64).describe("a list of programs, one line each"),
  /** The guest shows its first startup program only. */
  kiosk: switchSchema,
  tags: z.array(lineSchema(50)).max(64).describe("a list of short words"),
  notes: textSchema(10_000),
}).describe("a virtual machine (docs/vm.md)");

export type VmSpec = z.infer<typeof vmSpecSchema>;
export type DiskSpec = z.infer<typeof disk>;
export type NetworkSpec = z.infer<typeof network>;
export type LookingGlassSpec = z.infer<typeof lookingGlass>;
export type UsbSpec = z.infer<typeof usbDevice>;
export type GuestSystem = z.infer<typeof guestSystemSchema>;
export type PageSize = z.infer<typeof pageSizeSchema>;

/** Any part of a VmSpec: what an answers file and a profile may say. */
export const vmAnswersSchema = vmSpecSchema.partial().extend({
  firmware: firmware.partial().optional(),
  cpu: cpu.partial().extend({ topology: topology.partial().optional() }).optional(),
  memory: memory.partial().optional(),
  disks: z.array(disk.partial()).max(32).describe("a list of disks").optional(),
  cdroms: z.array(cdrom.partial()).max(5).describe("a list of CD drives").optional(),
  network: network.partial().optional(),
  devices: devices.partial().extend({ gpu: gpu.partial().optional() }).optional(),
  display: display.partial().extend({ lookingGlass: lookingGlass.partial().optional() }).optional(),
}).describe("any part of a virtual machine (docs/vm.md)");

export type VmAnswers = z.infer<typeof vmAnswersSchema>;
