/**
 * The PCI functions of the machine, from /sys/bus/pci/devices (Linux Documentation/ABI/testing/sysfs-bus-pci).
 * Reads only what the kernel holds in memory: `config` and link speeds are left alone, because asking for them wakes a
 * sleeping card.
 */
import type { PciDevice } from "../../model/detection.ts";
import { comparePciAddress, tryParsePciAddress } from "../../model/pci_address.ts";
import { builtInClassName } from "./pci_classes.ts";
import type { IdNames } from "./pci_ids.ts";
import type { Reading } from "./reading.ts";
import { baseName, parseHex, parseLine, parseNatural } from "./values.ts";

const DEVICES = "/sys/bus/pci/devices";

export function readPciDevices(reading: Reading, names: IdNames): PciDevice[] {
  const addresses = (reading.list(DEVICES) ?? []).filter((name) => tryParsePciAddress(name) !== null);
  return addresses.sort(comparePciAddress).map((address) => readPciDevice(reading, names, address));
}

function readPciDevice(reading: Reading, names: IdNames, address: string): PciDevice {
  const folder = `${DEVICES}/${address}`;
  const text = (name: string) => reading.text(`${folder}/${name}`);
  const ids = {
    vendorId: parseHex(text("vendor"), 4),
    deviceId: parseHex(text("device"), 4),
    classCode: parseHex(text("class"), 6)?.slice(0, 4) ?? null,
  };
  // The same facts in one line, for a copy in which one of the three files is damaged.
  const alias = Object.values(ids).includes(null) ? parseModalias(text("modalias")) : null;
  const vendorId = ids.vendorId ?? alias?.vendorId ?? UNKNOWN_ID;
  const deviceId = ids.deviceId ?? alias?.deviceId ?? UNKNOWN_ID;
  const classCode = ids.classCode ?? alias?.classCode ?? UNKNOWN_CLASS;
  const isDisplay = classCode.startsWith("03");
  return {
    address,
    vendorId,
    deviceId,
    subsystemVendorId: parseHex(text("subsystem_vendor"), 4),
    subsystemDeviceId: parseHex(text("subsystem_device"), 4),
    classCode,
    className: names.className(classCode) ?? builtInClassName(classCode),
    vendorName: names.vendor(vendorId),
    deviceName: names.device(vendorId, deviceId),
    driver: linkName(reading.link(`${folder}/driver`)),
    iommuGroup: parseNatural(linkName(reading.link(`${folder}/iommu_group`))),
    numaNode: parseNatural(text("numa_node")),
    bootVga: isDisplay && parseNatural(text("boot_vga")) === 1,
    resetMethods: parseLine(text("reset_method"))?.split(/\s+/) ?? [],
    parent: parseParent(reading.link(folder)),
    largestPrefetchableBarBytes: isDisplay ? parseLargestPrefetchableBar(text("resource")) : null,
  };
}

/** What stands in an id that could not be read: PCI reads all ones where nothing answers. */
const UNKNOWN_ID = "ffff";
/** Class 0000 is "unclassified" in the PCI code and ID assignment, so it is neither a bridge nor a display. */
const UNKNOWN_CLASS = "0000";

function linkName(link: string | null): string | null {
  return link === null ? null : parseLine(baseName(link));
}

/** `pci:v000010DEd00002484sv…sd…bc03sc00i00`, scripts/mod/file2alias.c. */
export function parseModalias(
  text: string | null,
): { vendorId: string; deviceId: string; classCode: string } | null {
  const match = /^pci:v0000([0-9A-F]{4})d0000([0-9A-F]{4})sv\w+?bc([0-9A-F]{2})sc([0-9A-F]{2})i/i.exec(
    parseLine(text) ?? "",
  );
  if (match === null) return null;
  const [vendorId, deviceId, base, sub] = match.slice(1).map((hex) => hex.toLowerCase());
  return { vendorId: vendorId!, deviceId: deviceId!, classCode: `${base}${sub}` };
}

/**
 * The bridge directly above, from the link into /sys/devices. A folder between the two that is no PCI address (the root
 * bus `pci10000:e0` below a VMD controller, a platform device) ends the tree: what hangs there is no child of a bridge.
 */
export function parseParent(link: string | null): string | null {
  const above = link?.split("/").at(-2) ?? "";
  return tryParsePciAddress(above) === null ? null : above;
}

/** Bits of a resource's flags, include/linux/ioport.h. */
const IORESOURCE_MEM = 0x200n;
const IORESOURCE_PREFETCH = 0x2000n;
/** The first six lines are the BARs; then come the ROM and bridge windows. */
const BAR_COUNT = 6;

/** `start end flags` a line; 0 when there is no prefetchable BAR, null when the text is not of that form. */
export function parseLargestPrefetchableBar(text: string | null): number | null {
  if (text === null) return null;
  let largest = 0n;
  let lines = 0;
  for (const line of text.split("\n").slice(0, BAR_COUNT)) {
    const match = /^0x([0-9a-f]{1,16}) 0x([0-9a-f]{1,16}) 0x([0-9a-f]{1,16})\s*$/i.exec(line);
    if (match === null) continue;
    lines++;
    const [start, end, flags] = match.slice(1).map((hex) => BigInt(`0x${hex}`)) as [bigint, bigint, bigint];
    const wanted = IORESOURCE_MEM | IORESOURCE_PREFETCH;
    if ((flags & wanted) !== wanted || end <= start) continue;
    const size = end - start + 1n;
    if (size > largest) largest = size;
  }
  return lines === 0 || largest > BigInt(Number.MAX_SAFE_INTEGER) ? null : Number(largest);
}
