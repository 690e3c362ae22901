/**
 * Every console of the medium has an installer. The command runs as on a live system: in a mount namespace of its own
 * with a medium in /run, beside a real volume NEURON-SEED. Its answers name a disk that there is not.
 */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { tool } from "../../../packaging/tool.ts";
import { openHost } from "../../../provision/host/open.ts";
import { makeSeed } from "../../iso/seed.ts";

const main = new URL("../../../main.ts", import.meta.url).pathname;

const onLiveSystem = `
mount -t tmpfs tmpfs /run
mkdir -p /run/live/medium/live
echo squashfs >/run/live/medium/live/filesystem.squashfs
echo boot=live >/run/cmdline
mount --bind /run/cmdline /proc/cmdline
exec "$@"`;

async function install(state: string, ...flags: readonly string[]) {
  const product = [Deno.execPath(), "run", "--allow-all", "--no-check", main, "install", "--state", state, ...flags];
  const { code, stdout, stderr } = await new Deno.Command("unshare", {
    args: ["--mount", "--", "sh", "-euc", onLiveSystem, "sh", ...product],
    stdin: "null",
  }).output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

Deno.test("with an answers volume one console installs, and another says so", async () => {
  const folder = await Deno.makeTempDir({ prefix: "neuron-consoles-" });
  const state = `${folder}/state`;
  const volume = await makeSeed(folder, {
    install: { disk: "/dev/not-there", account: { name: "ada", password: { file: "password" } } },
  });
  const device = (await tool("losetup", ["--find", "--show", "--read-only", volume], "mount")).trim();
  try {
    {
      using _first = openHost({ root: "/", state }).state.lock();
      const second = await install(state);
      assertEquals([second.code, second.stderr], [0, ""]);
      assertMatch(second.stdout, /^Another console is installing Neuron by the answers on the volume NEURON-SEED\.\n/);
      const script = await install(state, "--json");
      assertEquals(script.code, 1);
      assertStringIncludes(script.stderr, "hint: ");
      assertEquals(JSON.parse(script.stdout).type, "failed");
      // Who changes nothing may look.
      assertStringIncludes((await install(state, "--plan")).stderr, "/dev/not-there");
    }
    const alone = await install(state);
    assertMatch(alone.stderr, /\/dev\/not-there/, alone.stdout);
  } finally {
    await tool("losetup", ["--detach", device], "mount");
    await Deno.remove(folder, { recursive: true });
  }
});
