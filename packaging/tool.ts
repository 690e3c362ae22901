/** Runs a program of the build machine. */
import { AppError } from "../model/errors.ts";

export interface ToolOptions {
  /** Added to this process's own. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/**
 * Its standard output.
 * @throws AppError `command-failed` with its last words when it fails, `not-found` with the package to install when it is missing
 */
export async function tool(
  program: string,
  args: readonly string[],
  packageName = program,
  options: ToolOptions = {},
): Promise<string> {
  let output: Deno.CommandOutput;
  try {
    output = await new Deno.Command(program, {
      args: [...args],
      stdin: "null",
      env: { LC_ALL: "C.UTF-8", DEBIAN_FRONTEND: "noninteractive", ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    }).output();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new AppError("not-found", `${program} is missing`, { hint: `apt install ${packageName}`, cause: error });
  }
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (output.success) return text(output.stdout);
  const words = text(output.stderr).trim().split("\n").slice(-8).join("\n");
  throw new AppError("command-failed", `${program} ${args.join(" ")} ended with ${output.code}: ${words}`, {
    hint: "What it said stands above",
  });
}
