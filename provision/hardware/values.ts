/**
 * The small value formats of sysfs and procfs. Pure; whatever does not have the format is null, never an error:
 * the kernel, a virtual machine or a damaged copy may hand out anything.
 */

/** First line without surrounding blanks and NULs; null when nothing is left. */
export function parseLine(text: string | null): string | null {
  if (text === null) return null;
  const line = (text.split("\n", 1)[0] ?? "").replaceAll("\0", "").trim();
  return line === "" ? null : line;
}

/** Decimal integer within what a double holds exactly. */
export function parseInteger(text: string | null): number | null {
  const line = parseLine(text);
  if (line === null || !/^[+-]?\d{1,16}$/.test(line)) return null;
  const value = Number(line);
  return Number.isSafeInteger(value) ? value : null;
}

/** Like parseInteger, but null below zero: sysfs says -1 for "none". */
export function parseNatural(text: string | null): number | null {
  const value = parseInteger(text);
  return value === null || value < 0 ? null : value;
}

/** `0x10de` or `10de` as `digits` lower-case hex digits. */
export function parseHex(text: string | null, digits: number): string | null {
  const line = parseLine(text);
  const match = line === null ? null : /^(?:0x)?([0-9a-f]+)$/i.exec(line);
  const hex = match?.[1]?.toLowerCase();
  return hex === undefined || hex.length > digits ? null : hex.padStart(digits, "0");
}

/** More CPUs than any machine has; a list that says more is damaged. */
const MAX_CPUS = 16_384;

/** The kernel's list format `0-3,8,10-11` (Documentation/admin-guide/kernel-parameters.rst, "cpu lists"), sorted. */
export function parseCpuList(text: string | null): number[] | null {
  const line = parseLine(text);
  if (line === null) return null;
  const cpus = new Set<number>();
  for (const part of line.split(",")) {
    const match = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(part.trim());
    if (match === null) return null;
    const first = Number(match[1]);
    const last = match[2] === undefined ? first : Number(match[2]);
    if (last < first || last >= MAX_CPUS) return null;
    for (let cpu = first; cpu <= last; cpu++) cpus.add(cpu);
  }
  return [...cpus].sort((a, b) => a - b);
}

/** Shell-like `KEY=value` lines as in os-release; quotes around a value are taken off, comments skipped. */
export function parseAssignments(text: string | null): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of (text ?? "").split("\n")) {
    const match = /^\s*([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line.replaceAll("\0", ""));
    if (match === null) continue;
    const value = match[2]!.trim();
    const quoted = /^"((?:[^"\\]|\\.)*)"$|^'([^']*)'$/.exec(value);
    values.set(match[1]!, quoted === null ? value : (quoted[1] ?? quoted[2] ?? "").replace(/\\(.)/g, "$1"));
  }
  return values;
}

/** `Name:   123 kB` lines of /proc/meminfo and of a NUMA node's meminfo, in KiB. */
export function parseMeminfo(text: string | null): Map<string, number> {
  const values = new Map<string, number>();
  for (const line of (text ?? "").split("\n")) {
    const match = /^(?:Node \d+ )?([A-Za-z_()0-9]+):\s+(\d{1,15})(?: kB)?\s*$/.exec(line);
    if (match !== null) values.set(match[1]!, Number(match[2]));
  }
  return values;
}

/** The last component of a path or link text. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
