/**
 * Looking Glass's client supervised beside a real VM of a real libvirtd: started, started again, ended with the VM; a
 * stand-in is the client (stand_in.ts). The command itself runs as a person who is not root, in a user namespace.
 */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { type Connection, type Domain, open } from "../../../libvirt/mod.ts";
import { AppError } from "../../../model/errors.ts";
import { startChild } from "../../../provision/host/child.ts";
import { show, type ShowOptions, type Told } from "../../../provision/looking_glass_client/run.ts";
import { helpNow } from "../../unit/looking_glass_client/helps.ts";
import { guestXml } from "../libvirt/guest_xml.ts";
import { type PrivateLibvirtd, withPrivateLibvirtd } from "../private_libvirtd.ts";
import { desktop } from "./desktop.ts";
import { makeStandIn, type StandIn } from "./stand_in.ts";
import { until } from "./until.ts";

interface Place {
  readonly daemon: PrivateLibvirtd;
  readonly connection: Connection;
  readonly domain: Domain;
  readonly client: StandIn;
}

async function withVm(work: (place: Place) => Promise<void>): Promise<void> {
  const memory = `neuron-test-${crypto.randomUUID()}`;
  try {
    await withPrivateLibvirtd(async (daemon) => {
      await using connection = await open(daemon.uri());
      const devices = `<shmem name='${memory}'><model type='ivshmem-plain'/><size unit='M'>32</size></shmem>
        <graphics type='spice'><listen type='socket' socket='${daemon.folder}/spice.sock'/></graphics>`;
      const domain = await connection.defineDomain(guestXml({ name: "glass", devices }));
      await work({ daemon, connection, domain, client: makeStandIn(`${daemon.folder}/bin`) });
    });
  } finally {
    await Deno.remove(`/dev/shm/${memory}`).catch(() => {});
  }
}

/** The supervision itself, with short pauses; what it told so far. */
function supervise({ daemon, domain, client }: Place, options: Partial<ShowOptions> = {}) {
  const told: Told[] = [];
  const shown = show(daemon.uri(), domain.uuid, {
    until: "once",
    waits: true,
    signal: AbortSignal.timeout(60_000),
    graceMs: 300,
    askEveryMs: 500,
    pauseScale: 0.01,
    now: () => performance.now(),
    start: () => startChild([`${client.folder}/looking-glass-client`, "win:fullScreen=no"]),
    tell: (one) => void told.push(one),
    ...options,
  });
  // A failure is seen by whoever awaits it.
  shown.catch(() => {});
  return { shown, told, types: () => told.map(({ type }) => type) };
}

Deno.test("it waits for the VM, is started again after crashes, and ends with the VM", () =>
  withVm(async (place) => {
    const { client, domain } = place;
    client.behave("crash", "crash", "stay");
    const { shown, told, types } = supervise(place);
    await until(() => types().includes("waiting"));
    assertEquals(client.starts(), [], "not before the VM runs");
    await domain.start();
    await until(() => client.starts().length === 3 && client.running().length === 1);
    const crashes = told.filter((one) => one.type === "crashed");
    assertEquals(crashes.map(({ ending }) => ending.code), [255, 255]);
    assertEquals(crashes.map(({ againInMs }) => againInMs), [10, 20], "ever more slowly");
    assertStringIncludes(crashes[1]!.lastLines.join(), "attempt 2");
    await domain.destroy();
    assertEquals((await shown).outcome, "vm-stopped");
    assertEquals([client.starts().length, client.running()], [3, []]);
  }));

Deno.test("one that does not hear TERM is killed; one that floods its output neither fills memory nor stops the rest", () =>
  withVm(async (place) => {
    const { client, domain } = place;
    for (const behaviour of ["deaf", "flood"] as const) {
      client.behave(...client.starts().map(() => "stay" as const), behaviour);
      const before = client.starts().length;
      await domain.start();
      const { shown } = supervise(place);
      await until(() => client.starts().length === before + 1);
      const [pid] = client.running();
      if (behaviour === "flood") await until(() => writtenBytes(pid!) > 20_000_000);
      const memoryBefore = Deno.memoryUsage().rss;
      await domain.destroy();
      assertEquals((await shown).outcome, "vm-stopped", behaviour);
      await until(() => client.running().length === 0);
      assert(Deno.memoryUsage().rss < memoryBefore + 100_000_000);
    }
  }));

/** What the children of a process have written. */
function writtenBytes(pid: number): number {
  const children = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim().split(" ").filter((one) => one);
  return Math.max(
    0,
    ...children.map((child) => {
      try {
        return Number(/^wchar: (\d+)/m.exec(Deno.readTextFileSync(`/proc/${child}/io`))![1]);
      } catch {
        return 0;
      }
    }),
  );
}

Deno.test("closing the window ends it; following shows it at the VM's next start; a refused option ends it at once", () =>
  withVm(async (place) => {
    const { client, domain } = place;
    client.behave("close", "close", "stay", "refuse");
    await domain.start();
    assertEquals((await supervise(place).shown).outcome, "closed");

    const stop = new AbortController();
    const { shown, types } = supervise(place, { until: "follow", signal: stop.signal });
    await until(() => types().includes("closed"));
    await domain.destroy();
    await until(() => types().includes("waiting"));
    assertEquals(client.starts().length, 2, "not again while the same VM runs");
    await domain.start();
    await until(() => client.starts().length === 3 && client.running().length === 1);
    stop.abort();
    await assertRejects(() => shown, AppError, "Interrupted");
    await until(() => client.running().length === 0);
    assertEquals(await domain.isActive(), true, "the VM goes on");

    const refused = await supervise(place).shown;
    assertEquals(refused.outcome, "refused");
    assertStringIncludes(refused.lastLines.join(), "input:escapeKey");
  }));

Deno.test("what stands in the way of a VM that is followed is told, and tried again at its next start", () =>
  withVm(async (place) => {
    const { client, domain } = place;
    let tries = 0;
    const start = () => {
      if (++tries === 1) throw new AppError("forbidden", "not yours", { hint: "ask" });
      return startChild([`${client.folder}/looking-glass-client`, "win:fullScreen=no"]);
    };
    const stop = new AbortController();
    await domain.start();
    const { shown, types } = supervise(place, { until: "follow", signal: stop.signal, start });
    await until(() => types().includes("obstacle"));
    await domain.destroy();
    await until(() => types().includes("waiting"));
    await domain.start();
    await until(() => client.running().length === 1);
    stop.abort();
    await assertRejects(() => shown, AppError, "Interrupted");
    // Whoever does not follow is told by the error itself.
    tries = 0;
    await assertRejects(() => supervise(place, { start }).shown, AppError, "not yours");
  }));

Deno.test("a client that only crashes is given up, with what it said last", () =>
  withVm(async (place) => {
    place.client.behave("crash");
    await place.domain.start();
    const { outcome, lastLines } = await supervise(place).shown;
    assertEquals(outcome, "gave-up");
    assertStringIncludes(lastLines.join(), "attempt 9");
  }));

Deno.test("a libvirtd that dies takes no window with it; back again, it still tells of the VM's end", () =>
  withVm(async (place) => {
    const { daemon, client } = place;
    await place.domain.start();
    const { shown } = supervise(place);
    await until(() => client.running().length === 1);
    await daemon.kill9();
    await daemon.restart();
    await using connection = await open(daemon.uri());
    const domain = await connection.lookupDomain("glass");
    assertEquals([client.starts().length, client.running().length], [1, 1]);
    // While libvirtd finds its way back to QEMU, it kills that first and then says that there is none.
    await domain.destroy().catch(() => {});
    assertEquals((await shown).outcome, "vm-stopped");
  }));

Deno.test("the command: arguments of the running VM, release and all, and every obstacle with its cure", () =>
  withVm(async (place) => {
    const { daemon, client, domain } = place;
    const { neuron, json } = desktop(daemon.folder, daemon.uri(), client.folder);
    const off = await neuron(["vm", "looking-glass", "glass"]);
    assertEquals(off.code, 1);
    assertStringIncludes(off.stderr, 'error: "glass" is not running\nhint: neuron-setup vm start glass');
    await domain.start();
    const memory = /<shmem name='([^']+)'/.exec(await domain.xml())![1]!;
    const path = `/dev/shm/${memory}`;

    const printed = await json(["vm", "looking-glass", "glass", "--print"]);
    assertEquals(printed.version, "B7");
    const spice = ["spice:enable=yes", `spice:host=${daemon.folder}/spice.sock`, "spice:port=0"];
    for (const word of [`app:shmFile=${path}`, "win:title=glass", "win:fullScreen=no", ...spice]) {
      assert(printed.arguments.includes(word), `${word} in ${printed.arguments}`);
    }
    client.help(helpNow);
    const newer = await json(["vm", "looking-glass", "glass", "--print", "--full-screen"]);
    assert(newer.arguments.includes(`lgmp:shmDevice=${path}`) && newer.arguments.includes("win:fullScreen=yes"));

    client.help("Segmentation fault");
    assertStringIncludes((await neuron(["vm", "looking-glass", "glass"])).stderr, 'it says "Segmentation fault"');
    client.help(helpNow);
    Deno.chmodSync(path, 0);
    const closed = await neuron(["vm", "looking-glass", "glass"]);
    assertStringIncludes(closed.stderr, `You may not open the shared memory ${path}: permission denied`);
    assertStringIncludes(closed.stderr, "hint: sudo neuron-setup apply");
    Deno.chmodSync(path, 0o660);
    const absent = await neuron(["vm", "looking-glass", "glass"], { PATH: "/usr/bin" });
    assertStringIncludes(absent.stderr, "looking-glass-client is not installed: it is in none of /usr/bin");
    const text = await neuron(["vm", "looking-glass", "glass"], { DISPLAY: "" });
    assertStringIncludes(text.stderr, "There is no desktop");
    assertEquals(client.starts(), [], "nothing was started for any of these");
  }));

Deno.test("what a client repeats of its guest cannot speak to the terminal; without a place for the lock it shows as well", () =>
  withVm(async ({ daemon, client, domain }) => {
    client.behave("crash", "close");
    client.say("[E] Guest name: \x1b]0;evil\x07\u202e");
    const { neuron } = desktop(daemon.folder, daemon.uri(), client.folder);
    await domain.start();
    const { code, stderr } = await neuron(["vm", "looking-glass", "glass"], { XDG_RUNTIME_DIR: "/nowhere" });
    assertEquals(code, 0, stderr);
    assertStringIncludes(stderr, "Guest name: ");
    // deno-lint-ignore no-control-regex -- exactly these must not come through
    assertEquals(/[\x00-\x09\x0b-\x1f\u202e]/.test(stderr), false, JSON.stringify(stderr));
  }));

Deno.test("the command shows, restarts, tells a script of it, and refuses a second one beside it", () =>
  withVm(async ({ daemon, client, domain }) => {
    client.behave("crash", "stay");
    const { start, neuron } = desktop(daemon.folder, daemon.uri(), client.folder);
    const showing = start(["vm", "looking-glass", "glass", "--wait", "--json"]);
    await until(() => showing.lines().some((line) => line.includes('"waiting"')));
    const second = await neuron(["vm", "looking-glass", "glass", "--wait"]);
    assertStringIncludes(second.stderr, '"glass" is shown or waited for already');
    await domain.start();
    await until(() => client.starts().length === 2 && client.running().length === 1);
    await domain.destroy();
    assertEquals(await showing.code, 0);
    const told = showing.lines().map((line) => JSON.parse(line));
    assertEquals(told.map(({ type }) => type), ["waiting", "started", "crashed", "started", "vm-stopped", "outcome"]);
    assertEquals([told[2].code, told[2].againInMs, told.at(-1).kind], [255, 1000, "vm-stopped"]);
  }));
