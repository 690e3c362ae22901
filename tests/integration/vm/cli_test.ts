/** The verbs of `neuron-setup vm` as a person uses them, against a real libvirtd. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Terminal } from "../../../cli/command.ts";
import { runCommandLine } from "../../../cli/run.ts";
import { open } from "../../../libvirt/mod.ts";
import { hasPath } from "../../unit/vm/xml_paths.ts";
import { withHost } from "../../fixtures/hosts.ts";
import { withPrivateLibvirtd } from "../private_libvirtd.ts";

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function neuron(...args: string[]): Promise<Outcome> {
  const out: string[] = [];
  const err: string[] = [];
  const terminal: Terminal = {
    columns: 80,
    color: false,
    interactive: false,
    print: (line) => out.push(line),
    note: (line) => err.push(line),
  };
  const code = await runCommandLine(args, terminal);
  return { code, out: out.join("\n"), err: err.join("\n") };
}

const DOMAIN = `<domain type='qemu'><name>demo</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices><controller type='usb' model='none'/></devices>
</domain>`;

Deno.test("vm define, list, show, start, pause, resume, edit, destroy and delete do what they say, and twice is success", async () => {
  await withPrivateLibvirtd(async (daemon) => {
    const file = `${daemon.folder}/demo.xml`;
    await Deno.writeTextFile(file, DOMAIN);
    const vm = (...words: string[]) => neuron("vm", ...words, "--connect", daemon.uri());
    const json = async (...words: string[]) => JSON.parse((await vm(...words, "--json")).out);

    assertEquals((await vm("list")).err, "There are no VMs");
    assertEquals((await vm("define", file)).out, "Defined demo");
    assertEquals((await json("list")).map((one: { name: string; state: string }) => [one.name, one.state]), [[
      "demo",
      "shutoff",
    ]]);
    assertEquals((await vm("destroy", "demo")).out, "demo is already shutoff");
    assertEquals(await json("start", "demo"), { name: "demo", state: "running", changed: true });
    assertEquals(await json("start", "demo"), { name: "demo", state: "running", changed: false });
    assertEquals(await json("pause", "demo"), { name: "demo", state: "paused", changed: true });

    const conflict = await vm("start", "demo");
    assertEquals(conflict.code, 1);
    assertEquals(conflict.err, "error: Cannot start demo: it is paused\nhint: vm resume lets it go on");
    assertEquals(await json("resume", "demo"), { name: "demo", state: "running", changed: true });

    assertEquals(await json("edit", "demo", "--memory-mib", "96", "--title", "Mine"), {
      name: "demo",
      changed: true,
      needsRestart: true,
    });
    assertEquals((await json("edit", "demo", "--memory-mib", "96")).changed, false);
    assert(hasPath((await vm("xml", "demo")).out, "memory[unit=KiB]=98304"));
    assertEquals((await json("show", "demo")).title, "Mine");

    assertStringIncludes((await vm("delete", "demo", "--yes")).err, "it is running");
    assertEquals(await json("destroy", "demo"), { name: "demo", state: "shutoff", changed: true });
    assertEquals((await vm("delete", "demo")).code, 5);
    assertEquals(await json("delete", "demo", "--yes"), { name: "demo", deleted: true, disksKept: [] });
    const gone = await vm("show", "demo");
    assertEquals([gone.code, gone.err.split("\n")[0]], [1, 'error: There is no VM "demo"']);
  });
});

Deno.test("vm names the nearest VM when there is no such one, and says when libvirt cannot be reached", async () => {
  await withPrivateLibvirtd(async (daemon) => {
    const missing = await neuron("vm", "start", "tset", "--connect", daemon.uri("test:///default"));
    assertEquals(missing.code, 1);
    assertStringIncludes(missing.err, 'hint: Did you mean "test"?');
  });
  const unreachable = await neuron("vm", "list", "--connect", "qemu:///system?socket=/nonexistent");
  assertEquals(unreachable.code, 1);
  assertStringIncludes(unreachable.err, "error: Cannot reach libvirt at");
  assertStringIncludes(unreachable.err, "\nhint: ");
});

Deno.test("vm define --answers makes volumes and domain, and never touches a VM that is there", async () => {
  await withPrivateLibvirtd(async (daemon) => {
    await using connection = await open(daemon.uri());
    const pool = await connection.createStoragePool(
      `<pool type='dir'><name>fast</name><target><path>${daemon.folder}</path></target></pool>`,
    );
    const answers = `${daemon.folder}/answers.json`;
    const vm = {
      name: "made",
      os: "linux",
      memory: { mib: 128 },
      network: { mode: "user" },
      disks: [{ pool: "fast", sizeGib: 1 }],
    };
    await Deno.writeTextFile(answers, JSON.stringify({ host: { gpu: "none" }, vm }));
    const first = await neuron("vm", "define", "--answers", answers, "--json", "--connect", daemon.uri());
    assertEquals(first.err, "");
    assertEquals(JSON.parse(first.out).volumesMade, [`${daemon.folder}/made.qcow2`]);
    const volume = await pool.lookupVolume("made.qcow2");
    assertStringIncludes(await volume.xml(), "<lazy_refcounts/>");
    const second = await neuron("vm", "define", "--answers", answers, "--connect", daemon.uri());
    assertEquals(second.code, 1);
    assertStringIncludes(second.err, "there is one with this name");
    await volume.delete();
  });
});

Deno.test("vm on a rooted machine reaches no daemon but records what would be run, and renders what is there", async () => {
  await withHost("amd-x570-rtx3080-rx5700", async (root) => {
    const { code } = await neuron("vm", "start", "windows11", "--root", root);
    assertEquals(code, 0);
    const [line] = (await Deno.readTextFile(`${root}/var/lib/neuron/commands.jsonl`)).trim().split("\n");
    assertEquals(JSON.parse(line!).argv, ["virsh", "--connect", "qemu:///system", "start", "windows11"]);
    const rendered = await neuron("vm", "render", "--root", root);
    assertEquals(rendered.code, 0);
    assert(hasPath(rendered.out, "devices/hostdev/source/address[bus=0x0d][function=0x1]"));
  });
});

Deno.test("vm patch prints the file with exactly that changed, and refuses what it does not know", async () => {
  const folder = `${import.meta.dirname}/../../fixtures/domains`;
  const before = await Deno.readTextFile(`${folder}/device_orders.xml`);
  const same = await neuron("vm", "patch", `${folder}/device_orders.xml`);
  assertEquals(`${same.out}\n`, before);
  const { out } = await neuron("vm", "patch", `${folder}/device_orders.xml`, "--memory-mib", "1024");
  assertEquals(`${out}\n`, before.replace("<memory unit='MiB'>512", "<memory unit='MiB'>1024"));
  for (
    const [code, ...words] of [
      [2, "patch"],
      [2, "patch", "a.xml", "b.xml"],
      [2, "patch", `${folder}/device_orders.xml`, "--memory-mib", "-1"],
      [2, "patch", `${folder}/device_orders.xml`, "--vcpus", "two"],
      [2, "patch", `${folder}/device_orders.xml`, "--add-usb", "zz"],
      [2, "list", "--vcpus", "2"],
      [2, "strat"],
      [2],
      [1, "patch", "/nonexistent.xml"],
      [1, "patch", `${folder}/device_orders.xml`, "--add-pci", "nonsense"],
    ] as const
  ) {
    const result = await neuron("vm", ...words.map(String));
    assertEquals(result.code, code, `${words}: ${result.err}`);
    assertStringIncludes(result.err, "\nhint: ");
  }
});
