import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { AppError } from "../../../model/errors.ts";
import { MemoryDisk } from "../../../provision/host/memory_disk.ts";
import { openHost } from "../../../provision/host/open.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function hostOf(disk: MemoryDisk, state?: string) {
  return openHost({ root: "/machine", disk, ...(state === undefined ? {} : { state }) });
}

Deno.test("an absolute link resolves inside the root, for reading and for writing", () => {
  const disk = MemoryDisk.from({
    "/machine/etc": { link: "/real" },
    "/machine/real/file": "inside",
    "/real/file": "outside",
  });
  const host = hostOf(disk);
  assertEquals(host.readText("/etc/file"), "inside");
  host.writeFile("/etc/file", bytes("changed"));
  assertEquals(disk.snapshot()["/machine/real/file"], "file 644 0:0 {} changed");
  assertEquals(disk.snapshot()["/real/file"], "file 644 0:0 {} outside");
});

Deno.test("a link of dots cannot climb out of the root", () => {
  const disk = MemoryDisk.from({
    "/machine/up": { link: "../../../../outside" },
    "/machine/file": { link: "../../../../outside/secret" },
    "/outside/secret": "outside",
  });
  const host = hostOf(disk);
  assertEquals(host.readText("/up/secret"), null);
  assertEquals(host.readText("/file"), null);
  assertEquals(host.readText("/../../outside/secret"), null);
  assertThrows(() => host.writeFile("/up/new", bytes("x")), AppError, "the folder above is missing");
});

Deno.test("a last part that is a link is replaced, not followed, when written", () => {
  const disk = MemoryDisk.from({ "/machine/etc/link": { link: "/etc/target" }, "/machine/etc/target": "target" });
  hostOf(disk).writeFile("/etc/link", bytes("file"));
  const tree = disk.snapshot();
  assertEquals(tree["/machine/etc/link"], "file 644 0:0 {} file");
  assertEquals(tree["/machine/etc/target"], "file 644 0:0 {} target");
});

Deno.test("links that go round in a circle are an error with a cure, not a hang", () => {
  const disk = MemoryDisk.from({ "/machine/a": { link: "/b" }, "/machine/b": { link: "/a" } });
  const error = assertThrows(() => hostOf(disk).readText("/a/file"), AppError);
  assertEquals(error.code, "file-access");
  assert(error.hint !== undefined);
});

Deno.test("whatever links a tree has, nothing outside the root is read or written", () => {
  const name = fc.constantFrom("a", "b", "c", "d");
  const target = fc.array(fc.oneof(name, fc.constant(".."), fc.constant(".")), { minLength: 1, maxLength: 6 })
    .chain((parts) => fc.constantFrom(parts.join("/"), `/${parts.join("/")}`));
  const entry = fc.oneof(target.map((link) => ({ link })), fc.constant({ text: "inside" }));
  const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => `/machine/${parts.join("/")}`);
  const tree = fc.dictionary(path, entry, { maxKeys: 8 });
  fc.assert(
    fc.property(tree, fc.array(fc.oneof(name, fc.constant("..")), { minLength: 1, maxLength: 5 }), (entries, parts) => {
      const disk = new MemoryDisk();
      disk.put("/machine/keep", "inside");
      for (const outside of ["/a", "/b/c", "/c/d/a", "/d/d"]) disk.put(outside, "outside");
      const before = disk.snapshot("/machine");
      for (const [at, what] of Object.entries(entries)) {
        try {
          disk.put(at, what);
        } catch {
          // A path below what is already a file: not a tree.
        }
      }
      const host = hostOf(disk);
      const asked = `/${parts.join("/")}`;
      for (
        const act of [
          () => assert(host.readText(asked) !== "outside"),
          () => host.writeFile(asked, bytes("written")),
          () => host.remove(asked),
          () => host.makeFolder(asked),
        ]
      ) {
        try {
          act();
        } catch (error) {
          if (!(error instanceof AppError)) throw error;
        }
      }
      assertEquals(disk.snapshot("/machine"), before);
    }),
  );
});

Deno.test("a state folder inside the root stays inside it, whatever links lead there", () => {
  const disk = MemoryDisk.from({
    "/machine/var": { link: "/data" },
    "/machine/data/lib/keep": "",
    "/data/lib/keep": "",
  });
  const host = hostOf(disk, "/machine/var/lib/neuron");
  assertEquals(host.state.path, "/machine/data/lib/neuron");
  host.state.append("file", bytes("x"));
  assert("/machine/data/lib/neuron/file" in disk.snapshot());
  assert(!("/data/lib/neuron" in disk.snapshot()));
});

Deno.test("a written file keeps mode, owner and extended attributes of what it replaces", () => {
  const disk = MemoryDisk.from({ "/machine/etc/f": { text: "old", mode: 0o640, extended: { "user.a": "eA==" } } });
  disk.lchown("/machine/etc/f", 5, 6);
  hostOf(disk).writeFile("/etc/f", bytes("new"));
  assertEquals(disk.snapshot()["/machine/etc/f"], 'file 640 5:6 {"user.a":"eA=="} new');
});

Deno.test("a write is fsynced before its rename, and its folder after", () => {
  const disk = MemoryDisk.from({ "/machine/etc/f": "old" });
  const calls: string[] = [];
  disk.before = (call, path, changes) => void (changes && calls.push(`${call} ${path.split("/").at(-1)}`));
  hostOf(disk).writeFile("/etc/f", bytes("new"));
  const order = ["write .f.neuron-tmp", "fsync .f.neuron-tmp", "rename .f.neuron-tmp", "fsync etc"];
  assertEquals(calls.filter((call) => order.includes(call)), order);
});

Deno.test("on a copy commands are recorded with who and why, and looks find nothing", async () => {
  const disk = MemoryDisk.from({ "/machine/etc/f": "" });
  const host = hostOf(disk, "/state");
  const command = { argv: ["update-grub"], step: "kernel_parameters", reason: "why", inputs: "digest" } as const;
  assertEquals((await host.run(command)).recorded, true);
  assertEquals((await host.run({ ...command, readOnly: true })).code, 127);
  const record = { argv: ["update-grub"], step: "kernel_parameters", reason: "why", inputs: "digest" };
  assertEquals(JSON.parse(new TextDecoder().decode(host.state.read("commands.jsonl")!)), record);
});

Deno.test("a missing root is told by name", () => {
  const error = assertThrows(() => openHost({ root: "/nowhere", disk: MemoryDisk.from({}) }), AppError);
  assertEquals(error.code, "not-found");
});
