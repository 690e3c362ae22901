/** Every golden domain against the grammar of the libvirt that is installed. */
import { assert, assertEquals } from "@std/assert";
import { patchDomain } from "../../../provision/vm/patch/patch.ts";

const GRAMMAR = "/usr/share/libvirt/schemas/domain.rng";
const folder = `${import.meta.dirname}/../../fixtures/domains`;

/** Messages of xmllint; empty when all documents are valid. */
async function invalid(files: readonly string[]): Promise<string[]> {
  let output;
  try {
    output = await new Deno.Command("xmllint", { args: ["--noout", "--relaxng", GRAMMAR, ...files] }).output();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error("This test needs xmllint: apt-get install libxml2-utils");
  }
  const lines = new TextDecoder().decode(output.stderr).trim().split("\n");
  if (lines.some((line) => line.includes("failed to load external entity"))) {
    throw new Error(`This test needs ${GRAMMAR}: apt-get install libvirt-daemon-system (or libvirt0)`);
  }
  return lines.filter((line) => !line.endsWith(" validates"));
}

Deno.test("every golden domain is valid by libvirt's grammar, and so is each after a patch", async () => {
  const temporary = await Deno.makeTempDir();
  try {
    const files = [...Deno.readDirSync(`${folder}/golden`)].map((entry) => entry.name).sort();
    assert(files.length > 30);
    const patched = files.map((name) => {
      const xml = patchDomain(Deno.readTextFileSync(`${folder}/golden/${name}`), {
        memoryMib: 3000,
        vcpus: 3,
        title: "a & b",
        addUsb: [{ vendorId: "046d", productId: "c52b" }],
        addPci: ["0000:41:00.0"],
        boot: ["hd"],
      });
      Deno.writeTextFileSync(`${temporary}/${name}`, xml);
      return `${temporary}/${name}`;
    });
    assertEquals(await invalid([...files.map((name) => `${folder}/golden/${name}`), ...patched]), []);
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
});

Deno.test("the grammar refuses a domain with an element it does not know", async () => {
  const file = await Deno.makeTempFile();
  try {
    const xml = Deno.readTextFileSync(`${folder}/golden/other.xml`).replace("<devices>", "<devices><nonsense/>");
    Deno.writeTextFileSync(file, xml);
    assert((await invalid([file])).length > 0);
  } finally {
    await Deno.remove(file);
  }
});
