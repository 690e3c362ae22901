/** What a download promises beyond surviving faults: several connections, new links, one at a time, room on the disk. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { BigFiles } from "../../../provision/host/big_files.ts";
import { openHost } from "../../../provision/host/open.ts";
import type { MediaProgress } from "../../../provision/media/progress.ts";
import { verify } from "../../../provision/media/record.ts";
import { faultyServer } from "./faulty_server.ts";
import { assertFinished, discImage, fetchInto, path, place, refusal, sha256, smallDisk } from "./place.ts";

const content = discImage(1_000_000);
const known = { sha256: sha256(content), sizeBytes: content.length };

Deno.test("a big file comes by several connections, a small one by one, and both in order of their bytes", async () => {
  await using server = await faultyServer(content, () => ({ paceMs: 1 }));
  using where = place();
  await fetchInto(where, { link: server.url, ...known });
  assertFinished(where, content);
  assert(server.connections() > 1 && server.connections() <= 4, `${server.connections()} connections`);
  assertEquals(server.bytesSent(), content.length);
  const starts = server.asked.map(({ range }) => range![0]);
  assertEquals(starts.toSorted((a, b) => a - b)[0], starts[0]);

  const small = discImage(60_000);
  await using other = await faultyServer(small);
  using second = place();
  await fetchInto(second, { link: other.url });
  assertEquals(other.asked.length, 1);
});

Deno.test("a server that allows one connection is asked with one, and no byte is lost", async () => {
  let open = 0;
  await using server = await faultyServer(content, () => {
    if (open > 0) return { status: 503 };
    open++;
    setTimeout(() => open--, 20);
    return { paceMs: 1 };
  });
  using where = place();
  await fetchInto(where, { link: server.url, ...known }, { patience: { tries: 40 } });
  assertFinished(where, content);
});

Deno.test("progress grows to the whole, with speed and time left", async () => {
  await using server = await faultyServer(content, () => ({ paceMs: 20, ignoreRange: true }));
  using where = place();
  const seen: MediaProgress[] = [];
  await fetchInto(where, { link: server.url, ...known }, { report: (each) => seen.push(each) });
  assertEquals(seen.map(({ done }) => done), seen.map(({ done }) => done).toSorted((a, b) => a - b));
  assertEquals(seen.at(-1)!.done, content.length);
  assertEquals(
    new Set(seen.map(({ what, total, unit }) => `${what} ${total} ${unit}`)),
    new Set(["downloading file.iso 1000000 bytes"]),
  );
  assert(seen.length > 3 && seen.at(-1)!.bytesPerSecond! > 0);
});

Deno.test("an interrupted download goes on where it was, also with a new link to the same file", async () => {
  await using server = await faultyServer(content, ({ number }) => number === 0 ? { stallAfter: 500_000 } : {});
  using where = place();
  const stop = new AbortController();
  let begun = false;
  const report = () => void (begun = true);
  const limits = { connections: 1, checkpointBytes: 100_000 };
  const http = { idleTimeoutMs: 10_000 };
  const first = refusal(
    fetchInto(where, { link: `${server.url}?token=1`, ...known }, { limits, http, report, signal: stop.signal }),
  );
  await until(() => begun && server.bytesSent() >= 500_000);
  stop.abort();
  const error = await first;
  assertEquals(error.code, "interrupted");
  assertEquals(where.names(), ["file.iso.part"]);
  assertEquals(Deno.readTextFileSync(where.note("file.iso.part")).includes("token"), false);
  await fetchInto(where, { link: `${server.url}?token=2`, ...known }, { limits });
  assertFinished(where, content);
  assert(server.asked[1]!.range![0] > 0, "it began anew");
  assertEquals(server.asked[1]!.ifRange, '"first"');
});

Deno.test("what was begun for another file is not gone on with", async () => {
  const newer = discImage(1_000_000);
  await using server = await faultyServer(content, () => ({ cutAfter: 300_000 }));
  using where = place();
  await refusal(
    fetchInto(where, { link: server.url, ...known }, { limits: { connections: 1 }, patience: { tries: 1 } }),
  );
  await using source = await faultyServer(newer);
  await fetchInto(where, { link: source.url, sha256: sha256(newer) });
  assertFinished(where, newer);
  assertEquals(source.bytesSent(), newer.length);
});

Deno.test("a spent link is renewed where its source can, and only so often", async () => {
  await using server = await faultyServer(content, ({ path }) => path.endsWith("?fresh") ? {} : { status: 403 });
  using where = place();
  await fetchInto(where, { link: server.url, ...known, relink: () => Promise.resolve(`${server.url}?fresh`) });
  assertFinished(where, content);
  using second = place();
  let asked = 0;
  const relink = () => Promise.resolve(`${server.url}?${asked++}`);
  assertMatch((await refusal(fetchInto(second, { link: server.url, relink }))).message, /not valid \(any more\)/);
  assertEquals(asked, 3);
});

Deno.test("two downloads of one name: the second is refused, and later finds the file", async () => {
  let open: () => void = () => {};
  const gate = new Promise<void>((resolve) => open = resolve);
  await using server = await faultyServer(content, () => ({ gate, gateAfter: 100_000, ignoreRange: true }));
  using where = place();
  const http = { idleTimeoutMs: 10_000 };
  const first = fetchInto(where, { link: server.url, ...known }, { http });
  await until(() => server.bytesSent() >= 100_000);
  assertEquals((await refusal(fetchInto(where, { link: server.url, ...known }))).code, "locked");
  open();
  await first;
  assertEquals((await fetchInto(where, { link: server.url, ...known })).already, true);
  assertFinished(where, content);
  assertEquals(server.asked.length, 1);
});

Deno.test("another file of that name is left alone, the wanted one is recognised", async () => {
  await using server = await faultyServer(content);
  using where = place();
  Deno.writeTextFileSync(`${where.folder}/file.iso`, "mine");
  assertEquals((await refusal(fetchInto(where, { link: server.url, ...known }))).code, "conflict");
  assertEquals((await refusal(fetchInto(where, { link: server.url }))).code, "conflict");
  assertEquals(Deno.readTextFileSync(`${where.folder}/file.iso`), "mine");
  Deno.writeFileSync(`${where.folder}/file.iso`, content);
  Deno.chmodSync(`${where.folder}/file.iso`, 0o644);
  assertEquals((await fetchInto(where, { link: server.url, ...known })).already, true);
  assertFinished(where, content);
  assertEquals(server.asked.length, 0);
});

Deno.test("without a hash, a file of the same name from elsewhere is not taken for it", async () => {
  await using server = await faultyServer(content);
  await using elsewhere = await faultyServer(discImage(1_000_000));
  using where = place();
  await fetchInto(where, { link: server.url });
  assertEquals((await fetchInto(where, { link: `${server.url}?again` })).already, true);
  assertEquals((await refusal(fetchInto(where, { link: elsewhere.url }))).code, "conflict");
  assertFinished(where, content);
});

Deno.test("a link or a folder in the part's place is refused, and what it names stays", async () => {
  await using server = await faultyServer(content);
  using where = place();
  Deno.writeTextFileSync(`${where.folder}/precious`, "precious");
  Deno.symlinkSync("precious", `${where.folder}/file.iso.part`);
  assertEquals((await refusal(fetchInto(where, { link: server.url }))).code, "conflict");
  assertEquals(Deno.readTextFileSync(`${where.folder}/precious`), "precious");
});

Deno.test("a file that is changed after it was verified is refused when it is used", async () => {
  await using server = await faultyServer(content);
  using where = place();
  await fetchInto(where, { link: server.url, ...known });
  await verify(where.host, where.files, path);
  const swapped = Uint8Array.from(content);
  swapped[500_000]! ^= 1;
  Deno.writeFileSync(`${where.folder}/file.iso`, swapped);
  assertMatch((await refusal(verify(where.host, where.files, path))).message, /has changed since it was verified/);
  // Who changes the file may change its record too: what the caller knows counts for more.
  const record = Deno.readTextFileSync(where.note("file.iso"));
  Deno.writeTextFileSync(where.note("file.iso"), record.replace(known.sha256, sha256(swapped)));
  await verify(where.host, where.files, path);
  await refusal(verify(where.host, where.files, path, { sha256: known.sha256 }));
  await refusal(fetchInto(where, { link: server.url, ...known }));
});

Deno.test("a state that is damaged claims nothing", async () => {
  for (const damage of ["", "{", '{"schema":"neuron.part/1"}', "zeroes", "beyond"]) {
    await using server = await faultyServer(content, ({ number }) => number === 0 ? { cutAfter: 300_000 } : {});
    using where = place();
    const limits = { connections: 1 };
    await refusal(fetchInto(where, { link: server.url, ...known }, { limits, patience: { tries: 1 } }));
    const state = where.note("file.iso.part");
    const text = Deno.readTextFileSync(state);
    if (damage === "zeroes") Deno.writeFileSync(state, new Uint8Array(text.length));
    else if (damage === "beyond") Deno.writeTextFileSync(state, text.replace("[0,300000]", "[0,900000]"));
    else Deno.writeTextFileSync(state, damage);
    await fetchInto(where, { link: server.url, ...known }, { limits });
    assertFinished(where, content);
    assertEquals(server.asked[1]!.range, null);
  }
});

Deno.test("a disk too small is refused before the first byte; one that fills up keeps what came", async () => {
  await using small = await smallDisk("1100k");
  await using server = await faultyServer(content);
  using where = place(`${small.folder}/machine`);
  const error = await refusal(fetchInto(where, { link: server.url, ...known }));
  assertMatch(error.message, /needs 1\.9 MiB more, and there are 1\.\d MiB/);
  assertEquals(server.asked.length, 0);
  await refusal(fetchInto(where, { link: server.url }));
  assertEquals(server.asked.length, 1);

  await using disk = await smallDisk("3000k");
  using second = place(`${disk.folder}/machine`);
  const reply = {
    content,
    gate: until(() => second.names().includes("filler")),
    gateAfter: 400_000,
    ignoreRange: true,
  };
  await using slow = await faultyServer(content, ({ number }) => number === 0 ? reply : {});
  let begun = false;
  const options = { http: { idleTimeoutMs: 10_000 }, report: () => void (begun = true) };
  const run = refusal(fetchInto(second, { link: slow.url, ...known }, options));
  await until(() => begun);
  const { success } = new Deno.Command("dd", {
    args: ["if=/dev/zero", `of=${second.folder}/filler`, "bs=64k"],
    stderr: "null",
  }).outputSync();
  assertEquals(success, false);
  const full = await run;
  assertMatch(full.message, /needs .* more, and the disk is full/);
  assertMatch(full.hint!, /goes on where it stopped/);
  assertEquals(second.names().includes("file.iso"), false);
  Deno.removeSync(`${second.folder}/filler`);
  await fetchInto(second, { link: slow.url, ...known });
  assertFinished(second, content);
});

Deno.test("below a root nothing leads out of it", async () => {
  await using server = await faultyServer(content);
  using where = place();
  const root = where.folder.slice(0, -"/images".length);
  Deno.removeSync(where.folder);
  Deno.mkdirSync(`${root}/pool`);
  Deno.symlinkSync("/pool", where.folder);
  const [host, files] = [openHost({ root }), new BigFiles(root)];
  await fetchInto({ ...where, host, files }, { link: server.url, ...known });
  assertEquals(sha256(Deno.readFileSync(`${root}/pool/file.iso`)), known.sha256);
});

async function until(condition: () => boolean, withinMs = 10_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`Not within ${withinMs} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
