/**
 * Looking Glass's memory as the step writes it and as a real libvirtd and QEMU use it, QEMU as Debian's own user for it.
 * The step's file has another path here, so that nobody's real one is touched.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { open } from "../../../libvirt/mod.ts";
import { makePlan } from "../../../provision/engine/plan.ts";
import { openHost } from "../../../provision/host/open.ts";
import { lookingGlass } from "../../../provision/steps/looking_glass.ts";
import { renderDomain } from "../../../provision/vm/render_domain.ts";
import { spec } from "../../unit/steps/machine.ts";
import { fields } from "../../unit/vm/fields.ts";
import { emulated, example } from "../../unit/vm/specs.ts";
import { guestXml } from "../libvirt/guest_xml.ts";
import { withPrivateLibvirtd } from "../private_libvirtd.ts";

const name = `neuron-test-${crypto.randomUUID()}`;
const path = `/dev/shm/${name}`;
const sizeBytes = 32 * 1024 * 1024;

function rendered(field: string): string {
  const { spec, facts } = example(fields.find((one) => one.field === field)!.answers);
  return renderDomain(spec, emulated(facts));
}

/** The line for systemd-tmpfiles that a machine with the person nobody would get. */
async function tmpfilesText(folder: string): Promise<string> {
  Deno.mkdirSync(`${folder}/root/etc`, { recursive: true });
  Deno.writeTextFileSync(`${folder}/root/etc/passwd`, "daemon:x:1000:1::/:/bin/sh\n");
  Deno.writeTextFileSync(`${folder}/root/etc/group`, "sudo:x:27:daemon\n");
  const host = openHost({ root: `${folder}/root` });
  const wish = { ...spec, lookingGlass: { backend: "shmem", sizeMib: 32 } } as const;
  const { work } = await makePlan(host, [lookingGlass], wish, "host", new Set());
  const node = work.find((item) => item.kind === "node")?.node;
  assert(node?.kind === "file");
  return node.text.replace("/dev/shm/looking-glass", path);
}

async function output(program: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args }).output();
  assert(success, `${program} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout).trim();
}

const state = () => output("stat", "--format=%U:%G %a %s", path);

Deno.test("QEMU and the viewer share the memory that tmpfiles.d makes; one of a smaller size keeps the VM from starting", async () => {
  try {
    await withPrivateLibvirtd(async (daemon) => {
      await using connection = await open(daemon.uri());
      Deno.writeTextFileSync(`${daemon.folder}/shared.conf`, await tmpfilesText(daemon.folder));
      await output("systemd-tmpfiles", "--create", `${daemon.folder}/shared.conf`);
      assertEquals(await state(), "daemon:kvm 660 0");

      const [element] = /<shmem name="looking-glass">.*<\/shmem>/s.exec(rendered("display.lookingGlass shmem"))!;
      const xml = guestXml({ name: "glass", devices: element.replace("looking-glass", name) });
      const domain = await connection.createDomain(xml);
      assertEquals(await state(), `daemon:kvm 660 ${sizeBytes}`, "neither libvirt nor QEMU takes it from the person");
      const [pid] = (await output("pgrep", "--full", name)).split("\n");
      assertEquals(await output("ps", "-o", "user:20=", "-p", pid!), "libvirt-qemu");
      assert(Deno.readTextFileSync(`/proc/${pid}/maps`).includes(path), "QEMU has it mapped");
      await domain.destroy();
      assertEquals(await state(), `daemon:kvm 660 ${sizeBytes}`, "it stays for the next start");

      Deno.truncateSync(path, sizeBytes / 2);
      await assertRejects(() => connection.createDomain(xml), Error, "does not match");
    }, { qemuUser: "libvirt-qemu" });
  } finally {
    Deno.removeSync(path);
  }
});

Deno.test("AppArmor's profile of a VM with this memory lets QEMU use it", async () => {
  const [element] = /<shmem name="looking-glass">.*<\/shmem>/s.exec(rendered("display.lookingGlass shmem"))!;
  const uuid = crypto.randomUUID();
  const xml = guestXml({ name: "glass", devices: element }).replace("</name>", `</name><uuid>${uuid}</uuid>`);
  const helper = new Deno.Command("/usr/lib/libvirt/virt-aa-helper", {
    args: ["--create", "--dryrun", "--uuid", `libvirt-${uuid}`],
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const writer = helper.stdin.getWriter();
  await writer.write(new TextEncoder().encode(xml));
  await writer.close();
  const said = new TextDecoder().decode((await helper.output()).stderr);
  assert(said.includes('"/dev/shm/looking-glass" rw,'), said);
});

Deno.test("QEMU takes the arguments for kvmfr; a file stands for the device, since the module cannot be had here", async () => {
  await withPrivateLibvirtd(async (daemon) => {
    await using connection = await open(daemon.uri());
    const device = `${daemon.folder}/kvmfr0`;
    Deno.writeFileSync(device, new Uint8Array());
    const line = /<qemu:commandline>.*<\/qemu:commandline>/s.exec(rendered("display.lookingGlass kvmfr"));
    assert(line !== null);
    const xml = guestXml({ name: "glass" })
      .replace("<domain ", "<domain xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0' ")
      .replace("</domain>", `${line[0].replace("/dev/kvmfr0", device)}</domain>`);
    const domain = await connection.createDomain(xml);
    assertEquals(Deno.statSync(device).size, sizeBytes);
    await domain.destroy();
  });
});
