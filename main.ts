/** The program: argv -> subcommand -> exit code. The only place where the process ends itself. */
import { runCommandLine } from "./cli/run.ts";
import { openTerminal } from "./cli/terminal.ts";

if (import.meta.main) {
  const terminal = openTerminal(Deno.args);
  Deno.exit(await runCommandLine(Deno.args, terminal));
}
