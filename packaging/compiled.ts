/**
 * The compiled form: `deno compile` puts program and page behind Deno's own runtime for that (denort), which it fetches,
 * has in its cache, or is given in DENORT_BIN.
 */
import { join } from "node:path";
import { AppError, errorMessage } from "../model/errors.ts";
import { programFile } from "./product.ts";
import { tool } from "./tool.ts";

/** Makes `out`, or says why it cannot be made here. */
export async function buildCompiled(folder: string, out: string): Promise<{ readonly why: string | null }> {
  try {
    await tool(Deno.execPath(), [
      // All rights, as main.ts has from the sources: changing /etc, /boot and /sys is allowed to --allow-all alone.
      ...["compile", "--quiet", "--no-check", "--allow-all", "--no-prompt", "--no-config"],
      ...["--include", join(folder, "ui/dist"), "--output", `${out}.new`, join(folder, programFile)],
    ], "deno");
    // A deno in place of denort is copied as it is, and would then be a deno.
    const { built } = JSON.parse(await tool(`${out}.new`, ["version", "--json"]));
    if (built !== "compiled") throw new AppError("unsupported", "DENORT_BIN names something else than denort");
    await Deno.rename(`${out}.new`, out);
    return { why: null };
  } catch (error) {
    await Deno.remove(`${out}.new`).catch(() => {});
    return { why: lastCause(errorMessage(error)) };
  }
}

/** Of deno's chain of causes the last one tells most; behind it is where in deno that was. */
function lastCause(message: string): string {
  const causes = [...message.split("Stack backtrace")[0]!.matchAll(/\d+: ([^·]+)/g)].map(([, cause]) => cause!.trim());
  return causes.at(-1) ?? message;
}
