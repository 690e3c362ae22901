/** The page's bundle below ui/dist: made from the sources when it is missing or older than they are. */
import { join } from "node:path";
import { AppError } from "../../model/errors.ts";

const ui = join(import.meta.dirname!, "../../ui");

export async function ensurePage(rebuild: boolean, say: (line: string) => void): Promise<void> {
  const builtMs = await modifiedMs(`${ui}/dist/index.html`);
  if (!rebuild && builtMs !== null && builtMs >= await newestSourceMs(ui)) return;
  say("Bundling the page.");
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-prompt", `${ui}/build.ts`],
    stdout: "null",
    stderr: "piped",
  }).output();
  if (success) return;
  throw new AppError("command-failed", `Cannot bundle the page: ${new TextDecoder().decode(stderr).trim()}`, {
    hint: "deno bundle fetches its bundler from npm the first time: is the registry reachable?",
  });
}

async function newestSourceMs(folder: string): Promise<number> {
  let newest = 0;
  for await (const entry of Deno.readDir(folder)) {
    if (entry.name === "dist") continue;
    const path = `${folder}/${entry.name}`;
    newest = Math.max(newest, entry.isDirectory ? await newestSourceMs(path) : await modifiedMs(path) ?? 0);
  }
  return newest;
}

async function modifiedMs(path: string): Promise<number | null> {
  try {
    return (await Deno.stat(path)).mtime?.getTime() ?? null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
