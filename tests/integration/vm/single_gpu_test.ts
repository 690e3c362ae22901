/**
 * The hand-over of the only card with a real libvirtd that calls the hook: when, in which order, and what its refusal
 * means. The desktop is made up (single_gpu_machine.ts). There is no card here, so the domain's XML on the hook's
 * standard input gets one; in the last test the domain has one that libvirt does not find.
 */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { type Domain, LibvirtError, open } from "../../../libvirt/mod.ts";
import { dark, lit, Machine } from "../../unit/steps/single_gpu_machine.ts";
import { type PrivateLibvirtd, withPrivateLibvirtd } from "../private_libvirtd.ts";

const CARD = "<address domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>";
const HOSTDEV = `<hostdev mode='subsystem' type='pci' managed='yes'><source>${CARD}</source></hostdev>`;

function domainXml(devices: string): string {
  return `<domain type='qemu'><name>windows11</name><memory unit='MiB'>32</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices><controller type='usb' model='none'/>${devices}</devices></domain>`;
}

/** With the hook in place, and a witness behind it that writes down every call and how the screen is. */
async function withHook(
  run: (machine: Machine, domain: Domain, daemon: PrivateLibvirtd) => Promise<void>,
  devices = "",
) {
  using machine = new Machine(["dash"]);
  Deno.chmodSync(machine.root, 0o755);
  const tell = (name: string, text: string) => {
    machine.put(`hooks/${name}`, `#!/bin/sh\n${text}\n`);
    Deno.chmodSync(`${machine.root}/hooks/${name}`, 0o755);
  };
  // libvirt calls hooks with an environment of its own.
  const card = devices === "" ? `sed "s|</devices>|${HOSTDEV}&|" |` : "";
  tell(
    "neuron-single-gpu",
    `export NEURON_ROOT=${machine.root} PATH=${machine.root}/bin:/usr/bin:/bin\n${card} sh -u ${machine.root}/hook "$@"`,
  );
  const consoleNow = `$(cat ${machine.root}/sys/class/vtconsole/vtcon1/bind)`;
  tell("zz-witness", `echo "$2/$3 ${consoleNow}" >>${machine.root}/witness`);
  await withPrivateLibvirtd(async (daemon) => {
    await using connection = await open(daemon.uri());
    await run(machine, await connection.defineDomain(domainXml(devices)), daemon);
  }, { hooks: `${machine.root}/hooks` });
}

Deno.test("the desktop is gone before the VM starts, and back after libvirt has given the card back", () =>
  withHook(async (machine, domain) => {
    await domain.start();
    assertEquals(machine.screen(), dark);
    await domain.destroy();
    assertEquals(machine.screen(), lit);
    assertEquals(machine.get("witness").split("\n"), [
      "prepare/begin 0",
      "start/begin 0",
      "started/begin 0",
      "stopped/end 0",
      "release/end 1",
    ]);
  }));

Deno.test("a hook that refuses keeps the VM from starting, says why, and the desktop is there", () =>
  withHook(async (machine, domain) => {
    machine.hold(812, "ffmpeg", "/dev/dri/card0");
    const error = await assertRejects(() => domain.start(), LibvirtError);
    assertStringIncludes(error.message, "the card is still in use by process 812 (ffmpeg)");
    assertEquals((await domain.state()).state, "shutoff");
    assertEquals(machine.screen(), lit);
    // libvirt closes also what it did not open.
    assertEquals(machine.get("witness").split("\n"), ["prepare/begin 1", "stopped/end 1", "release/end 1"]);
  }));

Deno.test("the desktop comes back also when libvirtd died meanwhile", () =>
  withHook(async (machine, _domain, daemon) => {
    await using first = await open(daemon.uri());
    await (await first.lookupDomain("windows11")).start();
    await daemon.kill9();
    await daemon.restart();
    await using connection = await open(daemon.uri());
    const domain = await connection.lookupDomain("windows11");
    // A restarted daemon answers before it has found its guests again; this waits for that.
    await domain.suspend();
    assertEquals(machine.screen(), dark);
    await domain.destroy();
    assertEquals(machine.screen(), lit);
    assertStringIncludes(machine.get("witness"), "reconnect/begin 0");
  }));

Deno.test("a card that libvirt cannot take ends the start, and the desktop comes back", () =>
  withHook(async (machine, domain) => {
    await assertRejects(() => domain.start(), LibvirtError);
    assertEquals(machine.screen(), lit);
    assertStringIncludes(machine.get("journal"), "closing the desktop: the VM windows11 gets the card");
    assertStringIncludes(machine.get("journal"), "the VM windows11 has ended");
  }, HOSTDEV));
