/** Which bytes of a file are there: disjoint, sorted `[start, end)` pairs. Pure. */

export type Range = readonly [start: number, end: number];

/** With one more range; what touches or overlaps becomes one. */
export function withRange(ranges: readonly Range[], added: Range): Range[] {
  if (added[0] >= added[1]) return [...ranges];
  const merged: Range[] = [];
  let [start, end] = added;
  for (const range of ranges) {
    if (range[1] < start || range[0] > end) merged.push(range);
    else [start, end] = [Math.min(start, range[0]), Math.max(end, range[1])];
  }
  return [...merged, [start, end] as const].sort((a, b) => a[0] - b[0]);
}

/** What is not there yet of a file of this size. */
export function missingOf(ranges: readonly Range[], sizeBytes: number): Range[] {
  const missing: Range[] = [];
  let at = 0;
  for (const [start, end] of ranges) {
    if (start > at) missing.push([at, Math.min(start, sizeBytes)]);
    at = Math.max(at, end);
  }
  if (at < sizeBytes) missing.push([at, sizeBytes]);
  return missing.filter(([start, end]) => start < end);
}

/** Up to where nothing is missing from the start. */
export function frontierOf(ranges: readonly Range[]): number {
  const first = ranges[0];
  return first !== undefined && first[0] === 0 ? first[1] : 0;
}

export function bytesOf(ranges: readonly Range[]): number {
  return ranges.reduce((sum, [start, end]) => sum + end - start, 0);
}

/** The same bytes in pieces of at most `pieceBytes`. */
export function cut(ranges: readonly Range[], pieceBytes: number): Range[] {
  return ranges.flatMap(([start, end]) => {
    const pieces: Range[] = [];
    for (let at = start; at < end; at += pieceBytes) pieces.push([at, Math.min(end, at + pieceBytes)]);
    return pieces;
  });
}
