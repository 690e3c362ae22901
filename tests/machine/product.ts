/**
 * The product as a volume for the PC: deno, the program as one bundle, the nested guest. Made anew in every run, in
 * seconds, so that a change of the product never needs a new system image.
 */
import { join } from "node:path";
import { bundleProgram } from "../../packaging/product.ts";
import { tool } from "./tool.ts";

/** Makes the volume below `folder` and gives its path. */
export async function productVolume(folder: string): Promise<string> {
  const content = `${folder}/product`;
  await Deno.mkdir(content);
  await bundleProgram(`${content}/neuron-setup.js`);
  await Deno.copyFile(Deno.execPath(), `${content}/deno`);
  await compileNestedGuest(`${content}/nested-guest`);
  const volume = `${folder}/product.raw`;
  const megabytes = Math.ceil((await size(`${content}/deno`) + await size(`${content}/neuron-setup.js`)) / 1e6 * 1.2) +
    16;
  await tool("mke2fs", [
    "-q",
    "-t",
    "ext4",
    "-O",
    "^has_journal",
    "-L",
    "product",
    "-d",
    content,
    volume,
    `${megabytes}m`,
  ]);
  await Deno.remove(content, { recursive: true });
  return volume;
}

async function size(path: string): Promise<number> {
  return (await Deno.stat(path)).size;
}

/** Freestanding 32-bit code at 1 MiB, as Multiboot starts it. */
export async function compileNestedGuest(out: string): Promise<void> {
  await tool("gcc", [
    ...["-m32", "-O1", "-Wall", "-Wextra", "-Werror", "-ffreestanding", "-nostdlib", "-static", "-fno-pic"],
    ...["-fno-toplevel-reorder", "-fno-stack-protector", "-fcf-protection=none", "-fno-asynchronous-unwind-tables"],
    ...["-Wl,--build-id=none", "-Wl,-n", "-Wl,--no-warn-rwx-segments", "-Wl,-Ttext=0x100000", "-Wl,-e,start"],
    ...["-o", out, join(import.meta.dirname!, "nested/guest.c")],
  ]);
}
