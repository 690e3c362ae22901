/** libvirt's own test domains: its source package from the build machine's apt, kept beside the sources (.neuron/). */
import { join } from "node:path";
import { mirrors, release } from "../../../packaging/apt_sources.ts";
import { done } from "../unattend/tools.ts";

const cache = join(import.meta.dirname!, "../../../.neuron/libvirt-source");

/** Every file of its tests that is a domain's XML, by its path in the source. */
export async function libvirtDomains(): Promise<Map<string, string>> {
  const domains = new Map<string, string>();
  const archive = await findArchive() ?? await download();
  const folder = await Deno.makeTempDir({ prefix: "libvirt-source-" });
  try {
    await done(["tar", "--extract", "--file", archive, "--directory", folder, "--wildcards", "*/tests/*.xml"], "tar");
    for (const path of (await done(["find", folder, "-name", "*.xml", "-type", "f"], "findutils")).trim().split("\n")) {
      const text = await Deno.readTextFile(path);
      if (/^\s*(<\?xml[^>]*>\s*)?(<!--[\s\S]*?-->\s*)*<domain[\s>]/.test(text)) {
        domains.set(path.slice(folder.length + 1).replace(/^[^/]*\/tests\//, ""), text);
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  return domains;
}

async function findArchive(): Promise<string | null> {
  try {
    for await (const { name } of Deno.readDir(cache)) if (/\.orig\.tar\./.test(name)) return join(cache, name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return null;
}

/** With lists of its own: the machine's apt may know no sources. */
async function download(): Promise<string> {
  await Deno.mkdir(join(cache, "lists/partial"), { recursive: true });
  const list = join(cache, "sources.list");
  await Deno.writeTextFile(list, `deb-src ${(await mirrors()).main} ${await release()} main\n`);
  const apt = (...words: readonly string[]) =>
    done([
      "env",
      `--chdir=${cache}`,
      "apt-get",
      ...[`Dir::Etc::SourceList=${list}`, "Dir::Etc::SourceParts=/dev/null", `Dir::State::Lists=${cache}/lists`]
        .flatMap((option) => ["-o", option]),
      ...["-o", "APT::Sandbox::User=root", ...words],
    ], "apt");
  await apt("update");
  await apt("source", "--download-only", "libvirt");
  return (await findArchive())!;
}
