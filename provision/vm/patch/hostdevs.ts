/** Host devices of a domain: added once, removed wherever they stand. Pure. */
import { AppError } from "../../../model/errors.ts";
import { parsePciAddress, renderPciAddress } from "../../../model/pci_address.ts";
import {
  attributeOf,
  childOf,
  childrenOf,
  type Edit,
  insertElements,
  removeElement,
  type SourceElement,
} from "./source.ts";

/** Four lower-case hex digits each. */
export interface UsbId {
  readonly vendorId: string;
  readonly productId: string;
}

/** @throws AppError `usage` when the text is not VVVV:PPPP */
export function parseUsbId(text: string): UsbId {
  const match = /^([0-9a-f]{4}):([0-9a-f]{4})$/i.exec(text);
  if (match === null) {
    throw new AppError("usage", `Cannot read "${text}" as the ids of a USB device`, {
      hint: "Write vendor and product as lsusb does: 046d:c52b",
    });
  }
  return { vendorId: match[1]!.toLowerCase(), productId: match[2]!.toLowerCase() };
}

export function addUsbHostdev(text: string, domain: SourceElement, id: UsbId): Edit[] {
  if (usbHostdevs(domain).some((one) => one.id === usbKey(id))) return [];
  return [addDevice(text, domain, [
    "<hostdev mode='subsystem' type='usb' managed='yes'>",
    "  <source>",
    `    <vendor id='0x${id.vendorId}'/>`,
    `    <product id='0x${id.productId}'/>`,
    "  </source>",
    "</hostdev>",
  ])];
}

/** libvirt refuses USB devices in a domain that has no USB controller by decision. */
export function isUsbTurnedOff(domain: SourceElement): boolean {
  return childrenOf(childOf(domain, "devices"), "controller").some((one) =>
    attributeOf(one, "type") === "usb" && attributeOf(one, "model") === "none"
  );
}

export function removeUsbHostdev(text: string, domain: SourceElement, id: UsbId): Edit[] {
  const present = usbHostdevs(domain);
  return removeAll(text, present, usbKey(id), "USB device");
}

export function addPciHostdev(text: string, domain: SourceElement, address: string): Edit[] {
  const pci = parsePciAddress(address);
  if (pciHostdevs(domain).some((one) => one.id === renderPciAddress(pci))) return [];
  const hex = (value: number, digits: number) => `0x${value.toString(16).padStart(digits, "0")}`;
  return [addDevice(text, domain, [
    "<hostdev mode='subsystem' type='pci' managed='yes'>",
    "  <source>",
    `    <address domain='${hex(pci.domain, 4)}' bus='${hex(pci.bus, 2)}' slot='${hex(pci.slot, 2)}' ` +
    `function='${hex(pci.function, 1)}'/>`,
    "  </source>",
    "</hostdev>",
  ])];
}

export function removePciHostdev(text: string, domain: SourceElement, address: string): Edit[] {
  return removeAll(text, pciHostdevs(domain), renderPciAddress(parsePciAddress(address)), "PCI device");
}

interface Present {
  readonly id: string;
  readonly element: SourceElement;
}

function removeAll(text: string, present: readonly Present[], id: string, what: string): Edit[] {
  const matching = present.filter((one) => one.id === id);
  if (matching.length > 0) return matching.map((one) => removeElement(text, one.element));
  throw new AppError("not-found", `Cannot remove the ${what} ${id}: the domain has no such <hostdev>`, {
    hint: present.length === 0
      ? `It has no ${what} of the host at all`
      : `It has: ${present.map((one) => one.id).join(", ")}`,
  });
}

/** Behind the last host device, else as the last device. */
function addDevice(text: string, domain: SourceElement, lines: readonly string[]): Edit {
  const devices = childOf(domain, "devices");
  if (devices === undefined) {
    const wrapped = ["<devices>", ...lines.map((line) => `  ${line}`), "</devices>"];
    return insertElements(text, domain, domain.children.at(-1) ?? null, [{ lines: wrapped }]);
  }
  const after = childrenOf(devices, "hostdev").at(-1) ?? devices.children.at(-1) ?? null;
  return insertElements(text, devices, after, [{ lines }]);
}

function usbKey(id: UsbId): string {
  return `${id.vendorId}:${id.productId}`;
}

function hostdevs(domain: SourceElement, type: string): SourceElement[] {
  return childrenOf(childOf(domain, "devices"), "hostdev").filter((one) =>
    attributeOf(one, "type") === type && (attributeOf(one, "mode") ?? "subsystem") === "subsystem"
  );
}

function usbHostdevs(domain: SourceElement): Present[] {
  return hostdevs(domain, "usb").flatMap((element) => {
    const source = childOf(element, "source");
    const vendor = numberOf(attributeOf(childOf(source, "vendor"), "id"));
    const product = numberOf(attributeOf(childOf(source, "product"), "id"));
    if (vendor === null || product === null) return [];
    const hex = (value: number) => value.toString(16).padStart(4, "0");
    return [{ id: `${hex(vendor)}:${hex(product)}`, element }];
  });
}

function pciHostdevs(domain: SourceElement): Present[] {
  return hostdevs(domain, "pci").flatMap((element) => {
    const address = childOf(childOf(element, "source"), "address");
    const part = (name: string) => numberOf(attributeOf(address, name) ?? "0");
    const [domainNumber, bus, slot, fn] = [part("domain"), part("bus"), part("slot"), part("function")];
    if (address === undefined || domainNumber === null || bus === null || slot === null || fn === null) return [];
    return [{ id: renderPciAddress({ domain: domainNumber, bus, slot, function: fn }), element }];
  });
}

/** libvirt takes hex with 0x and decimal. */
function numberOf(text: string | undefined): number | null {
  return text !== undefined && /^(0x[0-9a-f]{1,8}|\d{1,9})$/i.test(text) ? Number(text) : null;
}
