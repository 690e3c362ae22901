/** The medium as xorriso makes it and as others read it; editions from a WIM that wimlib made. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import { parseXml } from "../../../provision/vm/xml.ts";
import { makeMedium, neuron, password } from "./made.ts";
import { done, withFolder } from "./tools.ts";

Deno.test("the medium holds what was said, is 0600, and everything is read back byte for byte", () =>
  withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/extra/agent`, { recursive: true });
    await Deno.writeTextFile(`${folder}/extra/agent/install.cmd`, "@echo hello\r\n");
    const { iso, json } = await makeMedium(folder, {}, "--extra", `${folder}/extra`);
    assertEquals((await Deno.stat(iso)).mode! & 0o777, 0o600);

    await done(["xorriso", "-osirrox", "on", "-indev", iso, "-extract", "/", `${folder}/read`], "xorriso");
    const listed = await done(["xorriso", "-indev", iso, "-find", "/", "-type", "f", "-exec", "echo"], "xorriso");
    assertEquals(
      listed.split("\n").filter((line) => line !== "").map((line) => line.replaceAll("'", "").slice(1)).sort(),
      json.files.map((file) => file.path).sort(),
    );
    assert(json.files.some((file) => file.path === "neuron/agent/install.cmd"));
    for (const { path, sizeBytes, sha256 } of json.files) {
      const bytes = await Deno.readFile(`${folder}/read/${path}`);
      assertEquals(bytes.length, sizeBytes, path);
      if (sha256 !== null) assertEquals(createHash("sha256").update(bytes).digest("hex"), sha256, path);
    }
    assertStringIncludes(await done(["xorriso", "-indev", iso, "-pvd_info"], "xorriso"), "Volume Id    : NEURON");

    // libxml2 reads it as well, and nothing shows the password as it is.
    const answers = `${folder}/read/Autounattend.xml`;
    await done(["xmllint", "--noout", "--nonet", answers], "libxml2-utils");
    const xml = await Deno.readTextFile(answers);
    assert(!xml.includes(password) && parseXml(xml).documentElement !== null);
  }));

Deno.test("the edition is read from a real WIM, and what it does not have is refused with what it has", () =>
  withFolder(async (folder) => {
    const wim = `${folder}/install.wim`;
    await Deno.mkdir(`${folder}/root`);
    await Deno.writeTextFile(`${folder}/root/hello`, "hello");
    for (
      const [index, [name, edition]] of [["Windows 11 Home", "Core"], ["Windows 11 Pro", "Professional"]].entries()
    ) {
      const properties = {
        "WINDOWS/ARCH": "9",
        "WINDOWS/EDITIONID": edition,
        "WINDOWS/INSTALLATIONTYPE": "Client",
        "WINDOWS/LANGUAGES/LANGUAGE": "fr-FR",
        "WINDOWS/LANGUAGES/DEFAULT": "fr-FR",
      };
      const flags = Object.entries(properties).map(([key, value]) => `--image-property=${key}=${value}`);
      const verb = index === 0 ? "capture" : "append";
      await done(["wimlib-imagex", verb, `${folder}/root`, wim, name!, ...flags], "wimtools");
    }
    const pro = await makeMedium(folder, {}, "--wim", wim);
    assertEquals([pro.json.windows.image?.value, pro.json.windows.title], ["2", "Windows 11 Pro"]);
    assertEquals((await makeMedium(folder, { edition: "Home" }, "--wim", wim)).json.windows.image?.value, "1");

    const words = ["vm", "answer-medium", "--answers", `${folder}/answers.json`, "--out", `${folder}/x.iso`];
    await makeMedium(folder, { edition: "Enterprise" });
    const refused = await neuron(...words, "--wim", wim);
    assertEquals(refused.code, 1);
    assertStringIncludes(refused.err, 'It has: "Windows 11 Home", "Windows 11 Pro"');
    const noWim = await neuron(...words, "--wim", `${folder}/root/hello`);
    assertEquals(noWim.code, 1);
    assertStringIncludes(noWim.err, "as a Windows image");
  }));

Deno.test("a password that cannot be read is exit 5 and leaves no medium", () =>
  withFolder(async (folder) => {
    await makeMedium(folder);
    await Deno.remove(`${folder}/password`);
    const { code, err } = await neuron(
      "vm",
      "answer-medium",
      "--answers",
      `${folder}/answers.json`,
      "--out",
      `${folder}/other.iso`,
    );
    assertEquals(code, 5);
    assertStringIncludes(err, "\nhint: ");
    assertEquals([...Deno.readDirSync(folder)].some((entry) => entry.name === "other.iso"), false);
  }));
