/** Links from Microsoft, kept for as long as they are good: asking again for each run is what gets an address refused. */
import { z } from "zod";
import type { Host } from "../../host/host.ts";
import { appendRecord, readLines } from "../../host/recorded.ts";
import type { WindowsLink, WindowsVersion } from "./microsoft.ts";

const name = "media_links.jsonl";

const lineSchema = z.object({
  version: z.string(),
  wanted: z.string(),
  link: z.string(),
  file: z.string(),
  language: z.string(),
  expiresMs: z.number(),
});

/** Null when there is none, it is too old, or the clock was turned back to before it was made. */
export function keptLink(host: Host, version: WindowsVersion, language: string): WindowsLink | null {
  const lines = readLines(host.state, name).flatMap((line) => lineSchema.safeParse(line).data ?? []);
  const last = lines.findLast((line) => line.version === version && line.wanted === language.toLowerCase());
  if (last === undefined) return null;
  const leftMs = last.expiresMs - host.now();
  return leftMs > 0 && leftMs <= 24 * 3_600_000 ? last : null;
}

export function keepLink(host: Host, version: WindowsVersion, language: string, found: WindowsLink): void {
  appendRecord(host.state, JSON.stringify({ version, wanted: language.toLowerCase(), ...found }), name);
}
