/**
 * Whether VFIO is told to hand devices over although their interrupts are not remapped. Sources:
 * drivers/vfio/vfio_iommu_type1.c (allow_unsafe_interrupts), modprobe.d(5), kernel/params.c.
 */
import type { Reading } from "./reading.ts";
import { parseLine } from "./values.ts";

/** modprobe.d(5), in the order of precedence. */
const MODPROBE_FOLDERS = ["/etc/modprobe.d", "/run/modprobe.d", "/usr/local/lib/modprobe.d", "/usr/lib/modprobe.d"];

/** The module as it runs, what modprobe is told, or the kernel's command line: whichever allows it. */
export function readUnsafeInterrupts(reading: Reading): boolean {
  const running = parseLine(reading.text("/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts"));
  if (running === "Y") return true;
  const texts = MODPROBE_FOLDERS.flatMap((folder) =>
    (reading.list(folder) ?? []).filter((name) => name.endsWith(".conf")).map((name) => `${folder}/${name}`)
  ).map((path) => reading.text(path) ?? "");
  return isAllowed([...modprobeOptions(texts), ...commandLineOptions(reading.text("/proc/cmdline") ?? "")]);
}

function modprobeOptions(texts: readonly string[]): string[] {
  const lines = texts.flatMap((text) => text.split("\n"));
  return lines.flatMap((line) => /^\s*options\s+vfio[-_]iommu[-_]type1\s+(.*)$/.exec(line)?.[1]?.split(/\s+/) ?? []);
}

function commandLineOptions(text: string): string[] {
  return text.split(/\s+/).flatMap((word) => /^vfio[-_]iommu[-_]type1\.(\S+)$/.exec(word)?.[1] ?? []);
}

/** The last word counts; the kernel reads a switch by its first letters, and one without a value as on. */
function isAllowed(options: readonly string[]): boolean {
  const last = options.findLast((option) => /^allow[-_]unsafe[-_]interrupts(=|$)/.test(option));
  return last !== undefined && /^[^=]+(=([1yYtT]|[oO][nN]).*)?$/.test(last);
}
