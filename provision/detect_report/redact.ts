/**
 * Takes out of a detection what tells one machine from another of the same make, so that a report can be shown to
 * anybody: host name, serial numbers, MAC addresses, UUIDs, names of people in mount points, private kernel parameters.
 * Pure. Addresses, ids and models stay: they are what a report is for.
 */
import type { Detection } from "../../model/detection.ts";

const UUID = /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi;
const MAC = /\b[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}\b/gi;

/** Kernel parameters that matter here and name nobody; of the others not even the name is kept. */
const SHOWN_PARAMETERS =
  /^(?:quiet|ro|rw|splash|nomodeset|(?:intel_iommu|amd_iommu|iommu|pcie_acs_override|hugepages|hugepagesz|default_hugepagesz|isolcpus|nohz_full|rcu_nocbs|video|console|panic|mitigations|pci|pcie_aspm|(?:vfio|vfio[-_]pci|vfio_iommu_type1|kvm|kvm_amd|kvm_intel|modprobe|module_blacklist|rd\.driver)[.\w-]*)=[\w.,:@-]*)$/;

/** Mount points whose last part is a person's or a medium's name. */
const PERSONAL_MOUNT = /^(\/(?:home|media|mnt|run\/media))\/.+$/;

export function redact(seen: Detection): Detection {
  const { hostname } = seen.host;
  const clean: Detection = {
    ...seen,
    host: { ...seen.host, hostname: null, kernelCommandLine: redactCommandLine(seen.host.kernelCommandLine) },
    usb: seen.usb.map((device) => ({ ...device, serial: null })),
    storage: seen.storage.map((disk) => ({
      ...disk,
      mountPoints: disk.mountPoints.map((point) => point.replace(PERSONAL_MOUNT, "$1/…")),
    })),
  };
  return mapStrings(clean, (text) => redactText(text, hostname));
}

function redactCommandLine(line: string | null): string | null {
  if (line === null) return null;
  const words = line.split(/\s+/).map((word) => SHOWN_PARAMETERS.test(word) ? word : "…");
  return words.filter((word, i) => word !== "…" || words[i - 1] !== "…").join(" ");
}

/** A host name of one or two letters would tear holes into other words. */
const MIN_HOSTNAME = 3;

function redactText(text: string, hostname: string | null): string {
  const plain = text.replace(UUID, "…").replace(MAC, "…");
  return hostname === null || hostname.length < MIN_HOSTNAME ? plain : plain.replaceAll(hostname, "…");
}

function mapStrings<T>(value: T, change: (text: string) => string): T;
function mapStrings(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, change));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapStrings(item, change)]));
}
