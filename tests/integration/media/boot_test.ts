/** The ISO that is made of a medium's files, started by real firmware in QEMU: SeaBIOS and OVMF find what is theirs. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { call } from "../provision/command_line.ts";
import { withFolder } from "../unattend/tools.ts";
import { edition, makeWim, mediumFiles, writeTree } from "./esd.ts";
import { biosImage, efiImage, exitCodes, startDisc } from "./firmware.ts";

Deno.test("SeaBIOS starts the made ISO's BIOS image, OVMF its UEFI image", () =>
  withFolder(async (folder) => {
    writeTree(`${folder}/medium`, {
      ...mediumFiles(),
      "boot/etfsboot.com": biosImage(),
      "efi/microsoft/boot/efisys.bin": await efiImage(folder),
    });
    await makeWim(folder, `${folder}/medium/sources/install.wim`, [
      edition("Windows 11 Pro", "Professional", new Uint8Array(1000)),
    ], []);
    await Deno.mkdir(`${folder}/shelf`);
    const words = ["--folder", `${folder}/shelf`, "--state", `${folder}/state`, "--name", "x.iso", "--quiet"];
    const made = await call("media", "import", `${folder}/medium`, ...words);
    assertEquals(made.code, 0, made.stderr);
    for (const [uefi, word, code] of [[false, "BIOS", exitCodes.bios], [true, "UEFI", exitCodes.uefi]] as const) {
      const ended = await startDisc(`${folder}/shelf/x.iso`, folder, uefi);
      assertStringIncludes(ended.said, word);
      assertEquals(ended.code, code);
    }
  }));
