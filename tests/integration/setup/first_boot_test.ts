/** The first start of an appliance, on a copy: the wizard until the machine is set up, and then never again. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { withHost } from "../../fixtures/hosts.ts";
import { call } from "../provision/command_line.ts";
import { Pty } from "./pty.ts";

const machine = "intel-z370-gt1030";
const done = (root: string) => `${root}/var/lib/neuron/first-boot-done`;
const exists = (path: string) => Deno.stat(path).then(() => true, () => false);

/** What is asked then; the proposal is taken each time. */
const afterPurpose = ["What shall the VM be called?", "Is this size right?", "Install Windows in the VM as well?"];

Deno.test("the first start asks what the answers do not say, and the second asks nothing", async () => {
  await withHost(machine, async (root) => {
    Deno.mkdirSync(`${root}/etc/neuron`, { recursive: true });
    const answers = { schema: "neuron.answers/1", host: { gpu: "none" } };
    Deno.writeTextFileSync(`${root}/etc/neuron/answers.json`, JSON.stringify(answers));
    await using pty = new Pty(["first-boot", "--console", "tty1", "--root", root], { term: "dumb" });
    await pty.until("Welcome to Neuron.");
    for (const prompt of ["What is the VM for?", ...afterPurpose]) {
      await pty.until(prompt);
      await pty.send("\n");
    }
    await pty.until("Change the copy");
    await pty.until("[1] >");
    await pty.send("1\n");
    const { code, rest } = await pty.ended();
    assert([0, 3].includes(code), rest);
    assert(await exists(done(root)), rest);
    const again = await call("first-boot", "--root", root);
    assertEquals([again.code, again.stdout], [0, ""]);
  });
});

Deno.test("who wants nothing now is asked again at the next start", async () => {
  await withHost(machine, async (root) => {
    await using pty = new Pty(["first-boot", "--root", root], { term: "dumb" });
    for (const prompt of ["Which graphics card", "What is the VM for?", ...afterPurpose]) {
      await pty.until(prompt);
      await pty.send("\n");
    }
    await pty.until("Change the copy");
    await pty.until("[1] >");
    await pty.send("3\n");
    const { code, rest } = await pty.ended();
    assertEquals(code, 0, rest);
    assertStringIncludes(rest, "the next start asks again");
    assert(!await exists(done(root)));
  });
});

Deno.test("a machine that was set up before it could be written down is not asked again", async () => {
  await withHost(machine, async (root) => {
    assertEquals((await call("apply", "--yes", "--root", root)).code, 3);
    assertEquals((await call("first-boot", "--root", root)).code, 0);
    assert(await exists(done(root)));
  });
});
