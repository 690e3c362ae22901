import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type Chunk,
  type Connection,
  type EventKind,
  type EventOf,
  LibvirtError,
  open,
  type Subscription,
} from "../../../libvirt/mod.ts";
import { withPrivateLibvirtd } from "../private_libvirtd.ts";
import { guestXml } from "./guest_xml.ts";

function withConnection(run: (connection: Connection, folder: string) => Promise<void>): Promise<void> {
  return withPrivateLibvirtd(async (daemon) => {
    await using connection = await open(daemon.uri());
    await run(connection, daemon.folder);
  });
}

/** Takes events until one is as wanted; the test's own deadline is its end. */
async function until<K extends EventKind>(
  events: Subscription<K>,
  wanted: (event: EventOf<K>) => boolean,
): Promise<EventOf<K>[]> {
  const seen: EventOf<K>[] = [];
  for (;;) {
    const { value, done } = await events.next();
    if (done) throw new Error("the events have ended");
    if (value.kind === "overflow") throw new Error("events were lost");
    seen.push(value as EventOf<K>);
    if (wanted(value as EventOf<K>)) return seen;
  }
}

Deno.test("a domain is defined, started, paused, resumed and destroyed, and events tell of each", async () => {
  await withConnection(async (connection) => {
    const events = await connection.subscribe(["domain.lifecycle"]);
    const domain = await connection.defineDomain(guestXml({ name: "machine" }), { validate: true });
    assertEquals([domain.name, domain.id], ["machine", -1]);
    const running = await domain.start({ paused: true });
    assertEquals(running.id, 1);
    assertEquals((await running.state()).state, "paused");
    await running.resume();
    await running.suspend();
    assertEquals((await running.state()).state, "paused");
    await running.resume();
    assertEquals(await running.isActive(), true);
    await running.reset();
    await running.destroy();
    const seen = await until(events, ({ event }) => event === "stopped");
    assertEquals(seen.map(({ event, detail }) => `${event} ${detail}`), [
      "defined added",
      "started booted",
      "suspended paused",
      "resumed unpaused",
      "suspended paused",
      "resumed unpaused",
      "shutdown host",
      "stopped destroyed",
    ]);
    assert(seen.every((event) => event.domain.uuid === domain.uuid));
    await domain.undefine();
    const error = await assertRejects(
      () => connection.lookupDomain("machine"),
      LibvirtError,
      "no domain with matching name",
    );
    assertEquals([error.code, error.domain, error.origin], ["VIR_ERR_NO_DOMAIN", "VIR_FROM_QEMU", "daemon"]);
  });
});

Deno.test("XML that libvirt's schema does not know is refused when validating", async () => {
  await withConnection(async (connection) => {
    const xml = guestXml({ name: "odd", devices: "<nonsense/>" });
    const error = await assertRejects(() => connection.defineDomain(xml, { validate: true }), LibvirtError);
    assertEquals(error.code, "VIR_ERR_XML_INVALID_SCHEMA");
  });
});

Deno.test("a domain's metadata, title, memory, processors and autostart are written and read", async () => {
  await withConnection(async (connection) => {
    const domain = await connection.defineDomain(guestXml({ name: "machine" }));
    await domain.setMetadata("https://example.org/ns", "ex", "<thing>ü &amp; 1</thing>", { config: true });
    assertEquals(await domain.metadata("https://example.org/ns", { config: true }), "<thing>ü &amp; 1</thing>");
    await domain.setMetadata("https://example.org/ns", "ex", null, { config: true });
    const gone = await assertRejects(() => domain.metadata("https://example.org/ns", { config: true }), LibvirtError);
    assertEquals(gone.code, "VIR_ERR_NO_DOMAIN_METADATA");
    await domain.setText("title", "A title", { config: true });
    await domain.setVcpus(2, { config: true, maximum: true });
    await domain.setMemory(32 * 1024, { config: true });
    await domain.setAutostart(true);
    assertEquals([await domain.autostart(), await domain.isPersistent()], [true, true]);
    const xml = await domain.xml({ inactive: true });
    for (const part of ["<title>A title</title>", "<currentMemory unit='KiB'>32768<", ">2</vcpu>"]) {
      assert(xml.includes(part), xml);
    }
    const renamed = await domain.rename("other");
    assertEquals((await connection.lookupDomainByUuid(domain.uuid)).name, renamed.name);
  });
});

Deno.test("devices come and go while the guest runs", async () => {
  await withConnection(async (connection) => {
    const running = await connection.createDomain(guestXml({
      name: "machine",
      devices: "<disk type='file' device='cdrom'><target dev='hda' bus='ide'/><readonly/></disk>",
    }));
    const events = await connection.subscribe(["domain.device-added", "domain.device-removed", "domain.disk-change"]);
    await running.attachDevice("<input type='tablet' bus='usb'><alias name='ua-tablet'/></input>", { live: true });
    assertEquals((await until(events, () => true))[0]!.kind, "domain.device-added");
    assert((await running.xml()).includes("ua-tablet"));
    await running.detachDeviceByAlias("ua-tablet", { live: true });
    const removed = (await until(events, () => true))[0]!;
    assertEquals(removed.kind === "domain.device-removed" && removed.deviceAlias, "ua-tablet");
  });
});

Deno.test("a screenshot is a picture", async () => {
  await withConnection(async (connection) => {
    const running = await connection.createDomain(guestXml({ name: "machine" }));
    const { mime, stream } = await running.screenshot();
    const picture = await stream.bytes();
    assertEquals(mime, "image/png");
    assertEquals([...picture.subarray(0, 8)], [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
    await running.sendKey([29, 56, 111]);
  });
});

Deno.test("a serial console carries bytes both ways, until its guest ends", async () => {
  await withConnection(async (connection) => {
    const running = await connection.createDomain(guestXml({ name: "machine", serial: true }));
    const console = await running.openConsole();
    const reader = console.readable.pipeThrough(new TransformStream(decodeText)).getReader();
    const writer = console.writable.getWriter();
    await readUntil(reader, "Press ESC for boot menu");
    await writer.write(Uint8Array.of(0x1b));
    await readUntil(reader, "Select boot device");
    await running.destroy();
    // With the guest its console ends; that is told as an end or as an error, and never as silence.
    await readUntil(reader, "never said").catch((error: unknown) => assert(error instanceof Error));
  });
});

const decodeText: Transformer<Chunk, string> = {
  transform: (chunk, controller) => {
    if (chunk instanceof Uint8Array) controller.enqueue(new TextDecoder().decode(chunk));
  },
};

async function readUntil(reader: ReadableStreamDefaultReader<string>, wanted: string): Promise<void> {
  for (let text = ""; !text.includes(wanted);) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`the console ended before it said ${JSON.stringify(wanted)}: ${text}`);
    text += value;
  }
}

Deno.test("statistics of all domains come typed in one call", async () => {
  await withConnection(async (connection) => {
    await connection.defineDomain(guestXml({ name: "off" }));
    await connection.createDomain(guestXml({ name: "on" }));
    const stats = new Map((await connection.allDomainStats()).map((each) => [each.domain.name, each]));
    assertEquals([stats.get("off")?.state, stats.get("on")?.state], ["shutoff", "running"]);
    assert((stats.get("on")?.cpu.timeNs ?? 0) > 0);
    assertEquals(stats.get("on")?.balloon.maximumKib, 64 * 1024);
    assertEquals(stats.get("on")?.vcpus.length, 1);
    const only = await connection.allDomainStats({ groups: { state: true }, filter: { running: true } });
    assertEquals(only.map(({ domain, reason }) => [domain.name, reason]), [["on", "booted"]]);
    const listed = await connection.listDomainsWithState();
    assertEquals(listed.map(({ domain, state }) => `${domain.name} ${state}`).sort(), ["off shutoff", "on running"]);
    assertEquals((await connection.listDomains({ inactive: true })).map(({ name }) => name), ["off"]);
  });
});

Deno.test("snapshots are made, listed, gone back to and deleted", async () => {
  await withConnection(async (connection) => {
    const pool = await connection.createStoragePool(
      "<pool type='dir'><name>images</name><target><path>/var/lib/libvirt/images</path></target></pool>",
    );
    const disk = await pool.createVolume(
      "<volume><name>disk.qcow2</name><capacity unit='MiB'>8</capacity><target><format type='qcow2'/></target></volume>",
    );
    const domain = await connection.defineDomain(guestXml({
      name: "machine",
      devices: `<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='${await disk.path()}'/>
        <target dev='vda' bus='virtio'/></disk>`,
    }));
    await domain.createSnapshot("<domainsnapshot><name>first</name></domainsnapshot>");
    const second = await domain.createSnapshot("<domainsnapshot><name>second</name></domainsnapshot>");
    assertEquals((await domain.listSnapshots()).map(({ name }) => name).sort(), ["first", "second"]);
    assertEquals([await second.isCurrent(), (await second.parent()).name], [true, "first"]);
    const first = await domain.lookupSnapshot("first");
    await first.revert();
    assertEquals(await first.isCurrent(), true);
    assert((await second.xml()).includes("<name>second</name>"));
    await second.delete();
    await domain.undefine({ snapshotsMetadata: true });
  });
});

Deno.test("a guest without an agent, a network or a job says so", async () => {
  await withConnection(async (connection) => {
    const running = await connection.createDomain(guestXml({ name: "machine" }));
    const error = await assertRejects(() => running.agentCommand('{"execute":"guest-ping"}'), LibvirtError, "agent");
    assertEquals(error.code, "VIR_ERR_ARGUMENT_UNSUPPORTED");
    assertEquals(await running.interfaceAddresses("lease"), []);
    assertEquals(await running.jobStats(), {});
    assertEquals((await assertRejects(() => running.abortJob(), LibvirtError)).code, "VIR_ERR_OPERATION_INVALID");
    assertEquals(JSON.parse(await running.monitorCommand('{"execute":"query-status"}')).return.running, true);
  });
});

Deno.test("a saved guest goes on where it was", async () => {
  await withConnection(async (connection) => {
    const domain = await connection.defineDomain(guestXml({ name: "machine" }));
    await domain.start();
    await domain.managedSave();
    assertEquals([await domain.hasManagedSave(), (await domain.state()).reason], [true, "saved"]);
    await domain.start();
    assertEquals((await domain.state()).reason, "restored");
    await domain.managedSave();
    await domain.removeManagedSave();
    assertEquals(await domain.hasManagedSave(), false);
  });
});
