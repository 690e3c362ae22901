/**
 * Known troubles of graphics cards in virtual machines: one table, each line with where it is written down. A trouble
 * changes no verdict; it adds a sentence and a cure. Ids are PCI device ids, a pair is a block from first to last.
 */
import type { Gpu, HostStatus, PciDevice } from "../../model/detection.ts";

export interface Trouble {
  readonly code: string;
  readonly vendor: Gpu["vendor"];
  readonly devices: readonly (string | readonly [string, string])[] | "all";
  /** More that must be true; absent: nothing more. */
  readonly when?: (seen: TroubleContext) => boolean;
  readonly message: string;
  readonly hint: string;
  readonly source: string;
}

export interface TroubleContext {
  readonly device: PciDevice;
  readonly integrated: boolean;
  /** The machine starts with its picture on this card. */
  readonly isBoot: boolean;
  readonly chassis: HostStatus["chassis"];
}

/** Without Resizable BAR a card shows 256 MiB of its memory at a time (PCI Express 4.0, 7.8.6). */
const USUAL_BAR_BYTES = 256 * 1024 * 1024;

const lacksVendorReset = ({ device }: TroubleContext) => !device.resetMethods.includes("device_specific");

export const TROUBLES: readonly Trouble[] = [
  {
    code: "amd-reset-bug",
    vendor: "amd",
    devices: [
      ["67c0", "67df"], // Polaris 10
      "6fdf",
      ["67e0", "67ff"], // Polaris 11
      ["6980", "699f"], // Polaris 12
      ["6860", "687f"], // Vega 10
      ["66a0", "66af"], // Vega 20
      ["7310", "731f"], // Navi 10
      ["7340", "734f"], // Navi 14
      ["7360", "7362"], // Navi 12
    ],
    when: lacksVendorReset,
    message: "Cards of this family often do not come back after the VM shuts down, until the whole machine restarts.",
    hint: "Install the kernel module vendor-reset and write device_specific into the card's reset_method.",
    source: "gnif/vendor-reset src/device-db.h; gnif/vendor-reset#96",
  },
  {
    code: "amd-navi3-reset",
    vendor: "amd",
    devices: [["7440", "745f"], ["7460", "747f"]], // Navi 31, Navi 32
    when: lacksVendorReset,
    message: "On some boards cards of the RX 7000 series stay dark after the VM restarts.",
    hint:
      "Shut Windows down and start the VM again instead of restarting inside Windows; keep the card's firmware current.",
    source: "gnif/vendor-reset#97",
  },
  {
    code: "nvidia-old-driver",
    vendor: "nvidia",
    devices: [["0020", "0fbf"], ["1040", "117f"], ["1200", "127f"]], // Fermi and before
    message:
      "No NVIDIA driver that allows virtual machines (R465 or newer) exists for a card this old: Windows shows error 43.",
    hint: "Hide the hypervisor from the guest (kvm hidden, hyperv vendor_id), or use a GTX 600 or newer.",
    source: "NVIDIA release notes of R465; docs/hardware.md",
  },
  {
    code: "nvidia-laptop",
    vendor: "nvidia",
    devices: "all",
    when: ({ chassis }) => chassis === "laptop",
    message: "In laptops NVIDIA's Windows driver looks for a battery and for the firmware's own data about the card.",
    hint: "Give the VM an emulated battery and the card's ROM file if Windows reports error 43.",
    source: "ArchWiki, PCI passthrough via OVMF, Troubleshooting",
  },
  {
    code: "nvidia-boot-rom",
    vendor: "nvidia",
    devices: "all",
    when: ({ isBoot }) => isBoot,
    message:
      "The firmware has changed the card's own program (ROM) while starting with it, and the VM may not understand it.",
    hint: "If the VM's screen stays black, give it a ROM file read from the card while it was not the first one.",
    source: "ArchWiki, PCI passthrough via OVMF, Passing the boot GPU to the guest",
  },
  {
    code: "no-outputs",
    vendor: "nvidia",
    devices: "all",
    when: ({ device }) => device.classCode === "0302",
    message: "The card has no screen connector of its own.",
    hint: "Watch the VM with Looking Glass and its virtual display, or with the console in the browser.",
    source: "PCI Code and ID Assignment: class 0302 is a 3D controller",
  },
  {
    code: "intel-integrated",
    vendor: "intel",
    devices: "all",
    when: ({ integrated }) => integrated,
    message: "Intel's integrated graphics needs settings of its own in a VM, and only some generations work.",
    hint: "Choose another card if there is one.",
    source: "QEMU docs/igd-assign.txt",
  },
  {
    code: "amd-integrated",
    vendor: "amd",
    devices: "all",
    when: ({ integrated }) => integrated,
    message:
      "AMD's integrated graphics starts in a VM only with its ROM file, and does not always come back after a restart.",
    hint: "Choose another card if there is one; otherwise give the VM the video ROM out of the board's firmware file.",
    source: "isc30/ryzen-gpu-passthrough-proxmox; gnif/vendor-reset src/device-db.h",
  },
  ...(["nvidia", "amd"] as const).map((vendor): Trouble => ({
    code: "resizable-bar",
    vendor,
    devices: "all",
    when: ({ device }) => (device.largestPrefetchableBarBytes ?? 0) > USUAL_BAR_BYTES,
    message: "Resizable BAR is on; with some cards the VM's screen then stays black.",
    hint: "If it does, switch Resizable BAR (Smart Access Memory) off in the firmware setup.",
    source: "Andrew-Willms/GPU-Passthrough-On-Ubuntu-22.04.2-for-Beginners; Coopydood/ultimate-macOS-KVM#114",
  })),
];

/** The lines that are true of a card. */
export function troublesOf(vendor: Gpu["vendor"], seen: TroubleContext): Trouble[] {
  return TROUBLES.filter((trouble) =>
    trouble.vendor === vendor && isListed(seen.device.deviceId, trouble.devices) && (trouble.when?.(seen) ?? true)
  );
}

/** Ids are four lower-case hex digits, so their texts compare as their numbers do. */
function isListed(deviceId: string, devices: Trouble["devices"]): boolean {
  return devices === "all" ||
    devices.some((entry) =>
      typeof entry === "string" ? entry === deviceId : entry[0] <= deviceId && deviceId <= entry[1]
    );
}
