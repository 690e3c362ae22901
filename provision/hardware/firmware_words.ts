/**
 * What the switches are called in the firmware setup ("BIOS") of the usual board makers, so that a person finds them.
 * Pure data. Common usage, not quoted from manuals: menus differ by model and year, so each is a help for searching.
 */
import type { CpuVendor, HostStatus } from "../../model/detection.ts";

export interface FirmwareWords {
  /** The IOMMU. */
  readonly iommu: string;
  /** The processor's own virtualization. */
  readonly virtualization: string;
  /** Which card shows the picture. */
  readonly primaryDisplay: string;
}

interface MakerWords {
  readonly maker: RegExp;
  readonly intel: FirmwareWords;
  readonly amd: FirmwareWords;
}

const words = (iommu: string, virtualization: string, primaryDisplay: string): FirmwareWords => ({
  iommu,
  virtualization,
  primaryDisplay,
});

const MAKERS: readonly MakerWords[] = [
  {
    maker: /ASUS/i,
    intel: words(
      '"VT-d" under Advanced, System Agent (SA) Configuration',
      '"Intel (VMX) Virtualization Technology" under Advanced, CPU Configuration',
      '"Primary Display" under Advanced, System Agent (SA) Configuration, Graphics Configuration',
    ),
    amd: words(
      '"IOMMU" under Advanced, AMD CBS',
      '"SVM Mode" under Advanced, CPU Configuration',
      '"Primary Video Device" under Advanced, NB Configuration',
    ),
  },
  {
    maker: /Micro-Star|^MSI/i,
    intel: words(
      '"Intel VT-D Tech" under OC, CPU Features',
      '"Intel Virtualization Tech" under OC, CPU Features',
      '"Initiate Graphic Adapter" under Settings, Advanced, Integrated Graphics Configuration',
    ),
    amd: words(
      '"IOMMU" under OC, Advanced CPU Configuration, AMD CBS',
      '"SVM Mode" under OC, Advanced CPU Configuration',
      '"Initiate Graphic Adapter" under Settings, Advanced, Integrated Graphics Configuration',
    ),
  },
  {
    maker: /Gigabyte/i,
    intel: words(
      '"VT-d" under Settings, Miscellaneous (older boards: Chipset)',
      '"Intel Virtualization Technology" under Tweaker, Advanced CPU Settings',
      '"Initial Display Output" under Settings, IO Ports',
    ),
    amd: words(
      '"IOMMU" under Settings, Miscellaneous (or AMD CBS, NBIO Common Options)',
      '"SVM Mode" under Tweaker, Advanced CPU Settings',
      '"Initial Display Output" under Settings, IO Ports',
    ),
  },
  {
    maker: /ASRock/i,
    intel: words(
      '"VT-d" under Advanced, Chipset Configuration',
      '"Intel Virtualization Technology" under Advanced, CPU Configuration',
      '"Primary Graphics Adapter" under Advanced, Chipset Configuration',
    ),
    amd: words(
      '"IOMMU" under Advanced, AMD CBS, NBIO Common Options',
      '"SVM Mode" under Advanced, CPU Configuration',
      '"Primary Graphics Adapter" under Advanced, Chipset Configuration',
    ),
  },
  {
    maker: /Dell/i,
    intel: words(
      '"VT for Direct I/O" under Virtualization Support',
      '"Virtualization" under Virtualization Support',
      '"Primary Video" under Video',
    ),
    amd: words(
      '"IOMMU" or "VT for Direct I/O" under Virtualization Support',
      '"Virtualization" under Virtualization Support',
      '"Primary Video" under Video',
    ),
  },
  {
    maker: /^HPE?$|Hewlett/i,
    intel: words(
      '"Virtualization Technology for Directed I/O (VTd)" under Advanced, System Options',
      '"Virtualization Technology (VTx)" under Advanced, System Options',
      '"VGA Boot Device" under Advanced, Built-In Device Options',
    ),
    amd: words(
      '"IOMMU" or "DMA Protection" under Advanced, System Options',
      '"SVM CPU Virtualization" under Advanced, System Options',
      '"VGA Boot Device" under Advanced, Built-In Device Options',
    ),
  },
  {
    maker: /Lenovo/i,
    intel: words(
      '"Intel VT-d Feature" (or "Kernel DMA Protection") under Security, Virtualization',
      '"Intel Virtualization Technology" under Security, Virtualization',
      '"Select Active Video" under Devices, Video Setup',
    ),
    amd: words(
      '"AMD I/O Virtualization Technology" (or "Kernel DMA Protection") under Security, Virtualization',
      '"AMD SVM Technology" under Security, Virtualization',
      '"Select Active Video" under Devices, Video Setup',
    ),
  },
  {
    maker: /Supermicro/i,
    intel: words(
      '"Intel VT for Directed I/O (VT-d)" under Advanced, Chipset Configuration, North Bridge, IIO Configuration',
      '"Intel Virtualization Technology" under Advanced, CPU Configuration',
      '"VGA Priority" under Advanced, PCIe/PCI/PnP Configuration',
    ),
    amd: words(
      '"IOMMU" under Advanced, NB Configuration',
      '"SVM Mode" under Advanced, CPU Configuration',
      '"VGA Priority" under Advanced, PCIe/PCI/PnP Configuration',
    ),
  },
];

const ANY_INTEL = words('"VT-d"', '"Intel Virtualization Technology" or "VT-x"', '"Primary Display"');
const ANY_AMD = words('"IOMMU" (often below "AMD CBS")', '"SVM Mode" or "AMD-V"', '"Primary Display"');
const ANY = words('"IOMMU" or "VT-d"', '"SVM Mode", "AMD-V" or "VT-x"', '"Primary Display"');

export function firmwareWords(board: HostStatus["board"], cpu: CpuVendor): FirmwareWords {
  if (cpu === "other") return ANY;
  const maker = MAKERS.find((entry) => entry.maker.test(board.vendor ?? ""));
  return maker?.[cpu] ?? (cpu === "intel" ? ANY_INTEL : ANY_AMD);
}

/** `in the firmware setup of this ASUS board`. */
export function firmwareSetup(board: HostStatus["board"]): string {
  return board.vendor === null
    ? "in the firmware setup (BIOS)"
    : `in the firmware setup (BIOS) of this ${board.vendor} machine`;
}
