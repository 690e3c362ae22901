/** The words a person reads instead of the document's codes, the same in the terminal and in the file. Pure. */
import type { Detection, Gpu } from "../../model/detection.ts";
import type { Severity } from "../../model/errors.ts";
import { chooseGpu } from "../hardware/choose_gpu.ts";

export const VERDICT_WORDS: Readonly<Record<Gpu["verdict"], string>> = {
  "ready": "can be handed to a VM",
  "shared-group": "cannot be separated",
  "only-gpu": "the host's only screen",
  "no-iommu": "not isolated",
};

export const SEVERITY_WORDS: Readonly<Record<Severity, string>> = {
  blocker: "In the way",
  warning: "Take care",
  info: "Good to know",
};

/** What the card is to the host, in brackets behind its name. */
export function roleWords(gpu: Gpu): string {
  const words = [gpu.role === "boot" ? "the host starts with it" : null, gpu.integrated ? "in the processor" : null];
  return words.filter((word) => word !== null).join(", ");
}

export function gib(kib: number): string {
  return `${(kib / 1024 / 1024).toFixed(1)} GiB`;
}

/** Disks are sold by the decimal. */
export function diskSize(bytes: number): string {
  return bytes >= 1e12 ? `${(bytes / 1e12).toFixed(1)} TB` : `${Math.round(bytes / 1e9)} GB`;
}

/** Name and value, in the order they are shown. */
export function machineWords({ host, cpu, memory, iommu }: Detection): (readonly [string, string])[] {
  const system = [
    host.os.prettyName ?? host.os.id ?? "unknown system",
    host.kernel === null ? null : `kernel ${host.kernel}`,
  ];
  const secureBoot = host.secureBoot === null ? "" : `, Secure Boot ${host.secureBoot ? "on" : "off"}`;
  const board = [host.board.vendor, host.board.name].filter((part) => part !== null).join(" ");
  const pages = memory.hugepages.filter((size) => size.total > 0)
    .map((size) =>
      `${count(size.total, "huge page")} of ${size.sizeKib >= 1048576 ? "1 GiB" : `${size.sizeKib / 1024} MiB`}`
    );
  const nodes = memory.numaNodes.length > 1 ? [`${memory.numaNodes.length} memory nodes`] : [];
  return [
    ["System", system.filter((part) => part !== null).join(", ")],
    [
      "Starts with",
      `${host.firmware === "uefi" ? "UEFI" : "BIOS"}${secureBoot}, ${host.bootloader ?? "unknown boot loader"}`,
    ],
    ...(board === "" ? [] : [["Board", board] as const]),
    ["Processor", cpuWords(cpu)],
    ["Memory", [`${gib(memory.totalKib)}, ${gib(memory.availableKib)} free`, ...nodes, ...pages].join(", ")],
    ["Isolation", iommu.enabled ? `on, ${iommu.groups.length} groups (IOMMU)` : "off (no IOMMU in use)"],
  ];
}

function cpuWords(cpu: Detection["cpu"]): string {
  const kinds = (["performance", "efficiency"] as const).map((kind) => {
    const cores = new Set(cpu.topology.filter((thread) => thread.kind === kind).map((thread) => thread.core)).size;
    return cores === 0 ? null : `${cores} ${kind}`;
  }).filter((part) => part !== null);
  const cores = `${count(cpu.cores, "core")}${kinds.length === 0 ? "" : ` (${kinds.join(", ")})`}`;
  const sockets = cpu.sockets > 1 ? `${count(cpu.sockets, "socket")}, ` : "";
  return `${cpu.model ?? "unknown"}: ${sockets}${cores}, ${count(cpu.threads, "thread")}`;
}

export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** Names come from firmware, monitors and plugs: what could steer a terminal or turn the writing round is taken out. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, " ");
}

/** The answer most people come for. */
export function choiceWords(seen: Detection): string {
  const chosen = chooseGpu(seen);
  if (chosen !== null) return `Windows can have a card of its own: ${chosen.name} (${chosen.address}).`;
  return seen.gpus.length === 0
    ? "There is no graphics card for Windows."
    : "No graphics card can be handed to Windows as the machine is now.";
}
