/** The built file, made once for a test run, and how it is started as a script would. */
import { build, builtProgram } from "../../../packaging/build.ts";

let made: Promise<void> | undefined;

/** dist/neuron-setup of today's sources, self-extracting. */
export async function builtFile(): Promise<string> {
  await (made ??= build(console.log, builtProgram, "self-extracting").then(() => {}));
  return builtProgram;
}

export interface Ended {
  readonly code: number;
  readonly signal: Deno.Signal | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Runs a program with these variables and no others. */
export async function run(argv: readonly [string, ...string[]], options: StartOptions = {}): Promise<Ended> {
  const { code, signal, stdout, stderr } = await new Deno.Command(argv[0], {
    args: argv.slice(1),
    stdin: "null",
    clearEnv: true,
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", NO_COLOR: "1", ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, signal, stdout: text(stdout), stderr: text(stderr) };
}

/** A folder of the test's own, which root alone can write to. */
export async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = Deno.realPathSync(await Deno.makeTempDir({ prefix: "neuron-packaging-" }));
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
