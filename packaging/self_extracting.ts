/**
 * The self-extracting form: launcher/, compiled statically, with deno and the program behind it. For build machines where
 * `deno compile` has no runtime to build with.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { joined, packDeno, packFolder } from "./archive.ts";
import { denoFile, programFile } from "./product.ts";
import { tool } from "./tool.ts";

/** Debian packages that building it needs. */
export const launcherPackages = ["binutils", "gcc", "libc6-dev", "libmd-dev", "libzstd-dev"];

const launcherFolder = join(import.meta.dirname!, "launcher");
const trailerBytes = 80;

/** Makes `out` from the folder that layOutProgram() filled. */
export async function buildSelfExtracting(folder: string, out: string, cache: string): Promise<void> {
  const launcher = await compileLauncher(`${out}.launcher`);
  const payload = joined([await packDeno(denoFile, Deno.execPath(), cache), await packFolder(folder)]);
  const trailer = renderTrailer({
    payloadOffset: launcher.length,
    payload,
    denoBytes: (await Deno.stat(Deno.execPath())).size,
    programBytes: (await Deno.stat(join(folder, programFile))).size,
  });
  await Deno.writeFile(`${out}.new`, joined([launcher, payload, trailer]));
  await Deno.chmod(`${out}.new`, 0o755);
  await Deno.rename(`${out}.new`, out);
}

async function compileLauncher(out: string): Promise<Uint8Array<ArrayBuffer>> {
  const parts: string[] = [];
  for await (const { name } of Deno.readDir(launcherFolder)) if (name.endsWith(".c")) parts.push(name);
  await tool(
    "gcc",
    [
      ...["-std=gnu11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror", "-static"],
      ...["-fstack-protector-strong", "-D_FORTIFY_SOURCE=2", "-Wl,-z,relro,-z,now", "-Wl,--build-id=none"],
      ...["-o", out, ...parts.sort(), "-lzstd", "-lmd"],
    ],
    "gcc libmd-dev libzstd-dev",
    { cwd: launcherFolder },
  );
  await tool("strip", [out], "binutils");
  const bytes = await Deno.readFile(out);
  await Deno.remove(out);
  return bytes;
}

interface Trailer {
  readonly payloadOffset: number;
  readonly payload: Uint8Array;
  readonly denoBytes: number;
  readonly programBytes: number;
}

/** `struct trailer` of launcher/launcher.h. */
function renderTrailer({ payloadOffset, payload, denoBytes, programBytes }: Trailer): Uint8Array<ArrayBuffer> {
  const trailer = new Uint8Array(trailerBytes);
  const numbers = new DataView(trailer.buffer);
  [payloadOffset, payload.length, denoBytes, programBytes].forEach((value, index) =>
    numbers.setBigUint64(index * 8, BigInt(value), true)
  );
  trailer.set(createHash("sha256").update(payload).digest(), 32);
  trailer.set(new TextEncoder().encode("NEURON-SETUP-1"), 64);
  return trailer;
}
