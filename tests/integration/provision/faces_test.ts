/** What the commands say: JSON for scripts, lines for people, exit codes for both. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { withHost } from "../../fixtures/hosts.ts";
import { systemDisk } from "../../../provision/host/disk.ts";
import { call } from "./command_line.ts";
import { differences, snapshot } from "./trees.ts";

const machine = "intel-z690-rx6650xt";

async function withMachine(use: (where: string[], root: string) => Promise<void>): Promise<void> {
  await withHost(machine, async (root) => {
    const state = Deno.makeTempDirSync();
    try {
      await use(["--root", root, "--state", state], root);
    } finally {
      Deno.removeSync(state, { recursive: true });
    }
  });
}

Deno.test("apply --json is one object a line, from the first step to done", () =>
  withMachine(async (where) => {
    const { code, stdout } = await call("apply", ...where, "--yes", "--json");
    assertEquals(code, 3);
    const events = stdout.split("\n").map((line) =>
      JSON.parse(line) as { type: string; step?: string; changes?: number }
    );
    assertEquals(events[0], { type: "step-started", step: "identity", changes: 3 });
    for (const type of ["change-applied", "progress", "step-verified"]) {
      assert(events.some((one) => one.type === type), type);
    }
    assertEquals(
      events.slice(-2).map(({ type }) => type),
      ["reboot-needed", "done"],
    );
  }));

Deno.test("plan --json is neuron.plan/1, and its digest is what apply goes by", () =>
  withMachine(async (where) => {
    const first = JSON.parse((await call("plan", ...where, "--json")).stdout);
    const second = JSON.parse((await call("plan", ...where, "--json")).stdout);
    assertEquals(first, second);
    assertEquals({ schema: first.schema, phase: first.phase, reboot: first.rebootNeeded }, {
      schema: "neuron.plan/1",
      phase: "host",
      reboot: true,
    });
    assert(/^sha256:[0-9a-f]{64}$/.test(first.digest));
  }));

Deno.test("status tells what stands, what is left and whether to reboot, before and after", () =>
  withMachine(async (where, root) => {
    const status = async () => JSON.parse((await call("status", ...where, "--json")).stdout);
    const before = await status();
    assertEquals({ applied: before.applied, reboot: before.rebootNeeded }, { applied: [], reboot: false });
    assert(before.pending.length > 5);
    await call("apply", ...where, "--yes");
    const after = await status();
    assertEquals({ pending: after.pending, reboot: after.rebootNeeded, interrupted: after.interrupted }, {
      pending: [],
      reboot: true,
      interrupted: false,
    });
    Deno.removeSync(`${root}/etc/neuron/vfio-functions`);
    assertEquals((await status()).pending, [{
      step: "vfio_binding",
      action: "create",
      target: "/etc/neuron/vfio-functions",
    }]);
  }));

Deno.test("status exits 0 also where nothing could be applied", () =>
  withMachine(async (where, root) => {
    Deno.removeSync(`${root}/sys`, { recursive: true });
    const { code, stdout } = await call("status", ...where);
    assertEquals(code, 0);
    assert(stdout.includes("Apply could not go on"), stdout);
  }));

Deno.test("verify exits 1 and names each file that is not as it shall be", () =>
  withMachine(async (where, root) => {
    assertEquals((await call("verify", ...where)).code, 1, "nothing is there yet");
    await call("apply", ...where, "--yes");
    assertEquals((await call("verify", ...where)).code, 0);
    Deno.writeTextFileSync(`${root}/etc/default/grub.d/zz-neuron.cfg`, "");
    const { code, stdout } = await call("verify", ...where);
    assertEquals(code, 1);
    assert(stdout.includes("/etc/default/grub.d/zz-neuron.cfg is not as it shall be"), stdout);
  }));

Deno.test("rollback leaves a file somebody changed, shows the difference, and exits 1", () =>
  withMachine(async (where, root) => {
    await call("apply", ...where, "--yes");
    const path = `${root}/etc/default/grub.d/zz-neuron.cfg`;
    Deno.writeTextFileSync(path, `${Deno.readTextFileSync(path)}# mine\n`);
    const { code, stdout, stderr } = await call("rollback", ...where, "--yes");
    assertEquals(code, 1);
    assert(stdout.includes("+# mine"), stdout);
    assertMatch(stderr, /^error: [^\n]+\nhint: [^\n]+$/);
    assert(Deno.readTextFileSync(path).endsWith("# mine\n"));
    assertEquals([...Deno.readDirSync(`${root}/etc/modprobe.d`)].length, 0, "the rest is taken back");
  }));

Deno.test("a stranger's file at one of our paths comes back with bytes, mode, owner, times and attributes", () =>
  withMachine(async (where, root) => {
    const path = `${root}/etc/default/grub.d/zz-neuron.cfg`;
    Deno.writeTextFileSync(path, "GRUB_TIMEOUT=1\n");
    systemDisk.writeAttributes(path, { "user.note": btoa("mine") });
    Deno.chownSync(path, 1234, 5678);
    Deno.chmodSync(path, 0o4640);
    Deno.utimeSync(path, 1_500_000_000, 1_500_000_000);
    Deno.removeSync(`${root}/etc/modprobe.d`);
    Deno.symlinkSync("/data", `${root}/etc/modprobe.d`);
    Deno.mkdirSync(`${root}/data`);
    const before = snapshot(root);
    assertEquals((await call("apply", ...where, "--yes")).code, 3);
    assert(
      Deno.readTextFileSync(`${root}/data/neuron-vfio.conf`).includes("softdep"),
      "the link leads inside the root",
    );
    assertEquals((await call("rollback", ...where, "--yes")).code, 0);
    assertEquals(differences(before, snapshot(root)), []);
  }));

Deno.test("a boot loader whose parameters cannot be read is refused by name before anything is written", () =>
  withMachine(async (where, root) => {
    Deno.mkdirSync(`${root}/etc/kernelstub`);
    Deno.writeTextFileSync(`${root}/etc/kernelstub/configuration`, "{}");
    const before = snapshot(root);
    const { code, stderr } = await call("apply", ...where, "--yes");
    assertEquals(code, 1);
    assert(stderr.includes("which kernel parameters kernelstub has") && stderr.includes("hint: "), stderr);
    assertEquals(differences(before, snapshot(root)), []);
  }));

Deno.test("wrong words are usage errors with the nearest right one", () =>
  withMachine(async (where) => {
    for (const words of [["rollback", "--to", "nonsense"], ["plan", "--phase", "proof"], ["apply", "now"]]) {
      assertEquals((await call(...words, ...where)).code, 2, words.join(" "));
    }
    const { code, stderr } = await call("plan", ...where, "--answers", "/nowhere.json");
    assertEquals(code, 1);
    assert(stderr.includes("/nowhere.json") && stderr.includes("neuron.answers/1"), stderr);
  }));
