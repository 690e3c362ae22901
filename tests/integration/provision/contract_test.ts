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

/** Apply, plan, repair of every written file, and rollback, on a machine that can have all of it. */
async function keepsPromises(root: string, folder: string): Promise<void> {
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
      await keepsPromises(root, folder);
    });
  });
}

/** Makes the laid-out Debian machine one whose initial ram disk dracut builds. */
function exchangeForDracut(root: string): void {
  for (const path of ["etc/initramfs-tools", "usr/sbin/mkinitramfs", "usr/sbin/update-initramfs"]) {
    Deno.removeSync(`${root}/${path}`, { recursive: true });
  }
  for (const folder of ["usr/bin", "usr/lib/dracut/modules.d", "etc/dracut.conf.d"]) {
    Deno.mkdirSync(`${root}/${folder}`, { recursive: true });
  }
  Deno.writeTextFileSync(`${root}/usr/bin/dracut`, "#!/bin/bash\n", { mode: 0o755 });
  Deno.writeTextFileSync(`${root}/etc/dracut.conf.d/10-debian.conf`, 'hostonly="yes"\n');
}

Deno.test("apply, plan, repair and rollback keep their promises where dracut builds the initial ram disk", async () => {
  await withMachine("intel-z690-rx6650xt", async (root, folder) => {
    exchangeForDracut(root);
    await keepsPromises(root, folder);
    const commands = Deno.readTextFileSync(`${folder}/state/commands.jsonl`);
    assert(commands.includes('["dracut","--force","--regenerate-all"]'), commands);
    assert(!commands.includes("update-initramfs"), commands);
  });
});

Deno.test("apply, plan, repair and rollback keep their promises where the only card is lent out", async () => {
  await withMachine("single-gpu", async (root, folder) => {
    Deno.writeTextFileSync(`${folder}/answers.json`, '{"schema":"neuron.answers/1","host":{"gpuHandover":true}}');
    await keepsPromises(root, folder);
    const commands = Deno.readTextFileSync(`${folder}/state/commands.jsonl`);
    assert(!commands.includes("update-initramfs"), "nothing is bound when the machine starts");
  });
});

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
