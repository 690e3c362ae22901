/**
 * Each field of a VmSpec on what a real libvirtd makes of it: the XML it gives back and the command line it would start
 * QEMU with. Emulated (`type='qemu'`), so that it runs where there is no /dev/kvm.
 */
import { assert, assertEquals, assertFalse } from "@std/assert";
import { type Connection, type Domain, open } from "../../../libvirt/mod.ts";
import { parseDomainCapabilities } from "../../../provision/vm/capabilities.ts";
import { readCapabilities } from "../../../provision/vm/read_capabilities.ts";
import { patchDomain } from "../../../provision/vm/patch/patch.ts";
import { renderDomain } from "../../../provision/vm/render_domain.ts";
import { fields } from "../../unit/vm/fields.ts";
import { emulated, example } from "../../unit/vm/specs.ts";
import { hasPath } from "../../unit/vm/xml_paths.ts";
import { withPrivateLibvirtd } from "../private_libvirtd.ts";

/** libvirt writes sizes in KiB, and the audio element of SPICE's own kind. */
const rewritten: Readonly<Record<string, string>> = {
  "memory[unit=MiB]=6144": "memory[unit=KiB]=6291456",
  "currentMemory[unit=MiB]=6144": "currentMemory[unit=KiB]=6291456",
  "os/type[machine=q35]=hvm": "os/type=hvm",
};

Deno.test("every field of a VmSpec survives libvirt and reaches QEMU's command line", async (t) => {
  await withPrivateLibvirtd(async (daemon) => {
    await using connection = await open(daemon.uri());
    for (const { field, answers, elements, absent, argv } of fields) {
      await t.step(field, async () => {
        const { spec, facts } = example(answers);
        const xml = renderDomain(spec, emulated(facts));
        const domain = await connection.defineDomain(xml, { validate: true });
        try {
          const given = await domain.xml({ inactive: true });
          for (const path of elements) {
            const expected = rewritten[path] ?? path;
            assert(hasPath(given, expected), `${expected} is not in\n${given}`);
          }
          for (const path of absent ?? []) assertFalse(hasPath(given, path), `${path} is in\n${given}`);
          if (argv === undefined) return;
          const line = await commandLine(connection, xml);
          for (const words of argv) assert(words.test(line), `${words} is not in\n${line.replaceAll(" -", "\n-")}`);
        } finally {
          await domain.undefine({ nvram: true });
        }
      });
    }
  });
});

/** What needs the host's own devices is said to libvirt as if they were there: no VFIO, no network of this name. */
async function commandLine(connection: Connection, xml: string): Promise<string> {
  const portable = xml
    .replaceAll('type="pci" managed="yes">', 'type="pci" managed="yes"><driver name="vfio"/>')
    .replace(/<interface type="(network|bridge|direct)">\s*<source [^>]*>/, '<interface type="user">');
  const { nativeConfig } = await connection.call("CONNECT_DOMAIN_XML_TO_NATIVE", {
    nativeFormat: "qemu-argv",
    domainXml: portable,
    flags: 0,
  });
  return nativeConfig;
}

Deno.test("a domain for KVM is accepted with every enlightenment where libvirt knows KVM", async () => {
  await withPrivateLibvirtd(async (daemon) => {
    await using connection = await open(daemon.uri());
    const { spec, facts } = example({ host: { gpu: "none" } });
    const guests = await connection.capabilities();
    const kvm = /<domain type='kvm'/.test(guests);
    const xml = renderDomain(spec, kvm ? facts : emulated(facts));
    const domain = await connection.defineDomain(xml, { validate: true });
    const given = await domain.xml();
    assert(hasPath(given, "features/hyperv[mode=custom]/stimer[state=on]/direct[state=on]"));
    assert(hasPath(given, "features/hyperv/spinlocks[state=on][retries=8191]"));
    await domain.undefine({ nvram: true });
  });
});

Deno.test("what the hypervisor says it offers gates the domain, which then starts", async () => {
  await withPrivateLibvirtd(async (daemon) => {
    const capabilities = await readCapabilities(daemon.uri());
    await using connection = await open(daemon.uri());
    const { spec, facts } = example({
      host: { gpu: "none" },
      vm: {
        os: "other",
        name: "demo",
        network: { mode: "user" },
        memory: { mib: 64 },
        disks: [{ volume: "demo.img", format: "raw", cache: "writeback", sizeGib: 1 }],
      },
    });
    const disk = `${daemon.folder}/demo.img`;
    await Deno.writeFile(disk, new Uint8Array(1024 * 1024));
    const xml = renderDomain(spec, {
      ...facts,
      capabilities: { ...capabilities, type: "qemu" },
      poolFolders: { default: daemon.folder },
    });
    const domain = await connection.defineDomain(xml, { validate: true });
    await domain.start();
    assertEquals((await domain.state()).state, "running");
    assert(hasPath(await domain.xml(), "devices/graphics[type=vnc]/listen[address=127.0.0.1]"));
    await domain.destroy();
    await domain.undefine();
  });
});

Deno.test("a Windows domain starts with UEFI, Secure Boot, a TPM and both agents' channels", async () => {
  await withPrivateLibvirtd(async (daemon) => {
    await using connection = await open(daemon.uri());
    const query = { arch: "x86_64", machine: "q35", virtType: "qemu" };
    const capabilities = parseDomainCapabilities(await connection.domainCapabilities(query));
    assertEquals(capabilities.type, "qemu");
    assertFalse(capabilities.cpuModes.has("host-passthrough"));
    const { spec, facts } = example({
      host: { gpu: "none" },
      vm: {
        cpu: { vcpus: 2, pinning: "none" },
        memory: { mib: 256 },
        network: { mode: "user" },
        display: { spice: true },
        disks: [{ format: "raw", cache: "writeback" }],
        cdroms: [{ path: null }],
      },
    });
    await Deno.writeFile(`${daemon.folder}/windows11.qcow2`, new Uint8Array(1024 * 1024));
    const domain = await connection.defineDomain(
      renderDomain({ ...spec, disks: [{ ...spec.disks[0]!, volume: "windows11.qcow2" }] }, {
        ...facts,
        capabilities,
        poolFolders: { default: daemon.folder },
      }),
      { validate: true },
    );
    await domain.start();
    const running = await domain.xml();
    for (
      const path of [
        "os/loader[secure=yes]",
        "features/smm[state=on]",
        "devices/tpm[model=tpm-crb]/backend[type=emulator][version=2.0]",
        "devices/channel[type=unix]/target[type=virtio][name=org.neuron.agent.0]",
        "devices/graphics[type=spice]",
      ]
    ) assert(hasPath(running, path), `${path} is not in\n${running}`);
    await untilFirmwareShows(domain, daemon.folder);
    await domain.destroy();
    await domain.undefine({ nvram: true, tpm: true });
  });
});

/** OVMF's logo: in the middle of a dark screen, and of more colours than any text screen has. */
async function untilFirmwareShows(domain: Domain, folder: string): Promise<void> {
  const file = `${folder}/screen.ppm`;
  const deadline = AbortSignal.timeout(240_000);
  let last = "no picture";
  while (true) {
    if (deadline.aborted) throw new Error(`the firmware's logo did not come up; last seen: ${last}`);
    // By QEMU's monitor, since libvirt gives a PNG where QEMU can make one.
    await domain.monitorCommand(JSON.stringify({ execute: "screendump", arguments: { filename: file } }));
    const seen = middleOf(await Deno.readFile(file));
    if (seen !== null) {
      last = `${seen.colors} colours, ${seen.lit} of ${seen.pixels} pixels lit`;
      if (seen.colors > 16 && seen.lit > seen.pixels / 100) return;
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** What the middle ninth of a picture shows. @param ppm as QEMU makes it: P6, 8 bits a colour (ppm(5)) */
function middleOf(ppm: Uint8Array): { colors: number; lit: number; pixels: number } | null {
  const head = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(new TextDecoder("latin1").decode(ppm.subarray(0, 64)));
  if (head === null) return null;
  const [width, height] = [Number(head[1]), Number(head[2])];
  const colors = new Set<number>();
  let [lit, pixels] = [0, 0];
  for (let y = Math.floor(height / 3); y < height * 2 / 3; y++) {
    for (let x = Math.floor(width / 3); x < width * 2 / 3; x++) {
      const at = head[0].length + (y * width + x) * 3;
      const [red = 0, green = 0, blue = 0] = ppm.subarray(at, at + 3);
      colors.add(red << 16 | green << 8 | blue);
      pixels++;
      if (red + green + blue > 96) lit++;
    }
  }
  return { colors: colors.size, lit, pixels };
}

Deno.test("libvirt takes the states of single vCPUs as a patch leaves them", async () => {
  const state = (id: number, rest: string) => `<vcpu id='${id}' ${rest}/>`;
  const on = "enabled='yes' hotpluggable='no'";
  const plugged = "enabled='yes' hotpluggable='yes'";
  const domains = [
    [state(0, on), state(1, on), state(2, "enabled='no' hotpluggable='yes'")],
    [state(0, `${on} order='1'`), state(1, "enabled='no'"), state(2, `${plugged} order='2'`)],
    [state(0, `${on} order='1'`), state(1, `${plugged} order='3'`), state(2, `${plugged} order='2'`)],
  ].map((states) =>
    `<domain type='qemu'><name>states</name><memory unit='MiB'>64</memory><vcpu current='2'>3</vcpu>` +
    `<vcpus>${states.join("")}</vcpus><os><type arch='x86_64' machine='q35'>hvm</type></os></domain>`
  );
  await withPrivateLibvirtd(async (daemon) => {
    await using connection = await open(daemon.uri());
    for (const before of domains) {
      for (const vcpus of [1, 2, 3, 16]) {
        const patched = patchDomain(before, { vcpus });
        const domain = await connection.defineDomain(patched, { validate: true });
        assertEquals((await domain.info()).vcpus, vcpus, patched);
        await domain.undefine();
      }
    }
  });
});
