/**
 * The wizard on a running machine, in a terminal: without root, with the default No, applied while a long command runs,
 * the reboot that is offered and declined, then taken, and the way after it. Run by live_setup_test.ts as root of a
 * throw-away copy of this machine (live_enter.sh), never on the machine itself.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { dirname } from "node:path";
import { chooseGpu } from "../../../provision/hardware/choose_gpu.ts";
import { detect } from "../../../provision/hardware/detect.ts";
import { openHost } from "../../../provision/host/open.ts";
import { call } from "../provision/command_line.ts";
import { handOver, reboot } from "../provision/live_machine.ts";
import { differences, snapshot } from "../provision/trees.ts";
import { Pty } from "./pty.ts";

// Both are bind mounts live_enter.sh makes: a running machine has neither.
for (const mark of ["/ran", "/boot_id"]) assert(Deno.statSync(mark).isFile, "this must run inside live_enter.sh");

const tree = () => new Map([...snapshot("/etc", "/etc/libvirt"), ...snapshot("/boot")]);
const ran = () => Deno.readTextFileSync("/ran");
const card = chooseGpu(detect(openHost({ root: "/" })));
assert(card !== null, "the machine of this test has a ready card");
const plain = { term: "dumb" };

/** Enter at every question, up to the one before anything is changed. */
async function toTheLastQuestion(pty: Pty): Promise<void> {
  for (
    const title of ["Which graphics card", "What is the VM for?", "name", "Is this size right?", "Install Windows"]
  ) {
    await pty.until(title);
    await pty.until("] >");
    await pty.send("\n");
  }
  await pty.until("The plan:");
  await pty.until("Change this machine?");
}

// Without root: what was found is shown, and nobody answers questions for nothing.
for (const path of [Deno.execPath(), import.meta.filename!, `${Deno.env.get("HOME")}/.cache/deno/x`]) {
  for (let folder = dirname(path); folder !== "/"; folder = dirname(folder)) Deno.chmodSync(folder, 0o755);
}
{
  const before = tree();
  const through = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
  await using pty = new Pty(["setup"], { ...plain, through });
  await pty.until("This machine");
  const { code, rest } = await pty.ended();
  assertEquals(code, 1, rest);
  assertStringIncludes(rest, "that needs root");
  assertEquals(rest.includes("?"), false, rest);
  assertEquals(differences(before, tree()), []);
}

// On a running machine the proposal of the last question is No.
{
  const before = tree();
  await using pty = new Pty(["setup"], plain);
  await toTheLastQuestion(pty);
  await pty.until("[3] >");
  await pty.send("\n");
  const { code, rest } = await pty.ended();
  assertEquals(code, 0, rest);
  assertStringIncludes(rest, "Nothing was changed.");
  assertEquals([differences(before, tree()), ran()], [[], ""]);
}

// Applied, with arrow keys: while the initial ram disk is built the terminal says so; the reboot's proposal is No.
{
  const program = "/usr/sbin/update-initramfs";
  const standIn = Deno.readTextFileSync(program);
  Deno.writeTextFileSync("/hold", "");
  Deno.writeTextFileSync(
    program,
    standIn.replace("#!/bin/sh\n", "#!/bin/sh\nwhile [ -e /hold ]; do sleep 0.1; done\n"),
  );
  await using pty = new Pty(["setup"], { term: "xterm", size: "rows 24 cols 80" });
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
  await pty.send("\x1b[A\x1b[A\r");
  const upTo = await pty.until("  update-initramfs -u -k all");
  assert(/\[#+-+\] \d+ of \d+ {2}\d+ s {2}update-initramfs -u -k all$/.test(upTo), upTo.slice(-200));
  await pty.until(" 1 s ");
  Deno.removeSync("/hold");
  await pty.until("run update-initramfs -u -k all");
  await pty.until("starts once with passthrough");
  await pty.until("Reboot now?");
  await pty.send("\r");
  const { code, rest } = await pty.ended();
  assertEquals(code, 3, rest);
  assertEquals(ran().includes("systemctl reboot"), false, ran());
  Deno.writeTextFileSync(program, standIn);
}

// Started again before the reboot: it says that it is to come, and does it when told so.
{
  await using pty = new Pty(["setup"], plain);
  await pty.until("Neuron has set this machine up already.");
  await pty.until("What now?");
  await pty.until("[1] >");
  await pty.send("2\n");
  assertEquals((await pty.ended()).code, 3);
  assert(ran().trim().endsWith("systemctl reboot"), ran());
}

// The trial start, in which a unit runs the proof; and then the wizard once more.
reboot("trial");
handOver(card);
{
  await using pty = new Pty(["prove"], plain);
  const { code, rest } = await pty.ended();
  assertEquals(code, 0, rest);
}
{
  await using pty = new Pty(["setup"], plain);
  await pty.until("The trial boot is proved");
  await pty.until("Neuron has set this machine up already.");
  await pty.until("Everything holds");
  await pty.until("Change something?");
  await pty.until("[1] >");
  await pty.send("\n");
  assertEquals((await pty.ended()).code, 0);
}

// The doctor asks the running libvirt, and finds all that Neuron set up in order.
const { code, stdout } = await call("doctor", "--json");
const { findings, checked } = JSON.parse(stdout) as {
  findings: { code: string }[];
  checked: { code: string; result: string }[];
};
assertEquals(code, 0);
for (const one of ["libvirt-not-answering", "libvirt-default-stopped", "verify", "proof", "status"]) {
  assertEquals(checked.find((row) => row.code === one)?.result, "fine", JSON.stringify(findings, null, 1));
}
console.log("the scenario ended well");
