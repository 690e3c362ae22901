/**
 * The workload phase as a person uses it, with the real program, a real libvirtd, https servers and a guest that plays
 * Windows' setup: from answers to a VM that says it is set up, interrupted and taken up again, planned once more for
 * nothing.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { open } from "../../../libvirt/mod.ts";
import { makeCertificates } from "../media/certificates.ts";
import { type FaultyServer, faultyServer, type Reply } from "../media/faulty_server.ts";
import { discImage } from "../media/place.ts";
import { type PrivateLibvirtd, withPrivateLibvirtd } from "../private_libvirtd.ts";
import { standInWindows } from "./stand_in_windows.ts";

const main = join(import.meta.dirname!, "../../../main.ts");
const certificates = await makeCertificates();

interface Bench {
  readonly daemon: PrivateLibvirtd;
  readonly pool: string;
  readonly answers: string;
  readonly windows: FaultyServer;
  neuron(...words: string[]): Promise<Ran>;
  start(...words: string[]): Deno.ChildProcess;
}

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function withBench(run: (bench: Bench) => Promise<void>, reply?: () => Reply): Promise<void> {
  await withPrivateLibvirtd(async (daemon) => {
    const pool = `${daemon.folder}/pool`;
    await Deno.mkdir(pool);
    await using connection = await open(daemon.uri());
    const made = await connection.defineStoragePool(
      `<pool type='dir'><name>default</name><target><path>${pool}</path></target></pool>`,
    );
    await made.start();
    await using windows = await faultyServer(await standInWindows(daemon.folder), reply, certificates);
    await using drivers = await faultyServer(discImage(400_000), undefined, certificates);
    const ca = `${daemon.folder}/ca.pem`;
    const answers = `${daemon.folder}/answers.json`;
    await Deno.writeTextFile(ca, certificates.authority);
    await Deno.writeTextFile(`${daemon.folder}/password`, "correct horse\n", { mode: 0o600 });
    await Deno.writeTextFile(
      answers,
      JSON.stringify({
        host: { gpu: "none" },
        vm: {
          name: "win",
          firmware: { uefi: false, secureBoot: false, tpm: false },
          memory: { mib: 128, hugepages: "none" },
          cpu: { vcpus: 1 },
          disks: [{ sizeGib: 1, cache: "writeback" }],
          network: { mode: "user" },
        },
        windows: {
          version: "10",
          iso: windows.url.replace("file.iso", "windows.iso"),
          account: { name: "ada", password: { file: `${daemon.folder}/password` } },
        },
        virtio: { iso: drivers.url.replace("file.iso", "virtio-win.iso") },
      }),
    );
    const command = (words: readonly string[]) =>
      new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "--allow-all", "--no-check", main, ...words, "--phase", "workload", "--answers", answers],
          ...["--connect", daemon.uri(), "--state", `${daemon.folder}/state`],
        ],
        env: { SSL_CERT_FILE: ca },
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      });
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
    await run({
      daemon,
      pool,
      answers,
      windows,
      start: (...words) => command(words).spawn(),
      async neuron(...words) {
        const { code, stdout, stderr } = await command(words).output();
        return { code, out: text(stdout), err: text(stderr) };
      },
    });
  }, { withoutKvm: true });
}

const names = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

Deno.test("from answers to a Windows that says it is set up: fetched, made, installed, planned again for nothing", () =>
  withBench(async ({ neuron, pool, daemon }) => {
    const planned = await neuron("plan", "--json");
    assertEquals(planned.code, 0, planned.err);
    const plan = JSON.parse(planned.out);
    assertEquals(plan.phase, "workload");
    assertEquals(
      plan.steps.map(({ name, changes }: { name: string; changes: unknown[] }) => [name, changes.length]),
      [["media", 2], ["vm", 1], ["guest_install", 1]],
    );
    assertEquals(names(pool), [], "a plan only looks");

    const applied = await neuron("apply", "--yes", "--json");
    assertEquals(applied.code, 0, applied.err + applied.out);
    const events = applied.out.split("\n").map((line) => JSON.parse(line));
    const notes = events.filter(({ type }) => type === "note").map(({ text }) => text);
    for (const stage of ["the drivers of disk and network are loaded", "everything is set up"]) {
      assert(notes.includes(stage), notes.join("\n"));
    }
    const bytes = events.filter(({ type, unit }) => type === "progress" && unit === "bytes");
    assert(bytes.some(({ done, total, what }) => done === total && what.includes("windows.iso")));
    const stages = events.filter(({ unit }) => unit === "stages");
    assertEquals(stages.at(-1).done, stages.at(-1).total - 1, "done is the last but one: there may have been errors");
    assertEquals(events.at(-1), { type: "done", changes: 4 });
    assertEquals(names(pool), ["virtio-win.iso", "win.qcow2", "windows.iso"], "no answer medium, no part is left");

    await using connection = await open(daemon.uri());
    const domain = await connection.lookupDomain("win");
    const xml = await domain.xml({ inactive: true });
    assertMatch(xml, /<installation:windows [^>]*errors="no"/);
    assertEquals(xml.includes("neuron-answers"), false);
    assertEquals((await neuron("verify")).code, 0);
    const again = await neuron("plan");
    assertStringIncludes(again.out, "Nothing to change.");
    const lost = await neuron("plan", "--state", `${daemon.folder}/another-state`);
    assertEquals(lost.out.includes("guest_install"), false, `the VM itself says that it is installed:\n${lost.out}`);
  }));

Deno.test("killed while Windows is being installed, the next run goes on where it was", () =>
  withBench(async ({ neuron, start, daemon, pool }) => {
    const running = start("apply", "--yes", "--json");
    const lines = running.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let seen = "";
    while (!seen.includes("Windows PE has started")) {
      const { value, done } = await lines.read();
      assert(!done, seen);
      seen += value;
    }
    running.kill("SIGKILL");
    await running.status;
    await lines.cancel();
    await running.stderr.cancel();
    await using connection = await open(daemon.uri());
    const domain = await connection.lookupDomain("win");
    // The guest goes on by itself: it plays its next act, and switches itself off.
    const deadline = AbortSignal.timeout(60_000);
    while (await domain.isActive()) {
      deadline.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const left = JSON.parse((await neuron("plan", "--json")).out);
    const open_ = left.steps.flatMap(({ name, changes }: { name: string; changes: unknown[] }) =>
      changes.length > 0 ? [name] : []
    );
    assertEquals(open_, ["guest_install"]);
    const again = await neuron("apply", "--yes");
    assertEquals(again.code, 0, again.err);
    assertStringIncludes(again.out, "everything is set up");
    assertEquals(names(pool), ["virtio-win.iso", "win.qcow2", "windows.iso"]);
  }));

Deno.test("a server that fails ends it with a sentence and a cure; what is there stays, and the next run goes on", () => {
  let broken = true;
  return withBench(async ({ neuron, pool }) => {
    const failed = await neuron("apply", "--yes");
    assertEquals(failed.code, 1);
    assertMatch(failed.err, /error: Cannot download windows\.iso: .*404/);
    assertMatch(failed.err, /hint: /);
    assertEquals(names(pool).includes("windows.iso"), false);
    broken = false;
    const again = await neuron("apply", "--yes");
    assertEquals(again.code, 0, again.err);
  }, () => broken ? { status: 404 } : {});
});

Deno.test("somebody else's VM of that name is not touched, and half an account is named", () =>
  withBench(async ({ neuron, daemon, answers, pool }) => {
    await using connection = await open(daemon.uri());
    const theirs = await connection.defineDomain(
      `<domain type='qemu'><name>win</name><memory unit='MiB'>64</memory><os><type arch='x86_64'>hvm</type></os></domain>`,
    );
    const before = await theirs.xml();
    const refused = await neuron("apply", "--yes");
    assertEquals(refused.code, 1);
    assertStringIncludes(refused.err, 'There is a VM "win" that Neuron did not make');
    assertEquals([await theirs.xml(), names(pool)], [before, []], "nothing is downloaded for nothing");

    const said = JSON.parse(await Deno.readTextFile(answers));
    delete said.windows.account.password;
    await Deno.writeTextFile(answers, JSON.stringify(said));
    const half = await neuron("plan");
    assertEquals(half.code, 5);
    assertStringIncludes(half.err, "windows.account.password is missing");
  }));
