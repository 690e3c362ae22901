/**
 * `deno task build`: dist/neuron-setup, one file that needs nothing but Linux. Compiled where Deno's compile runtime can
 * be had, else self-extracting; `neuron-setup version` says which.
 *
 * usage: packaging/build.ts [--self-extracting]
 */
import { join } from "node:path";
import { parseArgs } from "@std/cli/parse-args";
import { ensurePackages } from "../cli/try/packages.ts";
import { errorMessage } from "../model/errors.ts";
import { buildCompiled } from "./compiled.ts";
import { layOutProgram, sources } from "./product.ts";
import { buildSelfExtracting, launcherPackages } from "./self_extracting.ts";

export const distFolder = join(sources, "dist");
export const builtProgram = join(distFolder, "neuron-setup");

export type Form = "compiled" | "self-extracting";

/** Builds `out`. `form`: this one or none; without it compiled where that can be, else self-extracting. */
export async function build(say: (line: string) => void, out: string, form?: Form): Promise<Form> {
  await Deno.mkdir(join(out, ".."), { recursive: true });
  const folder = await Deno.makeTempDir({ prefix: "neuron-build-" });
  try {
    await layOutProgram(folder);
    if (form !== "self-extracting") {
      const { why } = await buildCompiled(folder, out);
      if (why === null) return "compiled";
      if (form === "compiled") throw new Error(`deno compile has no runtime here: ${why}`);
      say(`NOT COMPILED: deno compile has no runtime here (${why}). The file unpacks itself instead.`);
    }
    await ensurePackages(launcherPackages, say);
    await buildSelfExtracting(folder, out, cacheFolder());
    return "self-extracting";
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What is kept from build to build: outside the checkout, so that a fresh one finds it. */
export function cacheFolder(): string {
  return join(Deno.env.get("XDG_CACHE_HOME") ?? join(Deno.env.get("HOME") ?? "/root", ".cache"), "neuron-build");
}

export async function megabytes(path: string): Promise<string> {
  return `${((await Deno.stat(path)).size / 1e6).toFixed(1)} MB`;
}

/** Runs a task of this room: its errors in the project's two lines. */
export async function runTask(work: () => Promise<void>): Promise<never> {
  try {
    await work();
    Deno.exit(0);
  } catch (error) {
    console.error(`error: ${errorMessage(error)}`);
    const hint = error instanceof Error && "hint" in error ? error.hint : undefined;
    if (hint !== undefined) console.error(`hint: ${hint}`);
    Deno.exit(1);
  }
}

if (import.meta.main) {
  await runTask(async () => {
    const words = parseArgs(Deno.args, { boolean: ["self-extracting"] });
    const form = await build(console.log, builtProgram, words["self-extracting"] ? "self-extracting" : undefined);
    console.log(`dist/neuron-setup: ${await megabytes(builtProgram)}, ${form}`);
  });
}
