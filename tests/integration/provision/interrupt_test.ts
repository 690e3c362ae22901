/** Ctrl-C and TERM while apply is at work: it takes back what it did, says so, and exits 130. */
import { assert, assertEquals } from "@std/assert";
import { withHost } from "../../fixtures/hosts.ts";
import { differences, snapshot } from "./trees.ts";

const main = new URL("../../../main.ts", import.meta.url).pathname;

async function waitFor(what: string, is: () => boolean): Promise<void> {
  for (const end = Date.now() + 20_000; !is();) {
    if (Date.now() > end) throw new Error(`Waited 20 s in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function childOf(pid: number): number {
  return Number(Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim().split(" ")[0]);
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`${signal} during apply takes everything back and exits 130`, async () => {
    await withHost("intel-z690-rx6650xt", async (root) => {
      const before = snapshot(root);
      const state = Deno.makeTempDirSync();
      try {
        // Each rename takes a while, so that there is a during.
        const child = new Deno.Command("strace", {
          args: [
            ...["-f", "-qq", "-e", "trace=rename", "-e", "signal=none", "-e", "inject=rename:delay_exit=150000"],
            ...["-o", "/dev/null", Deno.execPath(), "run", "--allow-all", "--no-check", "--no-code-cache", main],
            ...["apply", "--root", root, "--state", state, "--yes"],
          ],
          stdout: "null",
          stderr: "piped",
        }).spawn();
        await waitFor("the first file", () => differences(before, snapshot(root)).length > 0);
        Deno.kill(childOf(child.pid), signal);
        const { code, stderr } = await child.output();
        const said = new TextDecoder().decode(stderr);
        assertEquals(code, 130, said);
        assert(said.includes("taken back"), said);
        assertEquals(differences(before, snapshot(root)), []);
      } finally {
        Deno.removeSync(state, { recursive: true });
      }
    });
  });
}
