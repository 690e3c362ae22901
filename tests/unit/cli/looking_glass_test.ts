/** `vm looking-glass` before it reaches a hypervisor: words, flags, copies of machines. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { call } from "../../integration/provision/command_line.ts";
import { withHost } from "../../fixtures/hosts.ts";

const glass = (...words: string[]) => call("vm", "looking-glass", ...words);

Deno.test("flags that contradict each other are wrong usage, with what to leave out", async () => {
  for (
    const flags of [
      ["--full-screen", "--window"],
      ["--print", "--wait"],
      ["--install-launcher", "--remove-launcher"],
      ["--install-launcher", "--follow"],
      ["--print", "--follow"],
    ]
  ) {
    const { code, stderr } = await glass("windows11", ...flags);
    assertEquals(code, 2, flags.join(" "));
    assertStringIncludes(stderr, "does not take --");
    assertStringIncludes(stderr, "hint: Leave one of the two out");
  }
  for (const words of [[], ["a", "b"], ["a", "--answers", "x"]]) assertEquals((await glass(...words)).code, 2);
});

Deno.test("a copy of a machine has no desktop: the command is recorded", () =>
  withHost("igpu-plus-dgpu", async (root) => {
    assertEquals((await glass("windows11", "--wait", "--follow", "--root", root)).code, 0);
    const [line] = Deno.readTextFileSync(`${root}/var/lib/neuron/commands.jsonl`).trim().split("\n");
    const { argv, step } = JSON.parse(line!);
    assertEquals([argv, step], [["/usr/bin/neuron-setup", "vm", "looking-glass", "windows11"], "vm_looking_glass"]);
  }));
