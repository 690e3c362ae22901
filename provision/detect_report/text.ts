/** The detection as a page of text for people, for any width from 40 columns on. Pure. */
import type { Detection, Gpu } from "../../model/detection.ts";
import type { Finding } from "../../model/errors.ts";
import {
  choiceWords,
  count,
  diskSize,
  machineWords,
  printable,
  roleWords,
  SEVERITY_WORDS,
  VERDICT_WORDS,
} from "./words.ts";

export interface TextOptions {
  readonly columns: number;
  readonly color: boolean;
  /** Also every PCI device by group, every USB device. */
  readonly verbose: boolean;
}

const MIN_COLUMNS = 40;
/** Longer lines are hard to read. */
const MAX_COLUMNS = 100;
const LABEL_WIDTH = 13;

type Style = "bold" | "good" | "warn" | "bad" | "dim";
const SGR: Readonly<Record<Style, string>> = { bold: "1", good: "32", warn: "33", bad: "31", dim: "2" };

export function renderText(seen: Detection, options: TextOptions): string[] {
  const page = new Page(options);
  page.title("In short");
  page.line(choiceWords(seen));
  const inTheWay = seen.findings.filter((finding) => finding.severity === "blocker").length;
  if (inTheWay > 0) page.line(`${count(inTheWay, "thing")} in the way of any VM: see the end.`, "bad");
  page.title("This machine");
  for (const [label, value] of machineWords(seen)) page.field(label, value);
  page.title("Graphics cards");
  if (seen.gpus.length === 0) page.line("None was found.");
  for (const gpu of seen.gpus) renderGpu(page, gpu);
  renderDisks(page, seen);
  renderDisplays(page, seen);
  if (options.verbose) renderDevices(page, seen);
  if (seen.findings.length > 0) page.title("Worth knowing");
  for (const finding of seen.findings) renderFinding(page, finding);
  return page.lines;
}

const VERDICT_STYLE: Readonly<Record<Gpu["verdict"], Style>> = {
  "ready": "good",
  "shared-group": "bad",
  "only-gpu": "warn",
  "no-iommu": "bad",
};

function renderGpu(page: Page, gpu: Gpu): void {
  const role = roleWords(gpu);
  page.line(`${gpu.address}  ${gpu.name}${role === "" ? "" : ` (${role})`}`, "bold");
  page.indented(VERDICT_WORDS[gpu.verdict].toUpperCase(), VERDICT_STYLE[gpu.verdict]);
  if (gpu.functions.length > 1) page.indented(`Goes together: ${gpu.functions.join(", ")}`, "dim");
  for (const reason of gpu.reasons) {
    page.indented(reason.message);
    if (reason.hint !== null) page.cure(reason.hint);
  }
}

function renderDisks(page: Page, { storage }: Detection): void {
  if (storage.length === 0) return;
  page.title("Disks");
  for (const disk of storage) {
    const mounts = disk.mountPoints.length === 0 ? "" : `, holds ${disk.mountPoints.join(" ")}`;
    page.field(disk.name, `${diskSize(disk.sizeBytes)}${disk.model === null ? "" : ` ${disk.model}`}${mounts}`);
  }
}

function renderDisplays(page: Page, { displays }: Detection): void {
  const connected = displays.filter((display) => display.connected);
  if (connected.length === 0) return;
  page.title("Monitors");
  for (const display of connected) {
    const mode = display.preferredMode === null
      ? ""
      : ` ${display.preferredMode.widthPx} × ${display.preferredMode.heightPx}`;
    page.line(`${display.monitor ?? "Monitor"}${mode} at ${display.connector}, card ${display.gpu ?? "unknown"}`);
  }
}

function renderDevices(page: Page, { iommu, pci, usb }: Detection): void {
  const devices = new Map(pci.map((device) => [device.address, device]));
  const describe = (address: string) => {
    const device = devices.get(address);
    const name = device?.deviceName ?? device?.className ?? "";
    return `${address} ${device?.classCode ?? ""} ${name}${device?.driver ? ` [${device.driver}]` : ""}`;
  };
  page.title("PCI devices by isolation group");
  for (const group of iommu.groups) {
    for (const address of group.devices) page.field(`${group.id}`, describe(address));
  }
  for (const device of pci.filter((device) => device.iommuGroup === null)) {
    page.field("no group", describe(device.address));
  }
  if (usb.length > 0) page.title("USB devices");
  for (const device of usb) {
    const name = [device.vendorName, device.productName].filter((part) => part !== null).join(" ");
    page.field(device.port, `${device.vendorId}:${device.productId} ${name}`);
  }
}

const SEVERITY_STYLE = { blocker: "bad", warning: "warn", info: "dim" } as const;

function renderFinding(page: Page, finding: Finding): void {
  page.line(`${SEVERITY_WORDS[finding.severity]}: ${finding.title}.`, SEVERITY_STYLE[finding.severity]);
  if (finding.hint !== undefined) page.cure(finding.hint);
}

/** Lines within the width. */
class Page {
  readonly lines: string[] = [];
  readonly #width: number;
  readonly #color: boolean;

  constructor({ columns, color }: TextOptions) {
    this.#width = Math.min(Math.max(columns, MIN_COLUMNS), MAX_COLUMNS);
    this.#color = color;
  }

  title(text: string): void {
    if (this.lines.length > 0) this.gap();
    this.#put("", "", text, "bold");
  }

  gap(): void {
    this.lines.push("");
  }

  line(text: string, style?: Style): void {
    this.#put("  ", "    ", text, style);
  }

  indented(text: string, style?: Style): void {
    this.#put("    ", "    ", text, style);
  }

  cure(text: string): void {
    this.#put("    -> ", "       ", text);
  }

  field(label: string, value: string): void {
    const head = `  ${printable(label).padEnd(LABEL_WIDTH - 1)} `;
    this.#put(head, " ".repeat(head.length), value);
  }

  #put(first: string, rest: string, text: string, style?: Style): void {
    const lines = wrap(printable(text), this.#width - rest.length, this.#width - first.length);
    lines.forEach((line, i) => this.lines.push(`${i === 0 ? first : rest}${this.#paint(line, style)}`));
  }

  #paint(text: string, style: Style | undefined): string {
    return this.#color && style !== undefined ? `\x1b[${SGR[style]}m${text}\x1b[0m` : text;
  }
}

/** Breaks at blanks; a word longer than a line is cut. */
export function wrap(text: string, width: number, firstWidth: number = width): string[] {
  const lines: string[] = [];
  let line = "";
  for (let word of text.split(/\s+/).filter((part) => part !== "")) {
    const room = () => lines.length === 0 ? firstWidth : width;
    if (line !== "" && line.length + 1 + word.length > room()) {
      lines.push(line);
      line = "";
    }
    while (word.length > room()) {
      lines.push(word.slice(0, room()));
      word = word.slice(lines.at(-1)!.length);
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  return line === "" && lines.length > 0 ? lines : [...lines, line];
}
