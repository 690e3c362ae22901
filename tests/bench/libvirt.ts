/**
 * The libvirt client against libvirt's own: python3-libvirt and virsh, at one private daemon, interleaved in one run.
 * Run through `deno task bench`.
 */
import { open } from "../../libvirt/mod.ts";
import { withThousandDomains } from "../integration/libvirt/thousand_domains.ts";
import { type PrivateLibvirtd, withPrivateLibvirtd } from "../integration/private_libvirtd.ts";
import { type BenchRow, compare, timed } from "./bench_row.ts";

const SMALL_CALLS = 10_000;
/** Calls in flight where the default of four is not wanted. */
const DEEP = 64;
const VOLUME_MIB = 256;

/** All rows; takes about a minute. */
export async function bench(): Promise<BenchRow[]> {
  return await withPrivateLibvirtd(async (daemon) => [...await calls(daemon), ...await volume(daemon)]);
}

async function calls(daemon: PrivateLibvirtd): Promise<BenchRow[]> {
  const node = await withThousandDomains(daemon);
  await using connection = await open(node.uri);
  await using deep = await open(node.uri, { maxInFlight: DEEP });
  using peer = new Peer(node.uri.replace("test://", "test+unix://"));
  const [first] = await connection.listDomains();
  if (first === undefined) throw new Error("the test driver has no domains");
  const python = (name: string) => () => peer.run(name);
  return [
    await compare(
      "1,000 domains with state, bulk",
      "python3-libvirt, bulk",
      () => timed(() => connection.listDomainsWithState()),
      python("bulk_states"),
      { runs: 21, wanted: 1.0 },
    ),
    await compare(
      "1,000 domains with state, a call each, four at a time",
      "python3-libvirt, a call each",
      () => timed(async () => await Promise.all((await connection.listDomains()).map((domain) => domain.state()))),
      python("call_by_call"),
      { runs: 15, wanted: 0.5 },
    ),
    await compare(
      `the same, ${DEEP} at a time`,
      "python3-libvirt, a call each",
      () => timed(async () => await Promise.all((await deep.listDomains()).map((domain) => domain.state()))),
      python("call_by_call"),
      { runs: 15, wanted: 0.5 },
    ),
    await compare(
      "all statistics of 1,000 domains",
      "python3-libvirt, bulk",
      () => timed(() => connection.allDomainStats()),
      python("all_stats"),
      { runs: 15 },
    ),
    await compare(
      "10,000 small calls, one after another",
      "python3-libvirt",
      () =>
        timed(async () => {
          for (let i = 0; i < SMALL_CALLS; i++) await first.isActive();
        }),
      python("small_calls"),
      { runs: 5 },
    ),
    await compare(
      "10,000 small calls, pipelined",
      "python3-libvirt, one after another",
      () => timed(() => Promise.all(Array.from({ length: SMALL_CALLS }, () => first.isActive()))),
      python("small_calls"),
      { runs: 5 },
    ),
  ];
}

async function volume(daemon: PrivateLibvirtd): Promise<BenchRow[]> {
  await using connection = await open(daemon.uri());
  const pool = await connection.createStoragePool(
    "<pool type='dir'><name>bench</name><target><path>/var/lib/libvirt/images</path></target></pool>",
  );
  const source = await pool.createVolume(
    `<volume><name>source</name><capacity unit='MiB'>${VOLUME_MIB}</capacity></volume>`,
  );
  const block = crypto.getRandomValues(new Uint8Array(64 * 1024));
  const upload = await source.upload();
  const writer = upload.writable.getWriter();
  for (let sent = 0; sent < VOLUME_MIB * 1024 * 1024; sent += block.length) await writer.write(block);
  await writer.close();
  const target = await Deno.makeTempDir({ dir: "/dev/shm" });
  try {
    return [
      await compare(
        `volume download of ${VOLUME_MIB} MiB to a file`,
        "virsh vol-download",
        () => timed(async () => await (await source.download()).saveTo(await Deno.create(`${target}/ours`))),
        () => timed(() => virsh(daemon, "vol-download", "--pool", "bench", "source", `${target}/theirs`)),
        { runs: 5 },
      ),
    ];
  } finally {
    await Deno.remove(target, { recursive: true });
  }
}

async function virsh(daemon: PrivateLibvirtd, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("virsh", { args: ["-c", daemon.uri(), ...args] }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

/** libvirt_peer.py, told what to do line by line. */
class Peer implements Disposable {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #reader: ReadableStreamDefaultReader<string>;

  constructor(uri: string) {
    const script = new URL("libvirt_peer.py", import.meta.url).pathname;
    this.#child = new Deno.Command("/usr/bin/python3", { args: [script, uri], stdin: "piped", stdout: "piped" })
      .spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#reader = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Does one thing and returns how long it took, in ms. */
  async run(name: string): Promise<number> {
    await this.#writer.write(new TextEncoder().encode(`${name}\n`));
    let line = "";
    while (!line.endsWith("\n")) {
      const { value, done } = await this.#reader.read();
      if (done) throw new Error("the peer has ended: apt install python3-libvirt");
      line += value;
    }
    return Number(line);
  }

  [Symbol.dispose](): void {
    this.#child.kill();
  }
}

if (import.meta.main) console.table(await bench());
