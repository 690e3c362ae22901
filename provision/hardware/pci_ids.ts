/**
 * Names from the pci.ids and usb.ids databases of the machine (packages pci.ids, hwdata). Looks only for the ids that
 * are asked: the text is 1.4 MB and a machine needs some dozens of its 36,000 lines.
 * Format: `vvvv  Vendor`, below it `<tab>dddd  Device`; `C cc  Class`, below it `<tab>ss  Subclass` (https://pci-ids.ucw.cz).
 */
import type { Reading } from "./reading.ts";

export interface IdNames {
  vendor(vendorId: string): string | null;
  device(vendorId: string, deviceId: string): string | null;
  /** `classCode` is class and subclass, four digits. */
  className(classCode: string): string | null;
}

const PCI_IDS_PATHS = ["/usr/share/misc/pci.ids", "/usr/share/hwdata/pci.ids"];
const USB_IDS_PATHS = ["/usr/share/misc/usb.ids", "/usr/share/hwdata/usb.ids", "/var/lib/usbutils/usb.ids"];

export function readPciNames(reading: Reading): IdNames {
  return parseIdNames(firstText(reading, PCI_IDS_PATHS));
}

export function readUsbNames(reading: Reading): IdNames {
  return parseIdNames(firstText(reading, USB_IDS_PATHS));
}

function firstText(reading: Reading, paths: readonly string[]): string {
  for (const path of paths) {
    const text = reading.text(path);
    if (text !== null && text !== "") return text;
  }
  return "";
}

/** Lazy: builds no table of the whole text; each block is found once. */
export function parseIdNames(text: string): IdNames {
  const blocks = new Map<string, string | null>();
  const block = (head: string): string | null => {
    const known = blocks.get(head);
    if (known !== undefined) return known;
    const found = findBlock(text, head);
    blocks.set(head, found);
    return found;
  };
  const nameIn = (head: string, entry: string | null): string | null => {
    const lines = block(head);
    if (lines === null) return null;
    if (entry === null) return cleanName(lines.slice(head.length, endOfLine(lines, 0)));
    const start = lines.indexOf(`\n\t${entry}  `);
    return start < 0 ? null : cleanName(lines.slice(start + entry.length + 4, endOfLine(lines, start + 1)));
  };
  return {
    vendor: (vendorId) => nameIn(`${vendorId}  `, null),
    device: (vendorId, deviceId) => nameIn(`${vendorId}  `, deviceId),
    className: (code) => nameIn(`C ${code.slice(0, 2)}  `, code.slice(2)) ?? nameIn(`C ${code.slice(0, 2)}  `, null),
  };
}

/** From the line that begins with `head` to before the next line that begins with neither tab nor `#`. */
function findBlock(text: string, head: string): string | null {
  const start = text.startsWith(head) ? 0 : text.indexOf(`\n${head}`) + 1;
  if (start === 0 && !text.startsWith(head)) return null;
  let end = endOfLine(text, start);
  while (end < text.length && (text[end + 1] === "\t" || text[end + 1] === "#")) end = endOfLine(text, end + 1);
  return text.slice(start, end);
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end;
}

function cleanName(name: string): string | null {
  const clean = name.trim();
  return clean === "" ? null : clean;
}
