/** The built file beside plain deno with the same bundle: start, size, memory. */
import { builtFile } from "../integration/packaging/built.ts";
import { bundleProgram } from "../../packaging/product.ts";
import { type BenchRow, compare, timed } from "./bench_row.ts";

/** What the second start may add to plain deno's, as wanted by the design. */
const mayAddMs = 30;

export async function bench(): Promise<BenchRow[]> {
  const folder = Deno.realPathSync(await Deno.makeTempDir({ prefix: "neuron-bench-" }));
  try {
    const file = await builtFile();
    const bundle = `${folder}/neuron-setup.js`;
    await bundleProgram(bundle);
    const env = { NEURON_RUNTIME_FOLDER: `${folder}/runtime`, NO_COLOR: "1" };
    const ours = [file, "version"] as const;
    const theirs = [Deno.execPath(), "run", "--allow-all", "--no-config", "--no-lock", bundle, "version"] as const;
    const first = async () => {
      await Deno.remove(`${folder}/runtime`, { recursive: true }).catch(() => {});
      return await timed(() => run(ours, env));
    };
    const peer = "deno run of the bundle";
    const firstStart = await compare(
      "first start of the built file",
      peer,
      first,
      () => timed(() => run(theirs, env)),
      {
        runs: 3,
      },
    );
    const second = () => timed(() => run(ours, env));
    const start = await compare("second start of the built file", peer, second, () => timed(() => run(theirs, env)));
    return [
      firstStart,
      { ...start, wanted: (start.theirs + mayAddMs) / start.theirs },
      row("size of the built file", "deno + bundle", "bytes", [size(file), size(Deno.execPath()) + size(bundle)]),
      row("memory of a start", peer, "bytes", [await memory(ours, env), await memory(theirs, env)]),
    ];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const size = (path: string) => Deno.statSync(path).size;

function row(what: string, peer: string, unit: BenchRow["unit"], [ours, theirs]: readonly [number, number]): BenchRow {
  return { what, peer, unit, ours, theirs, ratio: ours / theirs };
}

async function run(argv: readonly string[], env: Record<string, string>): Promise<string> {
  const [program, ...args] = argv;
  const { success, stderr } = await new Deno.Command(program!, { args, env, stdin: "null" }).output();
  const words = new TextDecoder().decode(stderr);
  if (!success) throw new Error(`${argv.join(" ")}: ${words}`);
  return words;
}

/** The most that was resident, as GNU time tells in KiB. */
async function memory(argv: readonly string[], env: Record<string, string>): Promise<number> {
  return Number((await run(["time", "--format=%M", ...argv], env)).trim().split("\n").at(-1)) * 1024;
}
