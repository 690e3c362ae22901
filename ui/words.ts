/** How states, sizes and numbers are said to people. Pure. */
import type { DomainState, Gpu, Severity, TrialReport } from "../server/dto.ts";

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

type TrialOutcome = Exclude<NonNullable<TrialReport["proof"]>["outcome"], "none">;

export const trialWords: Record<
  TrialOutcome,
  { readonly label: string; readonly tone: Tone; readonly shape: string; readonly text: string }
> = {
  "to-come": {
    label: "Still to come",
    tone: "attention",
    shape: "half",
    text: "After the next reboot the machine judges by itself whether everything holds. What does not is taken back.",
  },
  "proved": {
    label: "Proved",
    tone: "good",
    shape: "check",
    text: "Every claim held. The machine starts with passthrough from now on.",
  },
  "failed": {
    label: "Did not hold",
    tone: "bad",
    shape: "cross",
    text: "A claim did not hold. The next start is without passthrough and takes everything back.",
  },
  "taken-back": {
    label: "Taken back",
    tone: "bad",
    shape: "cross",
    text: "It did not hold, and everything it was for is taken back. neuron-setup apply tries it again.",
  },
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
