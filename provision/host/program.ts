/** How this very program is started again later, by a unit of systemd. */
import { fileURLToPath } from "node:url";

/** Where the package puts it. */
export const installedProgram: readonly [string] = ["/usr/bin/neuron-setup"];

/** What runs: one compiled file, one file that unpacked itself, or the sources (docs/shipping.md). */
export function builtAs(): "compiled" | "self-extracting" | "sources" {
  if (Deno.build.standalone) return "compiled";
  return unpackedFrom() === null ? "sources" : "self-extracting";
}

/** The installed program where there is one, else whatever runs now: the single file, or the sources with Deno. */
export function thisProgram(): readonly [string, ...string[]] {
  if (isFile(installedProgram[0])) return installedProgram;
  if (Deno.build.standalone) return [Deno.execPath()];
  const file = unpackedFrom();
  if (file !== null) return [file];
  return [Deno.execPath(), "run", "--allow-all", "--no-prompt", fileURLToPath(Deno.mainModule)];
}

/** The file whose launcher started this deno; null when whatever set the variables started something else. */
function unpackedFrom(): string | null {
  const runtime = Deno.env.get("NEURON_RUNTIME");
  return runtime !== undefined && Deno.execPath() === `${runtime}/deno` ? Deno.env.get("NEURON_PROGRAM") ?? null : null;
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
