/** What is read out of a domain's XML, and what stands in the way of its picture. */
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { AppError } from "../../../model/errors.ts";
import { readGlassDomain } from "../../../provision/looking_glass_client/domain.ts";
import { memoryTrouble, pictureNotes, refuseWrongPerson } from "../../../provision/looking_glass_client/obstacles.ts";
import { renderDomain } from "../../../provision/vm/render_domain.ts";
import { fields } from "../vm/fields.ts";
import { example } from "../vm/specs.ts";

function rendered(field: string): string {
  const { spec, facts } = example(fields.find((one) => one.field === field)!.answers);
  return renderDomain(spec, facts);
}

const byHand = (devices: string, more = "") =>
  `<domain type="kvm" xmlns:qemu="http://libvirt.org/schemas/domain/qemu/1.0"><name>mine</name><uuid>u</uuid>
   <devices>${devices}</devices>${more}</domain>`;
const argument = (value: string) =>
  `<qemu:commandline><qemu:arg value="-object"/><qemu:arg value="${
    value.replaceAll('"', "&quot;")
  }"/></qemu:commandline>`;
const shmem = (name: string, size: string) => `<shmem name="${name}"><size ${size}</size></shmem>`;

Deno.test("what Neuron's own templates make is found again, with both backends", () => {
  const shm = readGlassDomain(rendered("display.lookingGlass shmem"));
  assertEquals(shm.memory, { path: "/dev/shm/looking-glass", sizeMib: 32 });
  assertEquals([shm.spec.enabled, shm.title.startsWith("Windows 11")], [true, true]);
  // The port is only known while it runs.
  assertEquals(shm.spice, null);
  assertEquals(readGlassDomain(rendered("display.lookingGlass kvmfr")).memory, { path: "/dev/kvmfr0", sizeMib: 32 });
});

Deno.test("memory of VMs made by hand: units, names and both ways to write kvmfr", () => {
  const rows: readonly (readonly [string, string, number])[] = [
    [byHand(shmem("looking-glass", 'unit="M">64')), "/dev/shm/looking-glass", 64],
    [byHand(shmem("lg", 'unit="MiB">128')), "/dev/shm/lg", 128],
    [byHand(shmem("lg", 'unit="KiB">65536')), "/dev/shm/lg", 64],
    [byHand(shmem("lg", ">33554432")), "/dev/shm/lg", 32],
    [byHand(shmem("other", 'unit="M">4') + shmem("looking-glass", 'unit="M">32')), "/dev/shm/looking-glass", 32],
    [
      byHand("", argument('{"qom-type":"memory-backend-file","mem-path":"/dev/kvmfr1","size":67108864,"share":true}')),
      "/dev/kvmfr1",
      64,
    ],
    [byHand("", argument("memory-backend-file,id=a,mem-path=/dev/kvmfr0,size=32M,share=yes")), "/dev/kvmfr0", 32],
  ];
  for (const [xml, path, sizeMib] of rows) assertEquals(readGlassDomain(xml).memory, { path, sizeMib });
});

Deno.test("a VM without such memory is refused, and told apart from one that has lost it", () => {
  for (
    const xml of [
      byHand(""),
      byHand(shmem("lg", ">0")),
      byHand("", argument("{")),
      byHand("", argument('{"mem-path":"/etc/shadow","size":1}')),
      byHand("", argument("memory-backend-file,mem-path=/dev/kvmfr0")),
    ]
  ) {
    const error = assertThrows(() => readGlassDomain(xml), AppError, 'The VM "mine" has no memory for Looking Glass');
    assertStringIncludes(error.hint!, "a card that the VM has for itself");
  }
  const lost = rendered("display.lookingGlass shmem").replace(/<shmem[\s\S]*<\/shmem>/, "");
  assertStringIncludes(assertThrows(() => readGlassDomain(lost), AppError).hint!, "out of its XML");
});

Deno.test("SPICE: address, port and socket as the running domain says them", () => {
  const spice = (graphics: string) => readGlassDomain(byHand(shmem("lg", 'unit="M">32') + graphics)).spice;
  assertEquals(spice(""), null);
  assertEquals(spice('<graphics type="vnc" port="5900"/>'), null);
  assertEquals(spice('<graphics type="spice" port="-1" autoport="yes"/>'), null);
  assertEquals(spice('<graphics type="spice" port="-1" tlsPort="5901"/>'), null);
  assertEquals(spice('<graphics type="spice" port="5902" listen="127.0.0.1"/>'), { host: "127.0.0.1", port: 5902 });
  assertEquals(spice('<graphics type="spice" port="5902"><listen type="address" address="::"/></graphics>'), {
    host: "::1",
    port: 5902,
  });
  assertEquals(spice('<graphics type="spice" port="5902" listen="0.0.0.0"/>'), { host: "127.0.0.1", port: 5902 });
  assertEquals(
    spice('<graphics type="vnc"/><graphics type="spice"><listen type="socket" socket="/run/s"/></graphics>'),
    {
      host: "/run/s",
      port: 0,
    },
  );
});

Deno.test("each obstacle has its cure", () => {
  const file = { kind: "file", mode: 0o660, uid: 0, gid: 0, sizeBytes: 1, mtimeMs: 0 } as const;
  const on = (path: string) => ({
    ...readGlassDomain(byHand(shmem("lg", 'unit="M">32'))),
    memory: { path, sizeMib: 32 },
  });
  const shm = on("/dev/shm/lg");
  const kvmfr = on("/dev/kvmfr0");
  const rows = [
    [shm, { status: null, whyNotOpened: null }, "is missing", "vm shutdown mine"],
    [kvmfr, { status: null, whyNotOpened: null }, "is missing", "modprobe kvmfr"],
    [kvmfr, { status: file, whyNotOpened: null }, "is a plain file", "rm /dev/kvmfr0"],
    [shm, { status: file, whyNotOpened: "permission denied" }, "You may not open", "neuron-setup apply"],
    [kvmfr, { status: { ...file, kind: "other" }, whyNotOpened: "permission denied" }, "You may not open", "usermod"],
    [shm, { status: { ...file, sizeBytes: 0 }, whyNotOpened: null }, "is empty", "Start the VM"],
  ] as const;
  for (const [domain, seen, what, cure] of rows) {
    const trouble = memoryTrouble(domain, seen)!;
    assertStringIncludes(trouble.message, what);
    assertStringIncludes(trouble.hint!, cure);
  }
  assertEquals(memoryTrouble(shm, { status: file, whyNotOpened: null }), null);
  assertThrows(() => refuseWrongPerson({ uid: 0, hasScreen: true }), AppError, "as root");
  assertThrows(() => refuseWrongPerson({ uid: 1000, hasScreen: false }), AppError, "no desktop");
  refuseWrongPerson({ uid: 1000, hasScreen: true });
});

Deno.test("a memory too small for the size, and a VM without SPICE, are said", () => {
  const codes = (xml: string) => pictureNotes(readGlassDomain(xml)).map(({ code }) => code);
  const ours = rendered("display.lookingGlass shmem");
  const listening = ours.replace(/(<graphics type="spice") port="-1"/, '$1 port="5901"');
  assertEquals(codes(listening), []);
  assertEquals(codes(ours), ["looking-glass-no-spice"]);
  assertEquals(codes(listening.replace(/(<size unit="M">)32/, "$116")), ["looking-glass-memory-small"]);
  assertEquals(codes(byHand(shmem("lg", 'unit="M">16') + '<graphics type="spice" port="5902"/>')), []);
});
