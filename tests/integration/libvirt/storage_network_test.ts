import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Chunk, type Connection, LibvirtError, open, type StorageVolume } from "../../../libvirt/mod.ts";
import { withPrivateLibvirtd } from "../private_libvirtd.ts";

const MIB = 1024 * 1024;

function withPool(
  run: (connection: Connection, pool: Awaited<ReturnType<Connection["createStoragePool"]>>) => Promise<void>,
) {
  return withPrivateLibvirtd(async (daemon) => {
    await using connection = await open(daemon.uri());
    const pool = await connection.defineStoragePool(
      "<pool type='dir'><name>pool</name><target><path>/var/lib/libvirt/images/pool</path></target></pool>",
    );
    await pool.build();
    await pool.start();
    await run(connection, pool);
  });
}

function pattern(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
}

async function upload(volume: StorageVolume, chunks: Chunk[], sparse = false): Promise<void> {
  const { writable } = await volume.upload({ sparse });
  await ReadableStream.from(chunks).pipeTo(writable);
}

Deno.test("pools and volumes are defined, filled, listed, resized and deleted", async () => {
  await withPool(async (connection, pool) => {
    const events = await connection.subscribe(["storage-pool.lifecycle", "storage-pool.refresh"]);
    assertEquals((await pool.info()).state, "running");
    await pool.setAutostart(true);
    const volume = await pool.createVolume("<volume><name>a.raw</name><capacity unit='MiB'>1</capacity></volume>");
    assertEquals(await volume.path(), "/var/lib/libvirt/images/pool/a.raw");
    await volume.resize(2 * MIB);
    assertEquals(await volume.info(), { type: "file", capacityBytes: 2 * MIB, allocationBytes: MIB });
    await pool.cloneVolume("<volume><name>b.raw</name><capacity unit='MiB'>2</capacity></volume>", volume);
    await pool.refresh();
    assertEquals((await pool.listVolumes()).map(({ name }) => name).sort(), ["a.raw", "b.raw"]);
    for (const each of await pool.listVolumes()) await each.delete();
    const error = await assertRejects(() => pool.lookupVolume("a.raw"), LibvirtError);
    assertEquals(error.code, "VIR_ERR_NO_STORAGE_VOL");
    await pool.destroy();
    await pool.delete();
    await pool.undefine();
    assertEquals(await connection.listStoragePools(), []);
    const kinds = [];
    for await (const event of events) {
      kinds.push(event.kind === "storage-pool.lifecycle" ? event.event : event.kind);
      if (kinds.at(-1) === "undefined") break;
    }
    assertEquals(kinds, ["storage-pool.refresh", "stopped", "deleted", "undefined"]);
  });
});

Deno.test("what is uploaded is what is downloaded, whole and in part", async () => {
  await withPool(async (_connection, pool) => {
    const volume = await pool.createVolume("<volume><name>v</name><capacity unit='MiB'>3</capacity></volume>");
    const data = pattern(3 * MIB);
    await upload(volume, [data.subarray(0, 1), data.subarray(1, MIB), data.subarray(MIB)]);
    const back = await (await volume.download()).bytes();
    assert(back.length === data.length && back.every((byte, i) => byte === data[i]));
    const part = await (await volume.download({ offsetBytes: MIB + 5, lengthBytes: 10 })).bytes();
    assertEquals(part, data.slice(MIB + 5, MIB + 15));
  });
});

Deno.test("holes go up and come down as holes", async () => {
  await withPool(async (_connection, pool) => {
    const volume = await pool.createVolume(
      "<volume><name>v</name><capacity unit='MiB'>64</capacity><allocation>0</allocation></volume>",
    );
    const data = pattern(4096);
    await upload(volume, [data, { holeBytes: 32 * MIB - 4096 }, data, { holeBytes: 32 * MIB - 4096 }], true);
    assert((await volume.info()).allocationBytes < MIB);
    const chunks = await Array.fromAsync((await volume.download({ sparse: true })).readable);
    const holes = chunks.reduce((sum, chunk) => sum + (chunk instanceof Uint8Array ? 0 : chunk.holeBytes), 0);
    const bytes = chunks.reduce((sum, chunk) => sum + (chunk instanceof Uint8Array ? chunk.length : 0), 0);
    assertEquals(holes + bytes, 64 * MIB);
    assertEquals(bytes, 8192);
    const file = await Deno.makeTempFile();
    await (await volume.download({ sparse: true })).saveTo(await Deno.open(file, { write: true }));
    const { size, blocks } = await Deno.stat(file);
    assertEquals(size, 64 * MIB);
    assert((blocks ?? 0) * 512 < MIB);
    await Deno.remove(file);
  });
});

Deno.test("a download that nobody reads makes the daemon wait, and holds up nothing else", async () => {
  await withPool(async (connection, pool) => {
    const volume = await pool.createVolume("<volume><name>v</name><capacity unit='MiB'>200</capacity></volume>");
    const before = Deno.memoryUsage().rss;
    const stream = await volume.download();
    const reader = stream.readable.getReader();
    assertEquals((await reader.read()).done, false);
    for (let i = 0; i < 500; i++) await connection.hostname();
    assert(Deno.memoryUsage().rss - before < 64 * MIB);
    await reader.cancel();
    assertEquals((await volume.info()).capacityBytes, 200 * MIB);
  });
});

Deno.test("more than a volume holds is refused when it is written", async () => {
  await withPool(async (_connection, pool) => {
    const volume = await pool.createVolume("<volume><name>v</name><capacity>4096</capacity></volume>");
    const { writable } = await volume.upload({ lengthBytes: 4096 });
    const error = await assertRejects(() => ReadableStream.from([pattern(MIB)]).pipeTo(writable), LibvirtError);
    assertEquals(error.origin, "daemon");
  });
});

Deno.test("a download of what is not there fails by name", async () => {
  await withPool(async (_connection, pool) => {
    const volume = await pool.createVolume("<volume><name>v</name><capacity>4096</capacity></volume>");
    await volume.delete();
    await assertRejects(() => volume.download(), LibvirtError, "no storage vol");
  });
});

Deno.test("networks are defined, started, listed and undefined", async () => {
  await withPrivateLibvirtd(async (daemon) => {
    await using connection = await open(daemon.uri());
    const events = await connection.subscribe(["network.lifecycle"]);
    const network = await connection.defineNetwork(
      "<network><name>inside</name><bridge name='vbrtest0' stp='off'/><dns enable='no'/></network>",
    );
    await network.start();
    assertEquals([await network.isActive(), await network.isPersistent()], [true, true]);
    assertEquals(await network.bridgeName(), "vbrtest0");
    await network.setAutostart(true);
    assertEquals(await network.autostart(), true);
    assertEquals((await connection.listNetworks({ active: true })).map(({ name }) => name), ["inside"]);
    assertEquals(await network.dhcpLeases(), []);
    await network.destroy();
    await network.undefine();
    const seen: string[] = [];
    for await (const event of events) {
      if (event.kind === "network.lifecycle") seen.push(`${event.network.name} ${event.event}`);
      if (seen.length === 4) break;
    }
    assertEquals(seen, ["inside defined", "inside started", "inside stopped", "inside undefined"]);
  });
});

Deno.test("a call that the daemon is too old for says so", async () => {
  await withPrivateLibvirtd(async (daemon) => {
    await using connection = await open(daemon.uri());
    const [major = 0, minor = 0] = (await connection.libvirtVersion()).split(".").map(Number);
    const isKnown = major > 11 || (major === 11 && minor >= 2);
    const dom = { name: "x", uuid: "00000000-0000-4000-8000-000000000000", id: -1 };
    const error = await connection.call("DOMAIN_DEL_THROTTLE_GROUP", { dom, group: "g", flags: 0 }).catch((e) => e);
    assert(error instanceof LibvirtError);
    assertEquals(error.code, isKnown ? "VIR_ERR_NO_DOMAIN" : "VIR_ERR_NO_SUPPORT");
  });
});

Deno.test("node devices, secrets and filters are listed, and the host describes itself", async () => {
  await withPrivateLibvirtd(async (daemon) => {
    await using connection = await open(daemon.uri());
    const [computer] = await connection.listNodeDevices({ capSystem: true });
    assertEquals(computer?.name, "computer");
    assert((await computer!.xml()).includes("<capability type='system'>"));
    assertEquals(await computer!.parentName(), null);
    const events = await connection.subscribe(["secret.lifecycle", "secret.value-changed"]);
    const secret = await connection.defineSecret(
      "<secret ephemeral='no' private='no'><usage type='vtpm'><name>tpm of machine</name></usage></secret>",
    );
    await secret.setValue(new TextEncoder().encode("s3cret"));
    assertEquals(new TextDecoder().decode(await secret.value()), "s3cret");
    assertEquals([secret.usage, secret.usageId], ["vtpm", "tpm of machine"]);
    assertEquals((await connection.listSecrets()).length, 1);
    await secret.undefine();
    const kinds = [(await events.next()).value?.kind, (await events.next()).value?.kind];
    assertEquals(kinds, ["secret.lifecycle", "secret.value-changed"]);
    const filter = await connection.defineNetworkFilter("<filter name='quiet' chain='root'/>");
    assert((await filter.xml()).includes("name='quiet'"));
    await filter.undefine();
    assert((await connection.capabilities()).startsWith("<capabilities>"));
    const capabilities = await connection.domainCapabilities({ arch: "x86_64", machine: "q35", virtType: "qemu" });
    assert(capabilities.includes("<domain>qemu</domain>"));
    assert(/^\d+\.\d+\.\d+$/.test(await connection.libvirtVersion()));
    assertEquals([await connection.hypervisorType(), (await connection.nodeInfo()).model], ["QEMU", "x86_64"]);
    assert((await connection.freeMemoryBytes()) > 0);
  });
});
