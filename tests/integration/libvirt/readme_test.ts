import { assert } from "@std/assert";
import { open } from "../../../libvirt/mod.ts";
import { type PrivateLibvirtd, withPrivateLibvirtd } from "../private_libvirtd.ts";
import { guestXml } from "./guest_xml.ts";

const LIBRARY = new URL("../../../libvirt/", import.meta.url);

interface Example {
  where: string;
  code: string;
}

/** The `ts` blocks of the README, and the examples of the sources (which `deno test --doc` skips: they need a daemon). */
async function examples(): Promise<Example[]> {
  const found: Example[] = [];
  const collect = (name: string, text: string) => {
    for (const [, code = ""] of text.matchAll(/```ts(?: ignore)?\n([\s\S]*?)```/g)) {
      found.push({ where: `${name} (${found.length + 1})`, code });
    }
  };
  collect("README.md", await Deno.readTextFile(new URL("README.md", LIBRARY)));
  for await (const { name } of Deno.readDir(LIBRARY)) {
    if (!name.endsWith(".ts")) continue;
    collect(name, (await Deno.readTextFile(new URL(name, LIBRARY))).replaceAll(/^ *\* ?/gm, ""));
  }
  return found;
}

/** Writes each example as a program of its own. */
async function writePrograms(all: readonly Example[], daemon: PrivateLibvirtd): Promise<string[]> {
  const library = JSON.stringify(new URL("mod.ts", LIBRARY).href);
  return await Promise.all(all.map(async ({ code }, index) => {
    const file = `${daemon.folder}/example_${index}.ts`;
    await Deno.writeTextFile(
      file,
      code.replaceAll('"./mod.ts"', library).replaceAll("qemu:///system", daemon.uri()),
    );
    return file;
  }));
}

async function deno(command: string, args: readonly string[], what: string): Promise<void> {
  const config = ["--config", new URL("../deno.json", LIBRARY).pathname];
  const { success, stderr } = await new Deno.Command(Deno.execPath(), { args: [command, ...config, ...args] }).output();
  assert(success, `${what}: ${new TextDecoder().decode(stderr)}`);
}

Deno.test("the examples of the README and of the sources run as they are", async () => {
  const all = await examples();
  assert(all.length >= 12, `${all.length} examples found`);
  await withPrivateLibvirtd(async (daemon) => {
    const programs = await writePrograms(all, daemon);
    await deno("check", programs, "types");
    await using connection = await open(daemon.uri());
    const demo = await connection.defineDomain(guestXml({ name: "demo" }));
    for (const [index, program] of programs.entries()) {
      await deno("run", ["--allow-all", "--no-check", program], all[index]!.where);
      if (await demo.isActive()) await demo.destroy();
    }
  });
});
