/** What images of the emulated PC are made from: the build machine's Debian, and a cache that knows recipes by their digest. */
import { join } from "node:path";
export { release as suite, sourceFiles as aptSources } from "../../packaging/apt_sources.ts";
import { tool } from "./tool.ts";

/** Where images are kept: outside the checkout, so that a fresh one finds them. */
export function cacheFolder(): string {
  const base = Deno.env.get("XDG_CACHE_HOME") ?? join(Deno.env.get("HOME") ?? "/root", ".cache");
  return join(base, "neuron-test-machine");
}

/** Name of a recipe in the cache. */
export async function digestOf(texts: readonly string[]): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(texts.join("\0")));
  return new Uint8Array(digest).toHex().slice(0, 16);
}

/** Every file's name and text, in their order. */
export async function textsBelow(folder: string): Promise<string[]> {
  const texts: string[] = [];
  for (const path of (await tool("find", [folder, "-type", "f"], "findutils")).trim().split("\n").sort()) {
    texts.push(path.slice(folder.length), await Deno.readTextFile(path));
  }
  return texts;
}

export async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
