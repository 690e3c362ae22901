/** What a VM is when nobody says otherwise, by guest system. Data; the order of precedence is resolve()'s. */
import type { DiskSpec, GuestSystem, VmSpec } from "../../model/vm_spec.ts";

export const guestTitles: Readonly<Record<GuestSystem, string>> = {
  windows11: "Windows 11",
  windows10: "Windows 10",
  linux: "Linux",
  other: "Virtual machine",
};

const defaultNames: Readonly<Record<GuestSystem, string>> = {
  windows11: "windows11",
  windows10: "windows10",
  linux: "linux",
  other: "vm",
};

/** Everything but what depends on the machine: sizes are cut, pinning and the card are chosen by resolve(). */
export function defaultVmSpec(os: GuestSystem): Omit<VmSpec, "disks" | "cdroms" | "title" | "profile"> {
  const windows = os === "windows11" || os === "windows10";
  const modern = os !== "other";
  return {
    name: defaultNames[os],
    os,
    firmware: { uefi: modern, secureBoot: windows, tpm: windows },
    cpu: { vcpus: modern ? 4 : 1, topology: { sockets: 1, cores: modern ? 4 : 1, threads: 1 }, pinning: "auto" },
    memory: { mib: modern ? 8192 : 256, hugepages: "none" },
    network: { mode: "nat", source: "default", model: modern ? "virtio" : "e1000e" },
    devices: { gpu: { mode: modern ? "virtio" : "none", address: null, audio: true }, pci: [], usb: [], evdev: [] },
    display: {
      vnc: true,
      spice: false,
      lookingGlass: {
        enabled: false,
        width: 1920,
        height: 1080,
        refreshHz: 60,
        hdr: false,
        backend: "shmem",
        fullScreen: false,
        borderless: false,
        grabKeyboard: true,
        escapeKey: "KEY_SCROLLLOCK",
        noScreensaver: false,
        autostart: false,
      },
    },
    guestAgent: modern,
    autostart: false,
    startupApps: [],
    kiosk: false,
    tags: [],
    notes: "",
  };
}

/** @param index 0 is the disk the guest starts from */
export function defaultDisk(os: GuestSystem, vmName: string, index: number, format: DiskSpec["format"]): DiskSpec {
  const suffix = index === 0 ? "" : `-${index + 1}`;
  const extension = format === "qcow2" ? "qcow2" : "img";
  return {
    pool: "default",
    // A name may have 63 characters: the VM's own is shortened before its suffix would be.
    volume: `${vmName.slice(0, 63 - suffix.length - extension.length - 1)}${suffix}.${extension}`,
    sizeGib: os === "other" ? 8 : os === "linux" ? 40 : 120,
    format,
    bus: os === "other" ? "sata" : "virtio",
    cache: "none",
    discard: "unmap",
  };
}
