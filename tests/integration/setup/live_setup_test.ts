/** The wizard's live side: a running machine, made of this one (see ../provision/live_enter.sh). */
import { assert } from "@std/assert";
import { layOutHost } from "../../fixtures/hosts.ts";

const here = new URL(".", import.meta.url).pathname;

Deno.test("on a running machine the wizard refuses without root, proposes No, shows progress, reboots only when told", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "live-" });
  const machine = Deno.makeTempDirSync({ prefix: "live-machine-" });
  try {
    await layOutHost("intel-z690-rx6650xt", machine);
    const enter = `${here}../provision/live_enter.sh`;
    const scenario = [
      ...[Deno.execPath(), "run", "--allow-all", "--no-check", "--cached-only"],
      `${here}live_setup_scenario.ts`,
    ];
    const { success, stdout, stderr } = await new Deno.Command("unshare", {
      args: ["--mount", "--net", "--pid", "--fork", "--", "sh", enter, folder, machine, ...scenario],
      env: { NO_COLOR: "1" },
    }).output();
    const text = new TextDecoder();
    const said = `${text.decode(stdout)}${text.decode(stderr)}`;
    assert(
      success && said.includes("the scenario ended well"),
      `it needs root, unshare, overlayfs, script, setpriv and libvirtd:\n${said}`,
    );
  } finally {
    Deno.removeSync(folder, { recursive: true });
    Deno.removeSync(machine, { recursive: true });
  }
});
