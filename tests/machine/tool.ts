/** Runs a program of the build machine. */

/** @throws Error with its last words when it fails, and with the package to install when it is missing */
export async function tool(program: string, args: readonly string[], packageName = program): Promise<string> {
  let output: Deno.CommandOutput;
  try {
    output = await new Deno.Command(program, {
      args: [...args],
      stdin: "null",
      env: { LC_ALL: "C.UTF-8", DEBIAN_FRONTEND: "noninteractive" },
    }).output();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(`${program} is missing: apt install ${packageName}`, { cause: error });
  }
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (output.success) return text(output.stdout);
  const words = text(output.stderr).trim().split("\n").slice(-8).join("\n");
  throw new Error(`${program} ${args.join(" ")} ended with ${output.code}: ${words}`);
}
