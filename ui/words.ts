/** How states, sizes and numbers are said to people. Pure. */
import type { DomainState, Gpu, Severity } from "../server/dto.ts";

/** Every state has its own word and its own shape: never colour alone. */
export type Tone = "good" | "attention" | "bad" | "quiet";

export const stateWords: Record<DomainState, { readonly label: string; readonly tone: Tone; readonly shape: string }> =
  {
    running: { label: "Running", tone: "good", shape: "dot" },
    blocked: { label: "Running", tone: "good", shape: "dot" },
    paused: { label: "Paused", tone: "attention", shape: "bars" },
    shutdown: { label: "Shutting down", tone: "attention", shape: "half" },
    shutoff: { label: "Off", tone: "quiet", shape: "ring" },
    crashed: { label: "Crashed", tone: "bad", shape: "cross" },
    pmsuspended: { label: "Asleep", tone: "attention", shape: "half" },
    nostate: { label: "Unknown", tone: "quiet", shape: "ring" },
  };

export const verdictWords: Record<
  Gpu["verdict"],
  { readonly label: string; readonly tone: Tone; readonly shape: string }
> = {
  "ready": { label: "Ready for a VM", tone: "good", shape: "check" },
  "shared-group": { label: "Shares its group", tone: "attention", shape: "half" },
  "only-gpu": { label: "The host's only card", tone: "attention", shape: "half" },
  "no-iommu": { label: "No IOMMU", tone: "bad", shape: "cross" },
};

export const severityWords: Record<Severity, { readonly label: string; readonly tone: Tone; readonly shape: string }> =
  {
    blocker: { label: "Must be solved", tone: "bad", shape: "cross" },
    warning: { label: "Worth knowing", tone: "attention", shape: "half" },
    info: { label: "Note", tone: "quiet", shape: "ring" },
  };

/**
 * Text from outside, made harmless to look at: control and direction characters, which could make a name read as another
 * one, are shown as what they are. The joiners that scripts and emoji need stay.
 */
export function visible(text: string): string {
  return text.replace(/(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, codePoint);
}

/** The same for text of several lines: a file, an XML. */
export function visibleLines(text: string): string {
  return text.replace(/(?![\u200c\u200d\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, codePoint);
}

function codePoint(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`;
}

/** `16 GiB`, `1.5 GiB`, `512 MiB`. */
export function formatKib(kib: number): string {
  const units = ["KiB", "MiB", "GiB", "TiB"];
  let value = kib;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${Number(value.toFixed(value >= 100 || Number.isInteger(value) ? 0 : 1))} ${units[unit]}`;
}

export function formatBytes(bytes: number): string {
  return formatKib(bytes / 1024);
}

/** `1 VM`, `3 VMs`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

/** `0-3, 8` for 0, 1, 2, 3, 8. */
export function formatRanges(numbers: readonly number[]): string {
  const parts: string[] = [];
  const sorted = [...numbers].sort((a, b) => a - b);
  for (let first = 0; first < sorted.length;) {
    let last = first;
    while (sorted[last + 1] === sorted[last]! + 1) last++;
    parts.push(first === last ? `${sorted[first]}` : `${sorted[first]}-${sorted[last]}`);
    first = last + 1;
  }
  return parts.join(", ");
}
