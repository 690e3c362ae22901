/** The contract of docs/cli.md for plan, apply and rollback, on every machine of the fixtures with a ready card. */
import { assert, assertEquals } from "@std/assert";
import { chooseGpu } from "../../../provision/hardware/choose_gpu.ts";
import { detect } from "../../../provision/hardware/detect.ts";
import { openHost } from "../../../provision/host/open.ts";
import { hostNames, layOutHost } from "../../fixtures/hosts.ts";
import { call, plannedChanges } from "./command_line.ts";
import { differences, snapshot } from "./trees.ts";

async function withMachine(name: string, use: (root: string, folder: string) => Promise<void>): Promise<void> {
  const folder = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "contract-" }));
  try {
    await layOutHost(name, `${folder}/root`);
    Deno.writeTextFileSync(`${folder}/answers.json`, '{"schema":"neuron.answers/1"}');
    await use(`${folder}/root`, folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const isReady = (root: string) => chooseGpu(detect(openHost({ root }))) !== null;

/** Damages one byte in the middle, keeping mode and length. */
function alterByte(path: string): void {
  const bytes = Deno.readFileSync(path);
  bytes[bytes.length >> 1]! ^= 1;
  Deno.writeFileSync(path, bytes);
}

let tried = 0;

for (const name of hostNames()) {
  Deno.test(`apply, plan, repair and rollback keep their promises on ${name}`, async () => {
    await withMachine(name, async (root, folder) => {
      if (!isReady(root)) {
        const { code } = await call("plan", "--root", root, "--state", `${folder}/state`);
        assertEquals(code, 4, "a machine without a ready card is refused");
        return;
      }
      tried++;
      const where = ["--root", root, "--state", `${folder}/state`] as const;
      const answers = ["--answers", `${folder}/answers.json`] as const;
      const before = snapshot(root);

      const applied = await call("apply", ...where, ...answers, "--yes");
      assertEquals(applied.code, 3, applied.stderr);
      const after = snapshot(root);
      assertEquals(await plannedChanges(...where, ...answers), []);
      assertEquals(await plannedChanges("--root", root, "--state", `${folder}/empty`, ...answers), []);
      assertEquals(differences(snapshot(root), after), [], "planning changes nothing");

      const written = [...after].filter(([path, line]) => line.startsWith("file") && before.get(path) !== line);
      assert(written.length >= 5, `only ${written.length} files were written`);
      for (const [path] of written) {
        alterByte(`${root}${path}`);
        assertEquals(await plannedChanges(...where, ...answers), [`update ${path}`]);
        assertEquals((await call("apply", ...where, ...answers, "--yes")).code, 3);
        assertEquals(await plannedChanges(...where, ...answers), []);
      }

      const back = await call("rollback", ...where, "--yes");
      assertEquals(back.code, 0, back.stderr);
      assertEquals(differences(before, snapshot(root)), []);
      assert(
        (await plannedChanges(...where, ...answers)).includes("run update-grub"),
        "after a rollback all is to do again",
      );
    });
  });
}

Deno.test("some machines of the fixtures have a ready card", () => {
  assert(tried >= 5, `only ${tried} machines were tried`);
});

Deno.test("the default state folder inside the root works the same", async () => {
  await withMachine("intel-z690-rx6650xt", async (root) => {
    Deno.mkdirSync(`${root}/var/lib`, { recursive: true });
    const before = snapshot(root);
    assertEquals((await call("apply", "--root", root, "--yes")).code, 3);
    assertEquals(await plannedChanges("--root", root), []);
    assertEquals((await call("rollback", "--root", root, "--yes")).code, 0);
    assertEquals(differences(before, snapshot(root, `${root}/var/lib/neuron`)), []);
  });
});

Deno.test("without --yes and without a terminal apply changes nothing and exits 5", async () => {
  await withMachine("intel-z690-rx6650xt", async (root, folder) => {
    const before = snapshot(root);
    const { code, stderr } = await call("apply", "--root", root, "--state", `${folder}/state`);
    assertEquals(code, 5);
    assert(stderr.includes("--yes"), stderr);
    assertEquals(differences(before, snapshot(root)), []);
  });
});
