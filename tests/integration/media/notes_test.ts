/** What is written down about media is no volume of libvirt's, and what an earlier version wrote is found and moved. */
import { assertEquals } from "@std/assert";
import { open } from "../../../libvirt/mod.ts";
import { readShelf } from "../../../provision/media/shelf.ts";
import { take } from "../../../provision/media/take.ts";
import { verify } from "../../../provision/media/record.ts";
import { BigFiles } from "../../../provision/host/big_files.ts";
import { withPrivateLibvirtd } from "../private_libvirtd.ts";
import { faultyServer } from "./faulty_server.ts";
import { assertFinished, discImage, fetchInto, path, type Place, place, refusal, sha256 } from "./place.ts";

const content = discImage(1_000_000);
const known = { sha256: sha256(content), sizeBytes: content.length };

/** As the version before wrote it, beside its file. */
function writeOldRecord({ folder }: Place, name: string, bytes: Uint8Array): void {
  const record = {
    schema: "neuron.media/1",
    sizeBytes: bytes.length,
    sha256: sha256(bytes),
    kind: "iso",
    source: "https://example.org/old.iso",
    verifiedAgainst: "sha256",
    at: "2026-01-01T00:00:00Z",
  };
  Deno.writeFileSync(`${folder}/${name}`, bytes);
  Deno.writeTextFileSync(`${folder}/${name}.media.json`, `${JSON.stringify(record, null, 2)}\n`);
}

Deno.test("libvirtd sees a medium as one volume, and nothing of what is written down about it", async () => {
  await using server = await faultyServer(content);
  using where = place();
  writeOldRecord(where, "old.iso", discImage(100_000));
  await fetchInto(where, { link: server.url, ...known });
  const own = discImage(120_000);
  Deno.writeFileSync(`${where.folder}/../own.iso`, own);
  const outside = new BigFiles("/");
  await take(where.host, where.files, outside, `${where.host.root}/own.iso`, "/images/own.iso");
  await withPrivateLibvirtd(async (daemon) => {
    await using connection = await open(daemon.uri());
    const pool = await connection.createStoragePool(
      `<pool type="dir"><name>media</name><target><path>${where.folder}</path></target></pool>`,
    );
    const volumes = await pool.listVolumes();
    assertEquals(volumes.map(({ name }) => name).sort(), ["file.iso", "old.iso", "own.iso"]);
  });
});

Deno.test("a record of the version before is believed where it lies, and moved by the next who writes there", async () => {
  using where = place();
  const old = discImage(100_000);
  writeOldRecord(where, "old.iso", old);
  const shelved = () => readShelf(where.host, where.files, "/images").filter(({ state }) => state === "here");
  assertEquals(shelved().map(({ name, record }) => [name, record?.sha256]), [["old.iso", sha256(old)]]);
  assertEquals((await verify(where.host, where.files, "/images/old.iso")).source, "https://example.org/old.iso");
  assertEquals(where.names(), ["old.iso", "old.iso.media.json"]);
  await using server = await faultyServer(content);
  await fetchInto(where, { link: server.url, ...known });
  assertEquals(where.names(), ["file.iso", "old.iso"]);
  assertEquals(shelved().map(({ name }) => name).sort(), ["file.iso", "old.iso"]);
  await verify(where.host, where.files, "/images/old.iso");
});

Deno.test("a download that the version before began goes on", async () => {
  await using server = await faultyServer(content, ({ number }) => number === 0 ? { cutAfter: 500_000 } : {});
  using where = place();
  const limits = { connections: 1, checkpointBytes: 100_000 };
  await refusal(fetchInto(where, { link: server.url, ...known }, { limits, patience: { tries: 1 } }));
  // Back to where it was in that version.
  Deno.renameSync(where.note("file.iso.part"), `${where.folder}/file.iso.part.json`);
  await fetchInto(where, { link: server.url, ...known }, { limits });
  assertFinished(where, content);
  assertEquals((server.asked[1]!.range?.[0] ?? 0) > 0, true);
});

Deno.test("killed between writing the moved note and removing the old one, the newer one counts", async () => {
  using where = place();
  await using server = await faultyServer(content);
  await fetchInto(where, { link: server.url, ...known });
  writeOldRecord(where, "file.iso", content);
  assertEquals((await verify(where.host, where.files, path)).source.startsWith("http://127.0.0.1"), true);
  assertEquals((await fetchInto(where, { link: server.url, ...known })).already, true);
  assertEquals(where.names(), ["file.iso"]);
});
