/**
 * Bundles the page into ui/dist: index.html, and assets/ whose names bear the hash of what is in them, so that a browser
 * may keep them for ever. Run: deno task build:ui
 */
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { AppError } from "../model/errors.ts";

/** The page over the wire, compressed, must stay below this. */
export const largestPageBytes = 150_000;

/** Builds into `<folder>/dist` and returns the compressed size of all files. Throws AppError `command-failed`. */
export async function buildPage(folder = import.meta.dirname!): Promise<{ compressedBytes: number }> {
  const work = await Deno.makeTempDir({ prefix: "neuron-page-" });
  try {
    await bundle(folder, work);
    const names = await placeAssets(work, join(folder, "icon.svg"));
    let html = await Deno.readTextFile(join(folder, "index.html"));
    html = html.replace("{{js}}", names.js).replace("{{css}}", names.css).replace("{{icon}}", names.icon);
    await Deno.writeTextFile(join(work, "dist/index.html"), html);
    const compressedBytes = await compressedSize(join(work, "dist"));
    await replaceFolder(join(work, "dist"), join(folder, "dist"));
    return { compressedBytes };
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

async function bundle(folder: string, work: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "bundle",
      "--config",
      join(folder, "../deno.json"),
      "--platform",
      "browser",
      "--minify",
      "--code-splitting",
      "--outdir",
      join(work, "bundle"),
      join(folder, "main.tsx"),
      join(folder, "styles/main.css"),
    ],
    stdout: "null",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).output();
  if (!success) {
    throw new AppError("command-failed", `Cannot bundle the page: ${new TextDecoder().decode(stderr).trim()}`, {
      hint: "Run: deno check ui/main.tsx",
    });
  }
}

/** Chunks have a hash in their names already; the entries and the icon get one here. */
async function placeAssets(work: string, icon: string): Promise<{ js: string; css: string; icon: string }> {
  const assets = join(work, "dist/assets");
  await Deno.mkdir(assets, { recursive: true });
  const names: Record<string, string> = {};
  const place = async (from: string, kind: string, stem: string, extension: string) => {
    const bytes = await Deno.readFile(from);
    const hash = [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))].slice(0, 6)
      .map((byte) => byte.toString(16).padStart(2, "0")).join("");
    await Deno.writeFile(join(assets, `${stem}-${hash}${extension}`), bytes);
    names[kind] = `/assets/${stem}-${hash}${extension}`;
  };
  for (const path of await filesBelow(join(work, "bundle"))) {
    const name = path.slice(path.lastIndexOf("/") + 1);
    if (name === "main.js") await place(path, "js", "main", ".js");
    else if (name === "main.css") await place(path, "css", "main", ".css");
    else await Deno.copyFile(path, join(assets, name));
  }
  await place(icon, "icon", "icon", ".svg");
  return { js: names.js!, css: names.css!, icon: names.icon! };
}

async function filesBelow(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    const path = join(folder, entry.name);
    found.push(...(entry.isDirectory ? await filesBelow(path) : [path]));
  }
  return found;
}

async function compressedSize(folder: string): Promise<number> {
  let size = 0;
  for (const path of await filesBelow(folder)) size += gzipSync(await Deno.readFile(path), { level: 9 }).length;
  return size;
}

/** A server that runs while the page is built has its files in memory and does not mind. */
async function replaceFolder(from: string, to: string): Promise<void> {
  await Deno.remove(to, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  await Deno.mkdir(join(to, "assets"), { recursive: true });
  for (const path of await filesBelow(from)) await Deno.copyFile(path, join(to, path.slice(from.length)));
}

if (import.meta.main) {
  const { compressedBytes } = await buildPage();
  console.log(`ui/dist: ${(compressedBytes / 1000).toFixed(1)} kB compressed`);
  if (compressedBytes > largestPageBytes) {
    console.error(`error: the page is larger than ${largestPageBytes / 1000} kB`);
    Deno.exit(1);
  }
}
