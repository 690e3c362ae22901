/** How the medium is made: nothing of it lies where others can read it, and nothing stays when something fails. */
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { AppError } from "../../../model/errors.ts";
import { fakeHost } from "../../../provision/host/fake.ts";
import { MemoryDisk } from "../../../provision/host/memory_disk.ts";
import { mediumContents } from "../../../provision/unattend/contents.ts";
import { withExtraFiles } from "../../../provision/unattend/extra_files.ts";
import { makeMedium } from "../../../provision/unattend/make_medium.ts";
import { planFor } from "./wishes.ts";

const contents = mediumContents(planFor());

function machine(xorriso: (disk: MemoryDisk, argv: readonly string[]) => number) {
  const disk = MemoryDisk.from({ "/run": { folder: true }, "/srv": { folder: true }, "/srv/there.iso": "old" });
  const host = fakeHost(disk, { run: (argv) => xorriso(disk, argv) });
  return { disk, host };
}

Deno.test("everything is put together in memory, for nobody else to read, and removed; the file is 0600", async () => {
  const modes = new Map<string, number>();
  const { host } = machine((disk, argv) => {
    const folder = argv.at(-1)!;
    for (const path of [folder, `${folder}/neuron`, `${folder}/Autounattend.xml`]) {
      modes.set(path, disk.lstat(path).mode);
    }
    assert(folder.startsWith("/run/neuron-answer-medium-"));
    assert(argv.every((word) => !word.includes("correct horse")));
    disk.put(argv[argv.indexOf("-o") + 1]!, "ISO");
    return 0;
  });
  for (const out of ["/srv/new.iso", "/srv/there.iso"]) {
    assertEquals(await makeMedium(host, contents, out), { sizeBytes: 3 });
    assertEquals([host.readText(out), host.stat(out)?.mode], ["ISO", 0o600]);
    assertEquals([...modes.values()], [0o700, 0o700, 0o600]);
    assertEquals(host.list("/run"), []);
    modes.clear();
  }
});

Deno.test("when xorriso fails or is missing, the old file stays and nothing is left behind", async () => {
  for (const [code, word] of [[32, "ended with 32"], [127, "no xorriso"], [0, "made no file"]] as const) {
    const { host } = machine(() => code);
    const error = await assertRejects(() => makeMedium(host, contents, "/srv/there.iso"), AppError, word);
    assert(error.hint !== undefined || code === 0);
    assertEquals([host.readText("/srv/there.iso"), host.list("/run")], ["old", []]);
  }
});

Deno.test("a folder in the way is refused", async () => {
  const { host } = machine(() => 0);
  await assertRejects(() => makeMedium(host, contents, "/srv"), AppError, "there is a folder there");
});

Deno.test("extra files join the folder neuron; links, odd names and names of ours are refused", () => {
  const host = (tree: Parameters<typeof MemoryDisk.from>[0]) => fakeHost(MemoryDisk.from(tree));
  const joined = withExtraFiles(
    contents,
    host({ "/x/agent/install.cmd": "@echo", "/x/looking-glass-host-setup.exe": "MZ" }),
    "/x",
  );
  assertEquals([...joined.keys()].filter((path) => !contents.has(path)), [
    "neuron/agent/install.cmd",
    "neuron/looking-glass-host-setup.exe",
  ]);
  for (
    const [tree, word] of [
      [{ "/x/a": { link: "/etc/shadow" } }, "neither a file nor a folder"],
      [{ "/x/a&b": "x" }, "its name"],
      [{ "/x/a b": "x" }, "its name"],
      [{ "/x/WINPE.cmd": "x" }, "has a file of that name"],
      [{ "/x/a/b/c/d/e": "x" }, "folders deep"],
      [{ "/y": "x" }, "no such folder"],
    ] as const
  ) {
    assertStringIncludes(assertThrows(() => withExtraFiles(contents, host(tree), "/x"), AppError).message, word);
  }
});
