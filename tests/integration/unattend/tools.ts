/** Programs these tests start. What is missing fails with the package that has it. */
import { AppError } from "../../../model/errors.ts";

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function tool(argv: readonly [string, ...string[]], debianPackage: string, cwd?: string): Promise<Ended> {
  const [program, ...args] = argv;
  try {
    const { code, stdout, stderr } = await new Deno.Command(program, {
      args,
      stdin: "null",
      signal: AbortSignal.timeout(120_000),
      ...(cwd === undefined ? {} : { cwd }),
    }).output();
    return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new AppError("not-found", `${program} is needed: apt-get install ${debianPackage}`, { cause: error });
  }
}

/** The same, failing when the program does. */
export async function done(argv: readonly [string, ...string[]], debianPackage: string, cwd?: string): Promise<string> {
  const { code, stdout, stderr } = await tool(argv, debianPackage, cwd);
  if (code !== 0) throw new Error(`${argv.join(" ")} ended with ${code}: ${stderr}`);
  return stdout;
}

export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "unattend-" });
  try {
    return await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
