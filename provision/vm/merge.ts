/** Lays a part of a tree over a tree: objects key by key, lists and plain values whole. Pure. */

/** What is undefined in `patch` counts as not said. */
export function mergeParts<Base extends object, Patch extends object>(base: Base, patch: Patch): Base & Patch;
export function mergeParts(base: object, patch: object): object {
  const merged = new Map<string, unknown>(Object.entries(base));
  for (const [key, value] of Object.entries(patch)) {
    if (value === undefined) continue;
    const below = merged.get(key);
    merged.set(key, isTree(below) && isTree(value) ? mergeParts(below, value) : value);
  }
  return Object.fromEntries(merged);
}

function isTree(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
