/** A medium that plays Windows' setup (guest_install/stand_in.S), bootable by BIOS as Windows' own is. */
import { standInMediumBase64 } from "../guest_install/stand_in.ts";
import { done } from "../unattend/tools.ts";

/** @returns the ISO file's bytes */
export async function standInWindows(folder: string): Promise<Uint8Array> {
  const tree = `${folder}/windows-tree`;
  await Deno.mkdir(`${tree}/sources`, { recursive: true });
  const boot = new Uint8Array(2048);
  boot.set(Uint8Array.fromBase64(standInMediumBase64));
  await Deno.writeFile(`${tree}/boot.img`, boot);
  const iso = `${folder}/windows.iso`;
  const elTorito = ["-b", "boot.img", "-no-emul-boot", "-boot-load-size", "4"];
  await done(
    ["xorriso", "-as", "mkisofs", "-quiet", "-J", "-r", "-V", "STAND_IN", ...elTorito, "-o", iso, tree],
    "xorriso",
  );
  const bytes = await Deno.readFile(iso);
  await Deno.remove(tree, { recursive: true });
  await Deno.remove(iso);
  return bytes;
}
