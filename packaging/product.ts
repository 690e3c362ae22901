/**
 * The program as one file, and the folder that every built form of it is made from: the program, the page, and deno.
 * The only place that knows how the sources are bundled; the emulated PC uses it too.
 */
import { dirname, join } from "node:path";
import { buildPage } from "../ui/build.ts";
import { tool } from "./tool.ts";

export const sources = join(import.meta.dirname!, "..");

/** Where deno and the program are in the folder; the launcher has the same names. */
export const denoFile = "deno";
export const programFile = "app/neuron-setup.js";

/** main.ts with everything it imports, as one file. Templates and scripts are in it: they are imported as text. */
export async function bundleProgram(out: string): Promise<void> {
  await Deno.mkdir(dirname(out), { recursive: true });
  await tool(Deno.execPath(), [
    ...["bundle", "--quiet", "--platform", "deno", "--minify"],
    ...["--config", join(sources, "deno.json"), join(sources, "main.ts"), "-o", out],
  ]);
}

/**
 * Lays out the program and the page below a folder. The page is where server/mod.ts looks for it: its own folder's
 * neighbour `ui/dist`, from the bundle as from the sources.
 */
export async function layOutProgram(folder: string): Promise<void> {
  await bundleProgram(join(folder, programFile));
  await buildPage();
  await copyFolder(join(sources, "ui/dist"), join(folder, "ui/dist"));
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyFolder(join(from, name), join(to, name));
    else await Deno.copyFile(join(from, name), join(to, name));
  }
}
