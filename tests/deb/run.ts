/** `deno task test:deb`: installs what it needs, then runs the tests of this folder. */
import { ensurePackages } from "../../cli/try/packages.ts";
import { runTask } from "../../packaging/build.ts";
import { launcherPackages } from "../../packaging/self_extracting.ts";

await runTask(async () => {
  await ensurePackages([...launcherPackages, "groff", "lintian", "mmdebstrap"], console.log);
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "--allow-all", "--no-check", import.meta.dirname!],
  }).spawn().status;
  if (!success) Deno.exit(1);
});
