/** A guest without Windows boots, looks at its drives as Windows PE would, and reads the medium. */
import { assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { makeMedium } from "./made.ts";
import { bootStandIn, type Drive } from "./stand_in_guest.ts";
import { done, withFolder } from "./tools.ts";

Deno.test("a guest finds the medium in whichever drive it is, and reads the very bytes", () =>
  withFolder(async (folder) => {
    const { iso, json } = await makeMedium(folder);
    // Stands for the virtio-win medium: another ISO that is not ours.
    const other = `${folder}/other.iso`;
    await Deno.mkdir(`${folder}/other/neuron`, { recursive: true });
    await Deno.writeTextFile(`${folder}/other/neuron/readme.txt`, "not this one");
    await done(["xorriso", "-as", "mkisofs", "-quiet", "-J", "-r", "-o", other, `${folder}/other`], "xorriso");
    await done(
      ["xorriso", "-osirrox", "on", "-indev", iso, "-extract", "/Autounattend.xml", `${folder}/a.xml`],
      "xorriso",
    );
    const answers = createHash("sha256").update(await Deno.readFile(`${folder}/a.xml`)).digest("hex");
    const files = json.files.map(({ path, sha256 }) => `file ${sha256 ?? answers}  ./${path}`).sort();

    const layouts: readonly (readonly Drive[])[] = [
      [{ bus: "ide", iso: null }, { bus: "ide", iso: other }, { bus: "scsi", iso }],
      [{ bus: "ide", iso }, { bus: "scsi", iso: other }],
    ];
    for (const drives of layouts) {
      const said = await bootStandIn(drives, folder);
      const seen = said.filter((line) => line.startsWith("/dev/")).map((line) => line.split(" ")[1]!);
      const expected = drives.map((drive) => drive.iso === null ? "empty" : drive.iso === iso ? "marker" : "other");
      assertEquals(seen.sort(), expected.sort(), said.join("\n"));
      assertEquals(said.filter((line) => line.startsWith("file ")).sort(), files);
      assertEquals(said.at(-1), "end");
    }
  }));
