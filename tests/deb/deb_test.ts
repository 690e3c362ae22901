/** The life of the package: installed, upgraded on a provisioned system, not downgraded, removed, purged. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { basename } from "node:path";
import { buildDeb } from "../../packaging/deb.ts";
import { tool } from "../../packaging/tool.ts";
import { layOutHost } from "../fixtures/hosts.ts";
import { builtFile, withFolder } from "../integration/packaging/built.ts";
import { differences, snapshot } from "../integration/provision/trees.ts";
import { Chroot } from "./chroot.ts";

/** Puts a package of this version where the Debian sees it. */
async function place(chroot: Chroot, version: string): Promise<string> {
  const deb = await buildDeb({ program: await builtFile(), folder: `${chroot.folder}/root`, version });
  return `/root/${basename(deb)}`;
}

const exists = (path: string) => Deno.stat(path).then(() => true, () => false);

Deno.test("the package is the same bytes each time, and lintian finds nothing that is not named", async () => {
  await withFolder(async (folder) => {
    const program = await builtFile();
    const debs: string[] = [];
    for (const name of ["one", "other"]) {
      await Deno.mkdir(`${folder}/${name}`);
      debs.push(await buildDeb({ program, folder: `${folder}/${name}` }));
    }
    await tool("cmp", debs, "diffutils");
    assertEquals(await tool("lintian", ["--fail-on", "error,warning", "--allow-root", debs[0]!]), "");
  });
});

Deno.test("installed, upgraded, not downgraded, removed and purged, nothing is lost that was not given up", async (t) => {
  await using debian = await Chroot.make();
  const inside = (path: string) => `${debian.folder}${path}`;
  const state = ["--root", "/machine", "--state", "/var/lib/neuron"];
  await layOutHost("intel-z370-gt1030", inside("/machine"));
  await Deno.mkdir(inside("/var/lib/libvirt/images"), { recursive: true });
  await Deno.writeTextFile(inside("/var/lib/libvirt/images/windows.qcow2"), "a VM");
  const before = snapshot(inside("/machine"));
  const neuron = (...words: string[]) => debian.run("neuron-setup", ...words);
  const kept = () => snapshot(inside("/var/lib/neuron"), inside("/var/lib/neuron/runtime"));

  await t.step("installed, with pages, completions and units that systemd accepts", async () => {
    const installed = await debian.run("dpkg", "-i", await place(debian, "0.0.9"));
    assertEquals(installed.code, 0, installed.said);
    assertMatch((await neuron("version")).said, /^neuron-setup \d/);
    for (
      const path of [
        "/usr/share/man/man8/neuron-setup.8.gz",
        "/usr/share/bash-completion/completions/neuron-setup",
        "/usr/share/zsh/vendor-completions/_neuron-setup",
        "/usr/share/fish/vendor_completions.d/neuron-setup.fish",
      ]
    ) assert(await exists(inside(path)), path);
    for (const unit of ["neuron-manager.service", "neuron-first-boot@tty1.service"]) {
      const verified = await debian.run("systemd-analyze", "verify", unit);
      assertEquals(
        verified.said.split("\n").filter((line) => /neuron-/.test(line) && !/Command 'man/.test(line)).join("\n"),
        "",
        unit,
      );
    }
    assert(!await exists(inside("/etc/systemd/system/multi-user.target.wants/neuron-manager.service")));
    const page = inside("/usr/share/man/man8/neuron-setup.8.gz");
    assertEquals(await tool("sh", ["-c", 'gzip -dc "$1" | groff -ww -z -man 2>&1', "sh", page], "groff"), "");
  });

  let provisioned: ReadonlyMap<string, string>;
  await t.step("a newer version finds everything that the older one left", async () => {
    assertEquals((await neuron("apply", "--yes", ...state)).code, 3);
    const [machine, written] = [snapshot(inside("/machine")), kept()];
    const upgraded = await debian.run("dpkg", "-i", await place(debian, "0.2.0"));
    assertEquals(upgraded.code, 0, upgraded.said);
    assertEquals(differences(kept(), written), []);
    assertEquals(differences(snapshot(inside("/machine")), machine), []);
    assertStringIncludes((await neuron("status", ...state)).said, "Nothing is left to do.");
    provisioned = machine;
  });

  await t.step("an older version is refused with words, and the newer one stays whole", async () => {
    const refused = await debian.run("dpkg", "-i", await place(debian, "0.1.0"));
    assertEquals(refused.code, 1);
    assertMatch(refused.said, /error: Refused to replace neuron-setup 0\.2\.0 by the older 0\.1\.0.*\nhint: /);
    const standing = await debian.run("dpkg-query", "--show", "--showformat=${Status} ${Version}", "neuron-setup");
    assertEquals(standing.said, "install ok installed 0.2.0");
    assertEquals(differences(snapshot(inside("/machine")), provisioned), []);
  });

  await t.step("what the older version changed is taken back exactly by the newer", async () => {
    assertEquals((await neuron("rollback", "--yes", ...state)).code, 0);
    assertEquals(differences(snapshot(inside("/machine")), before), []);
    assertEquals((await neuron("apply", "--yes", ...state)).code, 3);
  });

  await t.step("remove and purge keep the state unless asked to delete it; VMs stay in any case", async () => {
    const written = kept();
    const removed = await debian.run("dpkg", "--remove", "neuron-setup");
    assertEquals(removed.code, 0, removed.said);
    assertStringIncludes(removed.said, "what it changed on this machine stays as it is");
    assertEquals(differences(kept(), written), []);
    const purged = await debian.run("dpkg", "--purge", "neuron-setup");
    assertEquals(purged.code, 0, purged.said);
    assertStringIncludes(purged.said, "kept /var/lib/neuron");
    assertEquals(differences(kept(), written), []);
    assert(!await exists(inside("/var/lib/neuron/runtime")));

    assertEquals((await debian.run("dpkg", "-i", "/root/neuron-setup_0.2.0_amd64.deb")).code, 0);
    assertStringIncludes((await neuron("status", ...state)).said, "Nothing is left to do.");
    const answer = 'echo "neuron-setup neuron-setup/delete-state boolean true" | debconf-set-selections';
    assertEquals((await debian.run("sh", "-c", answer)).code, 0);
    assertEquals((await debian.run("dpkg", "--purge", "neuron-setup")).code, 0);
    assert(!await exists(inside("/var/lib/neuron")));
    assertEquals(await Deno.readTextFile(inside("/var/lib/libvirt/images/windows.qcow2")), "a VM");
    assertEquals((await debian.run("dpkg", "--audit")).said, "");
  });
});
