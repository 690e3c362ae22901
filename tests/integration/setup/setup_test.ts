/** The wizard as a person meets it: the real program in a terminal, on copies of machines. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parseAnswers } from "../../../model/answers.ts";
import { withHost } from "../../fixtures/hosts.ts";
import { call } from "../provision/command_line.ts";
import { differences, snapshot } from "../provision/trees.ts";
import { Pty } from "./pty.ts";

const withCard = "intel-z370-gt1030";

Deno.test("plain lines: from the first question to an applied host phase, back included, exit 3", async () => {
  await withHost(withCard, async (root) => {
    const saved = `${root}/answers.json`;
    await using pty = new Pty(["setup", "--root", root, "--save-answers", saved], { term: "dumb" });
    await pty.until("Which graphics card");
    await pty.until("[2] >");
    await pty.send("\n");
    await pty.until("What is the VM for?");
    await pty.until("[4] >");
    await pty.send("b\n");
    await pty.until("Which graphics card");
    await pty.until("[2] >");
    await pty.send("\n");
    await pty.until("[4] >");
    await pty.send("2\n");
    await pty.until("[windows11] >");
    await pty.send("two words\n");
    await pty.until("A name is");
    await pty.send("office\n");
    await pty.until("[1] >");
    await pty.send("\n");
    await pty.until("Install Windows");
    await pty.until("[3] >");
    await pty.send("\n");
    await pty.until("The plan:");
    await pty.until("[1] >");
    await pty.send("2\n");
    await pty.until("+++ /etc/default/grub.d/");
    await pty.until("[1] >");
    await pty.send("1\n");
    const { code, rest } = await pty.ended();
    assertEquals(code, 3, rest);
    assertStringIncludes(rest, "This is a copy");
    assert(!/\r?\n(\r?\n){2}/.test(pty.said), `one empty line between paragraphs:\n${pty.said}`);
    const answers = parseAnswers(Deno.readTextFileSync(saved), saved);
    assertEquals(answers, { schema: "neuron.answers/1", vm: { profile: "office-productivity", name: "office" } });
    assertEquals(Deno.statSync(saved).mode! & 0o777, 0o600);
    assertEquals((await call("setup", "--root", root, "--save-answers", saved)).code, 1);
  });
});

Deno.test("arrow keys: Esc goes back, Enter takes the proposal, exit 3; on 80 × 24 and without any size", async () => {
  for (const size of ["rows 24 cols 80", "rows 0 cols 0"]) {
    await withHost(withCard, async (root) => {
      await using pty = new Pty(["--root", root], { term: "xterm", size });
      await pty.until("select");
      await pty.send("\r");
      await pty.until("What is the VM for?");
      await pty.until("select");
      await pty.send("\x1b");
      await pty.until("Which graphics card");
      await pty.until("select");
      await pty.send("\r");
      await pty.until("What is the VM for?");
      await pty.until("select");
      await pty.send("\r");
      await pty.until("(windows11)");
      await pty.send("\r");
      await pty.until("Is this size right?");
      await pty.until("select");
      await pty.send("\r");
      await pty.until("Install Windows");
      await pty.until("select");
      await pty.send("\r");
      await pty.until("Yes, apply it");
      await pty.until("select");
      await pty.send("\r");
      const { code, rest } = await pty.ended();
      assertEquals(code, 3, rest);
    });
  }
});

Deno.test("Ctrl-C ends with 130 and the end of the input with 5, in both faces, and nothing has changed", async () => {
  await withHost(withCard, async (root) => {
    const before = snapshot(root);
    for (const [term, ready] of [["dumb", "[2] >"], ["xterm", "select"]] as const) {
      for (const [key, expected] of [["\x03", 130], ["\x04", 5]] as const) {
        await using pty = new Pty(["setup", "--root", root], { term });
        await pty.until(ready);
        await pty.send(key);
        const { code, rest } = await pty.ended();
        assertEquals(code, expected, `${term}: ${rest}`);
        assertStringIncludes(rest, "nothing was changed");
      }
    }
    assertEquals(differences(before, snapshot(root)), []);
  });
});

Deno.test("where nobody can be asked it names what is missing; with --yes it takes what is proposed", async () => {
  await withHost(withCard, async (root) => {
    const refused = await call("setup", "--root", root);
    assertEquals(refused.code, 5);
    assertStringIncludes(refused.stderr, "Which graphics card shall the VM get?");
    assertStringIncludes(refused.stderr, "--yes");
    assertEquals((await call("--root", root)).code, 2);

    const answers = `${root}/answers.json`;
    const vm = { name: "box", profile: "gaming", memory: { mib: 4096 }, cpu: { vcpus: 2 } };
    Deno.writeTextFileSync(answers, JSON.stringify({ host: { gpu: "none" }, vm }));
    const unconfirmed = await call("setup", "--root", root, "--answers", answers);
    assertEquals(unconfirmed.code, 5);
    assertStringIncludes(unconfirmed.stderr, "Change this machine as shown?");

    assertEquals((await call("setup", "--root", root, "--yes")).code, 3);
    assertEquals((await call("plan", "--root", root)).stdout.includes("Nothing to change."), true);
    const again = await call("setup", "--root", root);
    assertStringIncludes(again.stdout, "has set this machine up already");
  });
});

Deno.test("a machine without a card to hand over is set up without one, and is told why", async () => {
  await withHost("single-gpu", async (root) => {
    const { code, stdout } = await call("setup", "--root", root, "--yes");
    assert(code === 0 || code === 3, stdout);
    assertStringIncludes(stdout, "No graphics card can be handed to Windows as the machine is now.");
    const { stdout: status } = await call("status", "--root", root);
    assertStringIncludes(status, "Nothing is left to do.");
  });
});

Deno.test("once nothing waits for a reboot, setup runs verify and says what holds and what does not", async () => {
  await withHost("single-gpu", async (root) => {
    const done = await call("setup", "--root", root, "--yes");
    assertEquals(done.code, 0, done.stderr);
    const again = await call("setup", "--root", root);
    assertEquals(again.code, 0, again.stderr);
    assertStringIncludes(again.stdout, "Everything holds");
  });
});

Deno.test("a machine that this version cannot change is shown why; applying is not offered", async () => {
  await withHost(withCard, async (root) => {
    Deno.removeSync(`${root}/etc/default/grub`);
    Deno.removeSync(`${root}/boot/grub`, { recursive: true });
    await using pty = new Pty(["setup", "--root", root], { term: "dumb" });
    for (const prompt of ["[2] >", "[4] >", "[windows11] >", "[1] >", "[3] >"]) {
      await pty.until(prompt);
      await pty.send("\n");
    }
    await pty.until("In the way: No boot loader was found");
    await pty.until("Yes, apply it - not possible");
    await pty.until("[3] >");
    await pty.send("\n");
    assertEquals((await pty.ended()).code, 1);
    assertEquals((await call("status", "--root", root)).stdout.includes("Neuron has changed nothing here"), true);
  });
});
