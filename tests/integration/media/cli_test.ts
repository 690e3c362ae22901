/** `neuron-setup media` as a script calls it: exit codes, JSON, and the real program with a Ctrl-C. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { call } from "../provision/command_line.ts";
import { faultyServer } from "./faulty_server.ts";
import { discImage, sha256 } from "./place.ts";

const content = discImage(1_000_000);
const hash = sha256(content);
const main = new URL("../../../main.ts", import.meta.url).pathname;

function folder(): { path: string } & Disposable {
  const path = Deno.makeTempDirSync({ prefix: "shelf-" });
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

Deno.test("fetch, list and verify, for a person", async () => {
  await using server = await faultyServer(content);
  using shelf = folder();
  const where = ["--folder", `${shelf.path}/images`];
  const fetched = await call("media", "fetch", server.url, "--allow-host", "127.0.0.1", "--sha256", hash, ...where);
  assertEquals(fetched.code, 0, fetched.stderr);
  assertMatch(fetched.stdout, /file\.iso {2}977 KiB\nSHA-256 [0-9a-f]{64}, as it must be$/);
  assertMatch(fetched.stderr, /0 % .* of 977 KiB {2}downloading file\.iso/);
  const again = await call("media", "fetch", server.url, "--allow-host", "127.0.0.1", "--quiet", ...where);
  assertEquals([again.code, again.stderr], [0, ""]);
  assertMatch(again.stdout, /was here and is unchanged/);
  assertMatch((await call("media", "list", ...where)).stdout, /^file\.iso +here, 977 KiB, its SHA-256 was right$/m);
  assertMatch((await call("media", "verify", ...where)).stdout, /^unchanged {2}.*file\.iso$/);
  Deno.writeFileSync(`${shelf.path}/images/file.iso`, content.slice(1));
  const changed = await call("media", "verify", ...where);
  assertEquals(changed.code, 1);
  assertMatch(changed.stderr, /has changed since it was verified.*\nhint: /);
});

Deno.test("fetch, list, import and verify, for a script", async () => {
  await using server = await faultyServer(content, () => ({ paceMs: 2 }));
  using shelf = folder();
  const where = ["--folder", shelf.path, "--json"];
  const words = [
    server.url,
    "--allow-host",
    "127.0.0.1",
    "--name",
    "win.iso",
    "--size",
    "1000000",
    "--connections",
    "2",
  ];
  const fetched = await call("media", "fetch", ...words, ...where);
  assertEquals([fetched.code, fetched.stderr], [0, ""]);
  const events = fetched.stdout.split("\n").map((line) => JSON.parse(line));
  assertEquals(
    events.slice(0, -1).every(({ type, unit, total }) => type === "progress" && unit === "bytes" && total === 1e6),
    true,
  );
  assertEquals(events.at(-1), {
    ...events.at(-1),
    type: "done",
    path: `${shelf.path}/win.iso`,
    already: false,
    sha256: hash,
    verifiedAgainst: "size-and-kind",
  });
  Deno.writeFileSync(`${shelf.path}/mine.iso`, content);
  const imported = JSON.parse(
    (await call("media", "import", `${shelf.path}/mine.iso`, ...where)).stdout.split("\n").at(-1)!,
  );
  assertEquals([imported.copied, imported.sha256, imported.verifiedAgainst], [false, hash, "kind"]);
  const copied = await call(
    "media",
    "import",
    `${shelf.path}/mine.iso`,
    "--name",
    "copy.iso",
    "--sha256",
    hash,
    ...where,
  );
  assertEquals(JSON.parse(copied.stdout.split("\n").at(-1)!).verifiedAgainst, "sha256");
  assertEquals(Deno.readFileSync(`${shelf.path}/copy.iso`), content);
  const { files } = JSON.parse((await call("media", "verify", ...where)).stdout);
  assertEquals(files.map(({ name, ok }: { name: string; ok: boolean }) => `${name} ${ok}`), [
    "copy.iso true",
    "mine.iso true",
    "win.iso true",
  ]);
  const list = JSON.parse((await call("media", "list", ...where)).stdout);
  assertEquals(list.schema, "neuron.media-list/1");
  assertEquals(list.media.filter(({ state }: { state: string }) => state === "here").length, 3);
});

Deno.test("what is refused, with its exit code", async () => {
  using shelf = folder();
  const where = ["--folder", shelf.path];
  const refused = async (code: number, message: RegExp, ...words: string[]) => {
    const called = await call("media", ...words, ...where);
    assertEquals(called.code, code, called.stderr);
    assertMatch(called.stderr, message);
    assertMatch(called.stderr, /\nhint: ./);
  };
  await refused(2, /needs a verb/);
  await refused(2, /no media verb "fetsh"|unknown|Did you mean/i, "fetsh");
  await refused(2, /virtio-wim/, "fetch", "virtio-wim");
  await refused(2, /is no SHA-256/, "fetch", "virtio-win", "--sha256", "abc");
  await refused(2, /cannot be named/, "fetch", "https://example.org/a.iso", "--name", "../../etc/passwd");
  await refused(2, /cannot be named/, "fetch", "https://example.org/%2e%2e%2fpasswd");
  await refused(2, /cannot be named/, "fetch", "https://example.org/");
  await refused(2, /is no link/, "fetch", "https://", "--name", "a.iso");
  await refused(2, /--connections is a number from 1 to 16/, "fetch", "virtio-win", "--connections", "99");
  await refused(2, /media list does not take --sha256/, "list", "--sha256", hash);
  await refused(2, /--language goes with windows11/, "fetch", "virtio-win", "--language", "de-DE");
  await refused(1, /is not https/, "fetch", "http://example.org/a.iso");
  await refused(1, /a private address/, "fetch", "https://127.0.0.1/a.iso");
  await refused(1, /there is no such file/, "import", `${shelf.path}/nothing.iso`);
  Deno.writeTextFileSync(`${shelf.path}/page.iso`, "<!DOCTYPE html><title>Sign in</title>");
  await refused(1, /it is a web page, not the file/, "import", `${shelf.path}/page.iso`, "--name", "x.iso");
  Deno.writeFileSync(`${shelf.path}/other.iso`, content);
  await refused(
    1,
    /its SHA-256 is/,
    "import",
    `${shelf.path}/other.iso`,
    "--name",
    "x.iso",
    "--sha256",
    "0".repeat(64),
  );
  assertEquals(Array.from(Deno.readDirSync(shelf.path), ({ name }) => name).sort(), ["other.iso", "page.iso"]);
});

Deno.test("below a root nothing reaches the network, and import stays inside", async () => {
  await using server = await faultyServer(content);
  using machine = folder();
  const fetched = await call(
    "media",
    "fetch",
    server.url,
    "--allow-host",
    "127.0.0.1",
    "--root",
    machine.path,
    "--json",
  );
  assertEquals([fetched.code, server.asked.length], [0, 0]);
  assertEquals(JSON.parse(fetched.stdout).recorded, true);
  const recorded = JSON.parse(Deno.readTextFileSync(`${machine.path}/var/lib/neuron/commands.jsonl`));
  assertEquals(recorded.argv.slice(0, 4), ["neuron-setup", "media", "fetch", server.url]);
  assertEquals(recorded.step, "media");
  using outside = folder();
  Deno.writeFileSync(`${outside.path}/file.iso`, content);
  assertEquals((await call("media", "import", `${outside.path}/file.iso`, "--root", machine.path)).code, 0);
  assertEquals(Deno.readFileSync(`${machine.path}/var/lib/libvirt/images/file.iso`), content);
  assertEquals((await call("media", "verify", "file.iso", "--root", machine.path)).code, 0);
});

Deno.test("Ctrl-C ends a fetch with 130, and the next one goes on", async () => {
  await using server = await faultyServer(content, ({ number }) => number === 0 ? { paceMs: 5 } : {});
  using shelf = folder();
  const words = [
    "media",
    "fetch",
    server.url,
    "--allow-host",
    "127.0.0.1",
    "--folder",
    shelf.path,
    "--connections",
    "1",
  ];
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-check", "--cached-only", main, ...words],
    stdout: "null",
    stderr: "piped",
  }).spawn();
  while (server.bytesSent() < 200_000) await new Promise((resolve) => setTimeout(resolve, 5));
  child.kill("SIGINT");
  const { code, stderr } = await child.output();
  assertEquals(code, 130);
  assertMatch(new TextDecoder().decode(stderr), /was interrupted\nhint: Run it again: it goes on where it stopped/);
  assertEquals((await call(...words)).code, 0);
  assert(server.asked[1]!.range![0] > 0);
  assertEquals(Deno.readFileSync(`${shelf.path}/file.iso`), content);
});
