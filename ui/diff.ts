/** Line differences for the plan, as a unified diff shows them. Pure. */

export interface DiffLine {
  readonly kind: "same" | "added" | "removed";
  readonly text: string;
  /** Line numbers from 1; null where the line is not on that side. */
  readonly before: number | null;
  readonly after: number | null;
}

/** Lines left out between two hunks. */
export interface DiffGap {
  readonly kind: "gap";
  readonly lines: number;
}

/** Above this many cells the middle is shown as removed and added whole: a plan's files are small. */
const largestTable = 4_000_000;

export function diffLines(before: string, after: string): DiffLine[] {
  const old = splitLines(before);
  const fresh = splitLines(after);
  let head = 0;
  while (head < old.length && head < fresh.length && old[head] === fresh[head]) head++;
  let tail = 0;
  while (
    tail < old.length - head && tail < fresh.length - head &&
    old[old.length - 1 - tail] === fresh[fresh.length - 1 - tail]
  ) tail++;
  const lines: DiffLine[] = [];
  let oldAt = 0;
  let freshAt = 0;
  const same = () => lines.push({ kind: "same", text: old[oldAt]!, before: ++oldAt, after: ++freshAt });
  const removed = () => lines.push({ kind: "removed", text: old[oldAt]!, before: ++oldAt, after: null });
  const added = () => lines.push({ kind: "added", text: fresh[freshAt]!, before: null, after: ++freshAt });
  while (oldAt < head) same();
  const oldEnd = old.length - tail;
  const freshEnd = fresh.length - tail;
  const longest = commonLengths(old.slice(head, oldEnd), fresh.slice(head, freshEnd));
  const common = (i: number, j: number) => longest === null ? 0 : longest[i - head]?.[j - head] ?? 0;
  while (oldAt < oldEnd || freshAt < freshEnd) {
    if (longest !== null && oldAt < oldEnd && freshAt < freshEnd && old[oldAt] === fresh[freshAt]) same();
    else if (oldAt < oldEnd && (freshAt >= freshEnd || common(oldAt + 1, freshAt) >= common(oldAt, freshAt + 1))) {
      removed();
    } else added();
  }
  while (oldAt < old.length) same();
  return lines;
}

/** Keeps `context` unchanged lines around each change. */
export function foldDiff(lines: readonly DiffLine[], context = 3): (DiffLine | DiffGap)[] {
  const near = new Set<number>();
  lines.forEach((line, index) => {
    if (line.kind === "same") return;
    for (let at = index - context; at <= index + context; at++) near.add(at);
  });
  const folded: (DiffLine | DiffGap)[] = [];
  let skipped = 0;
  lines.forEach((line, index) => {
    if (!near.has(index)) {
      skipped++;
      return;
    }
    if (skipped > 0) folded.push({ kind: "gap", lines: skipped });
    skipped = 0;
    folded.push(line);
  });
  if (skipped > 0) folded.push({ kind: "gap", lines: skipped });
  return folded;
}

function splitLines(text: string): string[] {
  if (text === "") return [];
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** table[i][j]: length of the longest common subsequence of a[i..] and b[j..]; null when too large. */
function commonLengths(a: readonly string[], b: readonly string[]): Uint32Array[] | null {
  if ((a.length + 1) * (b.length + 1) > largestTable) return null;
  const table = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      table[i]![j] = a[i] === b[j] ? table[i + 1]![j + 1]! + 1 : Math.max(table[i + 1]![j]!, table[i]![j + 1]!);
    }
  }
  return table;
}
