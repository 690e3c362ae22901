/** `neuron-setup profile` as a person uses it, on a copy of a machine with a state folder of its own. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { withHost } from "../../fixtures/hosts.ts";
import { call } from "./command_line.ts";
import { differences, snapshot } from "./trees.ts";

function withProfiles(run: (profile: (...words: string[]) => ReturnType<typeof call>, root: string) => Promise<void>) {
  return withHost("intel-z370-gt1030", (root) => run((...words) => call("profile", ...words, "--root", root), root));
}

Deno.test("a profile of one's own: made from another, listed, shown, changed, used, deleted", () =>
  withProfiles(async (profile, root) => {
    const made = await profile("create", "studio", "--from", "office-productivity", "--memory-mib", "6144");
    assertEquals([made.code, made.stdout], [0, "studio: 4 vCPUs 6 GiB 60 GiB of disk"], made.stderr);
    assertEquals((await profile("create", "studio")).code, 1);
    const { stdout } = await profile("list", "--json");
    const listed = JSON.parse(stdout);
    assertEquals(listed.schema, "neuron.profiles/1");
    assertEquals(
      listed.profiles.filter(({ shipped }: { shipped: boolean }) => !shipped).map(({ name }: { name: string }) => name),
      ["studio"],
    );
    assertEquals((await profile("edit", "studio", "--vcpus", "2", "--disk-gib", "80")).code, 0);
    const shown = JSON.parse((await profile("show", "studio", "--json")).stdout);
    assertEquals(shown.spec, {
      cpu: { vcpus: 2 },
      memory: { mib: 6144, hugepages: "none" },
      disks: [{ sizeGib: 80 }],
      display: { lookingGlass: { enabled: false } },
    });

    const answers = `${root}/answers.json`;
    Deno.writeTextFileSync(answers, JSON.stringify({ vm: { profile: "studio" } }));
    const rendered = JSON.parse((await call("vm", "render", "--root", root, "--answers", answers, "--json")).stdout);
    assertEquals([rendered.spec.profile, rendered.spec.memory.mib, rendered.spec.cpu.vcpus], ["studio", 6144, 2]);

    assertEquals((await call("apply", "--root", root, "--answers", answers, "--yes")).code, 3);
    const inUse = await profile("delete", "studio", "--yes");
    assertEquals(inUse.code, 1);
    assertStringIncludes(inUse.stderr, "this machine was set up with it");
    Deno.writeTextFileSync(answers, JSON.stringify({ vm: { profile: "general" } }));
    assertEquals((await call("apply", "--root", root, "--answers", answers, "--yes")).code, 3);
    assertEquals((await profile("delete", "studio")).code, 5, "nobody can be asked");
    assertEquals((await profile("delete", "studio", "--yes")).code, 0);
    assertEquals((await profile("show", "studio")).code, 1);
  }));

Deno.test("those that come with Neuron stay as they are; a file that is none is told and passed over", () =>
  withProfiles(async (profile, root) => {
    for (const words of [["edit", "gaming", "--vcpus", "1"], ["delete", "gaming", "--yes"]]) {
      const refused = await profile(...words);
      assertEquals(refused.code, 1);
      assertStringIncludes(refused.stderr, "it comes with Neuron");
      assertStringIncludes(refused.stderr, "--from gaming");
    }
    const folder = `${root}/var/lib/neuron/profiles`;
    Deno.mkdirSync(folder, { recursive: true });
    const whole = JSON.parse((await profile("show", "gaming", "--json")).stdout);
    const broken: Record<string, string> = {
      "torn.json": '{"name": "to',
      "gaming.json": JSON.stringify(whole),
      "other.json": JSON.stringify({ ...whole, name: "another" }),
      "odd.json": JSON.stringify({ ...whole, name: "odd", spec: { memory: { mib: -1 } } }),
    };
    for (const [name, text] of Object.entries(broken)) Deno.writeTextFileSync(`${folder}/${name}`, text);
    const { code, stderr } = await profile("list");
    assertEquals(code, 0);
    for (const name of Object.keys(broken)) assertStringIncludes(stderr, `${folder}/${name} is passed over`);
    assertEquals((await call("vm", "render", "--root", root)).code, 0, "they are in nobody's way");
  }));

Deno.test("what is wrong with a new profile is said, and nothing is written", () =>
  withProfiles(async (profile, root) => {
    const before = snapshot(root);
    const wrong: readonly (readonly [string[], number, string])[] = [
      [["create", "a/b"], 1, "is no name for a profile"],
      [["create", "x", "--from", "gamin"], 1, 'There is no profile "gamin"'],
      [["create", "x", "--memory-mib", "1"], 2, '--memory-mib is "1"'],
      [["create", "--file", "/nowhere.json"], 1, "Cannot read the profile /nowhere.json"],
      [["create", "x", "--file", "/nowhere.json"], 2, "no name and no other flag goes with it"],
      [["creat", "x"], 2, "creat"],
      [["list", "--vcpus", "3"], 2, "does not take --vcpus"],
    ];
    for (const [words, code, says] of wrong) {
      const refused = await profile(...words);
      assertEquals(refused.code, code, `${words.join(" ")}: ${refused.stderr}`);
      assertStringIncludes(refused.stderr, says);
    }
    assert(!(await profile("list", "--json")).stdout.includes('"shipped": false'));
    assertEquals(differences(before, snapshot(root)), []);
  }));
