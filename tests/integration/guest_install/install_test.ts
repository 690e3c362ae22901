/**
 * The watch over an installation with a real libvirtd and a guest that plays one (stand_in.S): it needs a key at its
 * start, talks on its serial port, restarts, switches itself off in the middle, hangs, or finds no drivers.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Domain, open } from "../../../libvirt/mod.ts";
import { AppError } from "../../../model/errors.ts";
import { install } from "../../../provision/guest_install/run.ts";
import type { Watch } from "../../../provision/guest_install/watch.ts";
import { type PrivateLibvirtd, withPrivateLibvirtd } from "../private_libvirtd.ts";
import { call } from "../provision/command_line.ts";
import { standInBase64 } from "./stand_in.ts";

const modes = { well: 0, hangs: 1, noDrivers: 2, restartsForever: 3 } as const;

interface Played {
  readonly watch: Watch;
  readonly said: readonly string[];
  readonly pictures: readonly Uint8Array[];
  readonly domain: Domain;
}

async function defineStandIn(daemon: PrivateLibvirtd, mode: keyof typeof modes): Promise<Domain> {
  const disk = new Uint8Array(1024 * 1024);
  disk.set(Uint8Array.fromBase64(standInBase64));
  disk[513] = modes[mode];
  await Deno.writeFile(`${daemon.folder}/disk.img`, disk);
  const connection = await open(daemon.uri());
  return await connection.defineDomain(`<domain type='qemu'><name>stand-in</name>
<memory unit='MiB'>64</memory><vcpu>1</vcpu><os><type arch='x86_64' machine='pc'>hvm</type></os>
<features><acpi/></features><devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='${daemon.folder}/disk.img'/>
<target dev='hda' bus='ide'/></disk><serial type='pty'/><video><model type='vga'/></video></devices></domain>`);
}

async function play(mode: keyof typeof modes, check: (played: Played) => Promise<void>, slowness = 1): Promise<void> {
  await withPrivateLibvirtd(async (daemon) => {
    await using connection = await open(daemon.uri());
    const domain = await connection.lookupDomain((await defineStandIn(daemon, mode)).name);
    const said: string[] = [];
    const pictures: Uint8Array[] = [];
    const watch = await install(connection, domain, {
      now: () => Date.now(),
      lookEveryMs: 200,
      slowness,
      signal: AbortSignal.timeout(120_000),
      tell: ({ text }) => void said.push(text),
      keepPicture: (png) => void pictures.push(png),
    });
    await check({ watch, said, pictures, domain });
  });
}

Deno.test("an installation is watched from the key at its start to its end, over restarts", async () => {
  await play("well", async ({ watch, said, pictures, domain }) => {
    assertEquals(watch.outcome, { kind: "done", withErrors: false }, said.join("\n"));
    // What the guest says and what libvirt tells of it come on two ways: neither waits for the other.
    const told = ["the guest restarts", "the guest has switched itself off: it is switched on again"];
    assertEquals(told.filter((one) => said.includes(one)), told);
    assertEquals(said.filter((one) => !told.includes(one)), [
      "started",
      "Windows PE has started and found the answer medium",
      "the drivers of disk and network are loaded",
      "Setup goes on to the disk",
      "the installed Windows has started for the first time",
      "the account has signed in for the first time",
      "everything is set up",
    ]);
    assert(pictures.length >= 3, `${pictures.length} pictures`);
    assertEquals([...pictures[0]!.subarray(1, 4)], [..."PNG"].map((letter) => letter.charCodeAt(0)));
    assertEquals(await domain.isActive(), true, "what was installed goes on");
  });
});

Deno.test("a guest that hangs is named with its stage and a cure, and left to be looked at", async () => {
  await play("hangs", async ({ watch, domain }) => {
    assert(watch.outcome?.kind === "failed");
    // The cursor of its text screen blinks: it moves, but gets nowhere.
    assertEquals(
      watch.outcome.why.replace(/\d+ minutes/, "N minutes"),
      'It is stuck at "Windows PE has started and found the answer medium": the stage has lasted N minutes',
    );
    assertEquals(watch.outcome.cure, "No driver was loaded. Is the virtio-win ISO in a drive of the VM?");
    assertEquals(await domain.isActive(), true);
  }, 0.005);
});

Deno.test("a guest that finds no drivers ends at once, and other drivers are worth a try", async () => {
  await play("noDrivers", ({ watch }) => {
    assert(watch.outcome?.kind === "failed");
    assertEquals(watch.outcome.retry, "drivers");
    return Promise.resolve();
  });
});

Deno.test("a guest that only restarts is given up", async () => {
  await play("restartsForever", ({ watch }) => {
    assert(watch.outcome?.kind === "failed");
    assertEquals(watch.outcome.why, "It has restarted 21 times");
    return Promise.resolve();
  });
});

Deno.test("a VM that runs already is not touched", async () => {
  await play("noDrivers", async ({ domain }) => {
    const error = await assertRejects(
      () =>
        install({} as never, domain, {
          now: () => 0,
          lookEveryMs: 1,
          slowness: 1,
          tell: () => {},
          keepPicture: () => {},
        }),
      AppError,
    );
    assertEquals(error.message, 'Cannot install in the VM "stand-in": it is running');
  });
});

Deno.test("a watch that is taken up again presses no key, and leaves alone what runs", async () => {
  await withPrivateLibvirtd(async (daemon) => {
    await using connection = await open(daemon.uri());
    const domain = await connection.lookupDomain((await defineStandIn(daemon, "well")).name);
    await domain.start();
    const said: string[] = [];
    const { outcome } = await install(connection, domain, {
      now: () => Date.now(),
      lookEveryMs: 100,
      // The guest waits ten seconds for a key: longer than this patience of three.
      slowness: 0.005,
      resumes: true,
      signal: AbortSignal.timeout(120_000),
      tell: ({ text }) => void said.push(text),
      keepPicture: () => {},
    });
    assertEquals(said[0], "watched again: it runs already");
    assertEquals(said.includes("Windows PE has started and found the answer medium"), false, said.join("\n"));
    assert(outcome?.kind === "failed");
    assertEquals(await domain.isActive(), true);
  });
});

Deno.test("vm install --answers puts the answer medium into a drive, and takes it away when Windows is set up", async () => {
  await withPrivateLibvirtd(async (daemon) => {
    const domain = await defineStandIn(daemon, "well");
    const state = `${daemon.folder}/state`;
    Deno.writeTextFileSync(`${daemon.folder}/password`, "correct horse\n", { mode: 0o600 });
    const answers = `${daemon.folder}/answers.json`;
    Deno.writeTextFileSync(
      answers,
      JSON.stringify({
        schema: "neuron.answers/1",
        host: { gpu: "none" },
        vm: { name: "stand-in" },
        windows: { account: { name: "ada", password: { file: `${daemon.folder}/password` } } },
      }),
    );
    const called = call(
      "vm",
      "install",
      "stand-in",
      "--answers",
      answers,
      "--json",
      "--connect",
      daemon.uri(),
      "--state",
      state,
    );
    const medium = `${daemon.folder}/neuron-answers-${domain.uuid}.iso`;
    await until(async () => (await domain.isActive()) && Deno.statSync(medium).size > 32768);
    assert((await domain.xml()).includes(medium), "it is in a drive while Windows is installed");
    const { code, stdout, stderr } = await called;
    assertEquals(code, 0, stderr);
    const lines = stdout.split("\n").map((line) => JSON.parse(line));
    assertEquals(lines.at(-1).kind, "done");
    const record = `${state}/installs/${domain.uuid}`;
    assertEquals(lines.at(-1).record, record);
    const kept = [...Deno.readDirSync(record)].map(({ name }) => name).sort();
    assert(kept.includes("0001.png") && kept.includes("timeline.jsonl"), kept.join());
    assertEquals(
      (await domain.xml({ inactive: true })).includes(medium),
      false,
      "its drive is gone from the next start on",
    );
    assertEquals([...Deno.readDirSync(daemon.folder)].some(({ name }) => name.startsWith("neuron-answers")), false);
  });
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = AbortSignal.timeout(60_000);
  while (!await condition().catch(() => false)) {
    deadline.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
