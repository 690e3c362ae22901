/** USB devices, from /sys/bus/usb/devices (Documentation/ABI/stable/sysfs-bus-usb). Root hubs and interfaces are left out. */
import type { UsbDevice } from "../../model/detection.ts";
import { tryParsePciAddress } from "../../model/pci_address.ts";
import { readUsbNames } from "./pci_ids.ts";
import type { Reading } from "./reading.ts";
import { parseHex, parseLine } from "./values.ts";

const DEVICES = "/sys/bus/usb/devices";
/** `1-4.2` is bus 1, port 4, port 2 of the hub there; `usb1` is a root hub, `1-4:1.0` an interface. */
const PORT = /^\d+-\d+(?:\.\d+)*$/;

export function readUsbDevices(reading: Reading): UsbDevice[] {
  const ports = (reading.list(DEVICES) ?? []).filter((name) => PORT.test(name));
  return ports.sort((a, b) => a.localeCompare(b, "en", { numeric: true })).map((port) => readUsbDevice(reading, port));
}

function readUsbDevice(reading: Reading, port: string): UsbDevice {
  const line = (name: string) => parseLine(reading.text(`${DEVICES}/${port}/${name}`));
  const vendorId = parseHex(line("idVendor"), 4) ?? "0000";
  const productId = parseHex(line("idProduct"), 4) ?? "0000";
  const vendorName = line("manufacturer");
  const productName = line("product");
  // The database is large: it is opened only when a device does not name itself.
  const names = vendorName === null || productName === null ? readUsbNames(reading) : null;
  return {
    port,
    vendorId,
    productId,
    vendorName: vendorName ?? names?.vendor(vendorId) ?? null,
    productName: productName ?? names?.device(vendorId, productId) ?? null,
    serial: line("serial"),
    classCode: parseHex(line("bDeviceClass"), 2) ?? "00",
    controller: lastPciAddress(reading.link(`${DEVICES}/${port}`)),
  };
}

/** The innermost PCI function on the way into /sys/devices: the one that a device hangs on. */
export function lastPciAddress(link: string | null): string | null {
  return link?.split("/").findLast((part) => tryParsePciAddress(part) !== null) ?? null;
}
