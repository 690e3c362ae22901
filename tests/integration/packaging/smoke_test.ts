/** What the program is for, once through, with the built file instead of the sources. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import config from "../../../deno.json" with { type: "json" };
import { build, type Form } from "../../../packaging/build.ts";
import { buildCompiled } from "../../../packaging/compiled.ts";
import { layOutProgram } from "../../../packaging/product.ts";
import { withHost } from "../../fixtures/hosts.ts";
import { differences, snapshot } from "../provision/trees.ts";
import { builtFile, type Ended, run, withFolder } from "./built.ts";

interface Built {
  readonly file: string;
  readonly folder: string;
  call(...words: string[]): Promise<Ended>;
}

const withCard = "intel-z370-gt1030";

async function use(file: string, work: (built: Built) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const env = { NEURON_RUNTIME_FOLDER: `${folder}/runtime` };
    await work({ file, folder, call: (...words) => run([file, ...words], { env }) });
  });
}

/** Exit code, and nothing said that was not asked for. */
function assertEnded(ended: Ended, code: number): void {
  assertEquals(ended.code, code, `${ended.stdout}${ended.stderr}`);
}

async function saysWhatItIs({ call }: Built, form: Form): Promise<void> {
  const { stdout } = await call("version");
  assertEquals(stdout.split("\n")[0], `neuron-setup ${config.version}`);
  assertStringIncludes(stdout, form === "compiled" ? "one compiled file" : "one file that unpacks itself");
  assertEquals(JSON.parse((await call("version", "--json")).stdout).built, form);
  const help = await call("--help");
  assertEnded(help, 0);
  assertStringIncludes(help.stdout, "Usage: neuron-setup COMMAND");
  assert(!/^ +try /m.test(help.stdout), "the try-out runs from the sources only");
  const refused = await call("try");
  assertEnded(refused, 1);
  assertMatch(refused.stderr, /^error: .*sources.*\nhint: /);
}

async function plansAppliesAndTakesBack({ call, folder }: Built, root: string): Promise<void> {
  const where = ["--root", root, "--state", `${folder}/state`] as const;
  const detection = JSON.parse((await call("detect", "--json", ...where)).stdout);
  assertEquals(detection.schema, "neuron.detect/1");
  assert(detection.gpus.some((gpu: { verdict: string }) => gpu.verdict === "ready"));
  const before = snapshot(root);
  assertEnded(await call("apply", "--yes", ...where), 3);
  const plan = JSON.parse((await call("plan", "--json", ...where)).stdout);
  assertEquals(plan.steps.flatMap((step: { changes: unknown[] }) => step.changes), []);
  assertEnded(await call("rollback", "--yes", ...where), 0);
  assertEquals(differences(snapshot(root), before), []);
}

async function rendersAVm({ call, folder }: Built, root: string): Promise<void> {
  const rendered = await call("vm", "render", "--root", root, "--state", `${folder}/none`);
  assertEnded(rendered, 0);
  assertStringIncludes(rendered.stdout, "<hostdev");
}

async function setsUp({ call, folder }: Built, root: string): Promise<void> {
  await Deno.writeTextFile(`${folder}/answers.json`, '{"schema":"neuron.answers/1"}');
  const answers = ["--answers", `${folder}/answers.json`];
  const ended = await call("setup", ...answers, "--yes", "--root", root, "--state", `${folder}/setup`);
  assertEnded(ended, 3);
  assertEnded(await call("plan", ...answers, "--root", root, "--state", `${folder}/setup`), 0);
}

async function listsMedia({ call, folder }: Built): Promise<void> {
  const { stdout } = await call("media", "list", "--json", "--folder", folder);
  assert(JSON.parse(stdout).media.some((one: { name: string }) => one.name === "windows11"), stdout);
}

async function serves({ file, folder }: Built): Promise<void> {
  const child = new Deno.Command(file, {
    args: ["serve", "--listen", "127.0.0.1:0", "--state", `${folder}/serve`, "--connect", "test:///default?socket=/no"],
    env: { NEURON_RUNTIME_FOLDER: `${folder}/runtime`, NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  try {
    let text = "";
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    while (!/http:\/\/\S+\/sign-in/.test(text)) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`serve ended early: ${text}`);
      text += value;
    }
    const url = /The page: +(http:\S+)/.exec(text)![1]!;
    const page = await (await fetch(url)).text();
    const script = await fetch(new URL(/src="([^"]+\.js)"/.exec(page)![1]!, url));
    assertEquals(script.status, 200);
    await script.body?.cancel();
    const document = await (await fetch(new URL("api/openapi.json", url))).json();
    assertMatch(document.openapi, /^3\.1/);
    child.kill("SIGTERM");
    await reader.cancel();
    assertEquals((await child.status).code, 0);
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
}

async function doesWhatTheSourcesDo(file: string, form: Form, t: Deno.TestContext): Promise<void> {
  await use(file, async (built) => {
    await t.step("version and help", () => saysWhatItIs(built, form));
    await withHost(withCard, async (root) => {
      await t.step("detect, plan, apply, rollback on a copy", () => plansAppliesAndTakesBack(built, root));
      await t.step("vm render", () => rendersAVm(built, root));
      await t.step("setup --answers --yes on a copy", () => setsUp(built, root));
    });
    await t.step("media list", () => listsMedia(built));
    await t.step("serve answers on loopback, page included, and ends on TERM", () => serves(built));
    await t.step("a wrong word ends with 2 and a hint", async () => {
      const ended = await built.call("detekt");
      assertEnded(ended, 2);
      assertMatch(ended.stderr, /hint: Did you mean "detect"/);
    });
  });
}

Deno.test("the self-extracting file does what the sources do", async (t) => {
  await doesWhatTheSourcesDo(await builtFile(), "self-extracting", t);
});

Deno.test("the compiled file does what the sources do", async (t) => {
  await withFolder(async (folder) => {
    await layOutProgram(`${folder}/program`);
    const { why } = await buildCompiled(`${folder}/program`, `${folder}/neuron-setup`);
    if (why === null) await doesWhatTheSourcesDo(`${folder}/neuron-setup`, "compiled", t);
    else console.log(`\n*** NOT TESTED: the compiled file. deno compile has no runtime here: ${why} ***`);
  });
});

Deno.test("two builds of the same sources are the same bytes", async () => {
  await withFolder(async (folder) => {
    await build(() => {}, `${folder}/neuron-setup`, "self-extracting");
    const [one, other] = await Promise.all([Deno.readFile(await builtFile()), Deno.readFile(`${folder}/neuron-setup`)]);
    assert(one.length === other.length && one.every((byte, index) => byte === other[index]));
  });
});
