/** How this very program is started again later, by a unit of systemd. */
import { fileURLToPath } from "node:url";

/** Where the package puts it. */
export const installedProgram: readonly [string] = ["/usr/bin/neuron-setup"];

/** The installed program where there is one, else whatever runs now: the single file, or the sources with Deno. */
export function thisProgram(): readonly [string, ...string[]] {
  if (isFile(installedProgram[0])) return installedProgram;
  if (Deno.build.standalone) return [Deno.execPath()];
  return [Deno.execPath(), "run", "--allow-all", "--no-prompt", fileURLToPath(Deno.mainModule)];
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
