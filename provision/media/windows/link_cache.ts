/**
 * Links from Microsoft, kept for as long as they are good, and its refusals, kept for a day: asking again for each run is
 * what gets an address refused, and asking again after a refusal makes it last.
 */
import { z } from "zod";
import type { Host } from "../../host/host.ts";
import { appendRecord, readLines } from "../../host/recorded.ts";
import type { WindowsLink, WindowsVersion } from "./microsoft.ts";

const name = "media_links.jsonl";
const dayMs = 24 * 3_600_000;

const lineSchema = z.object({
  version: z.string(),
  wanted: z.string(),
  link: z.string(),
  file: z.string(),
  language: z.string(),
  expiresMs: z.number(),
});

const refusalSchema = z.object({ refusedMs: z.number() });

/** Null when there is none, it is too old, or the clock was turned back to before it was made. */
export function keptLink(host: Host, version: WindowsVersion, language: string): WindowsLink | null {
  const lines = readLines(host.state, name).flatMap((line) => lineSchema.safeParse(line).data ?? []);
  const last = lines.findLast((line) => line.version === version && line.wanted === language.toLowerCase());
  if (last === undefined) return null;
  const leftMs = last.expiresMs - host.now();
  return leftMs > 0 && leftMs <= dayMs ? last : null;
}

export function keepLink(host: Host, version: WindowsVersion, language: string, found: WindowsLink): void {
  appendRecord(host.state, JSON.stringify({ version, wanted: language.toLowerCase(), ...found }), name);
}

/** When Microsoft last refused this machine, in ms since 1970; null when that was more than a day ago, or a link came since. */
export function keptRefusal(host: Host): number | null {
  const lines = readLines(host.state, name);
  const at = lines.findLastIndex((line) => refusalSchema.safeParse(line).success);
  if (at < 0 || lines.slice(at).some((line) => lineSchema.safeParse(line).success)) return null;
  const { refusedMs } = refusalSchema.parse(lines[at]);
  const agoMs = host.now() - refusedMs;
  return agoMs >= 0 && agoMs < dayMs ? refusedMs : null;
}

export function keepRefusal(host: Host): void {
  appendRecord(host.state, JSON.stringify({ refusedMs: host.now() }), name);
}
