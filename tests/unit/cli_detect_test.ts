/** `detect` as a person or a script calls it. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { detectCommand } from "../../cli/detect.ts";
import type { Invocation } from "../../cli/command.ts";
import { AppError } from "../../model/errors.ts";
import type { Detection } from "../../model/detection.ts";
import { withHost } from "../fixtures/hosts.ts";

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(root: string, flags: Record<string, string | boolean>, words: string[] = []): Promise<Run> {
  const out: string[] = [];
  const err: string[] = [];
  const invocation: Invocation = {
    words,
    flags,
    options: {
      root,
      state: `${root}/var/lib/neuron`,
      connect: "test:///default",
      json: flags.json === true,
      quiet: false,
      verbose: false,
    },
    terminal: {
      columns: 80,
      color: false,
      interactive: false,
      print: (line) => out.push(line),
      note: (line) => err.push(line),
    },
  };
  const code = await detectCommand.run(invocation);
  return { code, stdout: out.join("\n"), stderr: err.join("\n") };
}

/** Every path below a folder with what it is. */
function listing(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap((entry) =>
    entry.isDirectory ? [entry.name, ...listing(`${folder}/${entry.name}`)] : [entry.name]
  ).sort();
}

Deno.test("detect --json prints exactly one document and leaves the root as it was", async () => {
  await withHost("two-identical", async (root) => {
    const before = listing(root);
    const { code, stdout, stderr } = await run(root, { json: true });
    const seen: Detection = JSON.parse(stdout);
    assertEquals([code, stderr, seen.schema], [0, "", "neuron.detect/1"]);
    assertEquals(Object.keys(seen), [
      ...["schema", "host", "cpu", "memory", "iommu", "pci", "gpus", "usb", "storage", "displays", "findings"],
    ]);
    assertEquals(listing(root), before);
    assertEquals((await run(root, { json: true })).stdout, stdout);
  });
});

Deno.test("detect exits 0 also where nothing can be handed over", async () => {
  await withHost("no-iommu", async (root) => {
    const { code, stdout } = await run(root, {});
    assertEquals(code, 0);
    assert(stdout.includes("No graphics card can be handed to Windows"), stdout);
  });
});

Deno.test("detect --html is redacted", async () => {
  await withHost("single-gpu", async (root) => {
    const { stdout } = await run(root, { html: true });
    assert(stdout.startsWith("<!doctype html>"));
    assert(!stdout.includes("single-gpu"), "the host name is in it");
  });
});

Deno.test("detect --capture writes an archive that tar can list", async () => {
  await withHost("single-gpu", async (root) => {
    const file = Deno.makeTempFileSync({ suffix: ".tar" });
    try {
      const { code, stdout, stderr } = await run(root, { capture: file });
      assertEquals([code, stdout], [0, ""]);
      assert(stderr.includes(file), stderr);
      const tar = await new Deno.Command("tar", { args: ["tf", file] }).output();
      assert(new TextDecoder().decode(tar.stdout).includes("machine/proc/cpuinfo\n"));
    } finally {
      Deno.removeSync(file);
    }
  });
});

Deno.test("detect refuses words, two forms at once, and a place it cannot write to", async () => {
  await withHost("single-gpu", async (root) => {
    assertEquals((await assertRejects(() => run(root, {}, ["gpu"]), AppError)).code, "usage");
    assertEquals((await assertRejects(() => run(root, { json: true, html: true }), AppError)).code, "usage");
    const error = await assertRejects(() => run(root, { capture: `${root}/no/such/folder/x.tar` }), AppError);
    assertEquals(error.code, "file-access");
    assert(error.hint !== undefined);
  });
});
