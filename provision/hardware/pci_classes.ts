/**
 * Names of the classes a person may meet, for machines without pci.ids: a reason that says "device" helps nobody.
 * Source: PCI Code and ID Assignment Specification 1.11, part 1. Pure data.
 */
const CLASS_NAMES: Readonly<Record<string, string>> = {
  "0100": "SCSI controller",
  "0101": "IDE controller",
  "0104": "RAID controller",
  "0106": "SATA controller",
  "0107": "SAS controller",
  "0108": "NVMe disk",
  "0180": "storage controller",
  "0200": "Ethernet controller",
  "0280": "network controller",
  "0300": "VGA controller",
  "0302": "3D controller",
  "0380": "display controller",
  "0400": "video device",
  "0401": "audio device",
  "0403": "audio device",
  "0480": "multimedia controller",
  "0500": "memory controller",
  "0580": "memory controller",
  "0600": "host bridge",
  "0601": "ISA bridge",
  "0604": "PCI bridge",
  "0680": "bridge",
  "0700": "serial port",
  "0780": "communication controller",
  "0805": "SD card reader",
  "0806": "IOMMU",
  "0880": "system device",
  "0b40": "co-processor",
  "0c00": "FireWire controller",
  "0c03": "USB controller",
  "0c05": "SMBus controller",
  "0c80": "serial bus controller",
  "0d11": "Bluetooth controller",
  "0d80": "wireless controller",
  "1080": "security processor",
  "1101": "performance counters",
  "1180": "signal processing controller",
  "1200": "processing accelerator",
};

export function builtInClassName(classCode: string): string | null {
  return CLASS_NAMES[classCode] ?? null;
}
