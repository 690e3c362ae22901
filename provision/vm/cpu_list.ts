/** Lists of CPUs as libvirt writes them: `0-3,^2,8`. Pure. */
/** Sorted; null when the text is no such list. */
export function parseCpuList(text: string): number[] | null {
  const cpus = new Set<number>();
  for (const part of text.split(",").map((one) => one.trim())) {
    const match = /^(\^?)(\d{1,5})(?:-(\d{1,5}))?$/.exec(part);
    if (match === null) return null;
    const first = Number(match[2]);
    const last = Number(match[3] ?? first);
    for (let cpu = first; cpu <= last; cpu++) {
      if (match[1] === "^") cpus.delete(cpu);
      else cpus.add(cpu);
    }
  }
  return [...cpus].sort((a, b) => a - b);
}

/** The list without what is at or above `limit`; the same text when nothing is; null when nothing is left. */
export function belowLimit(text: string, limit: number): string | null {
  const cpus = parseCpuList(text);
  if (cpus === null || cpus.every((cpu) => cpu < limit)) return text;
  const left = cpus.filter((cpu) => cpu < limit);
  return left.length === 0 ? null : renderCpuset(left);
}

/** `0-3,8` of 0, 1, 2, 3, 8. */
export function renderCpuset(cpus: readonly number[]): string {
  const ranges: { first: number; last: number }[] = [];
  for (const cpu of cpus) {
    const range = ranges.at(-1);
    if (range !== undefined && range.last + 1 === cpu) range.last = cpu;
    else ranges.push({ first: cpu, last: cpu });
  }
  return ranges.map(({ first, last }) => first === last ? `${first}` : `${first}-${last}`).join(",");
}
