/** `vm gpu` as a person or a script calls it, on copies of machines: looked at, never touched. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Terminal } from "../../../cli/command.ts";
import { runCommandLine } from "../../../cli/run.ts";
import { withHost } from "../../fixtures/hosts.ts";

async function gpu(root: string, ...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const print = (line: string) => void out.push(line);
  const terminal: Terminal = { columns: 80, color: false, interactive: false, print, note: (line) => err.push(line) };
  const code = await runCommandLine(["vm", "gpu", ...args, "--root", root], terminal);
  return { code, out: out.join("\n"), err: err.join("\n") };
}

Deno.test("list shows each card with the driver and the uses of its functions", () =>
  withHost("igpu-plus-dgpu", async (root) => {
    const [integrated, card] = JSON.parse((await gpu(root, "list", "--json")).out);
    assertEquals(integrated.uses, [{ kind: "boot-display", address: "0000:00:02.0" }]);
    assertEquals(card.functions, [{ address: "0000:01:00.0", driver: null }, {
      address: "0000:01:00.1",
      driver: null,
    }]);
    assertEquals([card.address, card.role, card.verdict, card.uses], ["0000:01:00.0", "secondary", "ready", []]);
    assertStringIncludes((await gpu(root, "list")).out, "the machine starts with its picture on it");
  }));

Deno.test("take and release of a copy are recorded, after the same refusals", () =>
  withHost("igpu-plus-dgpu", async (root) => {
    const override = `${root}/sys/bus/pci/devices/0000:01:00.0/driver_override`;
    const before = Deno.readTextFileSync(override);
    // Any function names the card.
    const { code, err } = await gpu(root, "take", "0000:01:00.1");
    assertEquals(code, 0);
    assertStringIncludes(err, "commands.jsonl");
    const [line] = Deno.readTextFileSync(`${root}/var/lib/neuron/commands.jsonl`).trim().split("\n");
    const { argv, step } = JSON.parse(line!);
    assertEquals([argv, step], [["neuron-setup", "vm", "gpu", "take", "0000:01:00.0"], "vm_gpu"]);
    assertEquals(Deno.readTextFileSync(override), before);

    const boot = await gpu(root, "take", "0000:00:02.0");
    assertEquals(boot.code, 1);
    assertStringIncludes(boot.err, "Cannot bind 0000:00:02.0 to vfio-pci");
    assertStringIncludes(boot.err, "\nhint: ");
  }));

Deno.test("hardware that cannot is exit 4, wrong words are exit 2, an unknown address names the cards", async () => {
  await withHost("no-iommu", async (root) => {
    const [first] = JSON.parse((await gpu(root, "list", "--json")).out);
    assertEquals((await gpu(root, "take", first.address)).code, 4);
  });
  await withHost("igpu-plus-dgpu", async (root) => {
    const unknown = await gpu(root, "take", "0000:7f:00.0");
    assertEquals(unknown.code, 1);
    assertStringIncludes(unknown.err, "There are: 0000:00:02.0");
    for (const words of [[], ["tke"], ["take"], ["take", "a", "b"], ["list", "x"]]) {
      assertEquals((await gpu(root, ...words)).code, 2, words.join(" "));
    }
  });
});
