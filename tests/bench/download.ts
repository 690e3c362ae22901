/**
 * Downloads against `curl` followed by `sha256sum`, which is what a guide tells people to do, and by `openssl dgst`, which
 * uses the processor's SHA instructions as we do where Debian's sha256sum does not: over loopback, and from
 * a server that answers after 50 ms and gives each connection 40 MiB/s, as distant ones do; with one connection and with
 * four. Ours also fsyncs, keeps a state and can go on after a cut; both end with a checked file.
 */
import { BigFiles } from "../../provision/host/big_files.ts";
import { openHost } from "../../provision/host/open.ts";
import { download } from "../../provision/media/download.ts";
import { type BenchRow, compare, timed } from "./bench_row.ts";

const script = new URL("./file_server.ts", import.meta.url).pathname;
const mib = 192;
const hashes = [["sha256sum"], ["openssl", "dgst", "-sha256"]];

interface Server extends AsyncDisposable {
  readonly link: string;
  readonly sha256: string;
}

export async function bench(): Promise<BenchRow[]> {
  await using near = await start([]);
  await using far = await start(["50", "40"]);
  return [...await against(near, "over loopback"), ...await against(far, "from afar")];
}

async function against(server: Server, where: string): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const connections of [1, 4]) {
    for (const hash of hashes) {
      const words = connections === 1 ? "one connection" : `${connections} connections`;
      rows.push(
        await compare(
          `${mib} MiB ${where}, ${words}, checked`,
          `curl, then ${hash.slice(0, 2).join(" ")}`,
          () => inFolder((folder) => timed(() => ours(server, folder, connections))),
          () => inFolder((folder) => timed(() => theirs(server, folder, hash))),
          { runs: 3, wanted: 1 },
        ),
      );
    }
  }
  return rows;
}

async function ours(server: Server, folder: string, connections: number): Promise<void> {
  const [host, files] = [openHost({ root: folder }), new BigFiles(Deno.realPathSync(folder))];
  await download(host, files, { path: "/file", link: server.link, kind: "any", sha256: server.sha256 }, {
    http: { trustedHosts: ["127.0.0.1"] },
    limits: { connections },
  });
}

async function theirs(server: Server, folder: string, hash: readonly string[]): Promise<void> {
  await run(["curl", "--silent", "--fail", "--output", `${folder}/file`, server.link]);
  const out = await run([...hash, `${folder}/file`]);
  if (!out.includes(server.sha256)) throw new Error("curl brought something else");
}

async function inFolder(work: (folder: string) => Promise<number>): Promise<number> {
  const folder = await Deno.makeTempDir({ prefix: "bench-" });
  try {
    return await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function start(slowness: readonly string[]): Promise<Server> {
  const args = ["run", "--allow-all", "--no-check", script, String(mib), ...slowness];
  const child = new Deno.Command(Deno.execPath(), { args, stdout: "piped" }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { port, sha256 } = JSON.parse((await reader.read()).value ?? "{}");
  return {
    sha256,
    link: `http://127.0.0.1:${port}/file`,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.status;
      await reader.cancel();
    },
  };
}

async function run(words: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(words[0]!, { args: words.slice(1) }).output();
  if (success) return new TextDecoder().decode(stdout);
  throw new Error(`${words.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}
