/**
 * `deno task start`: Neuron on a copy of this machine, or on a demonstration machine. Apart from Debian packages, which
 * are named first, nothing outside one folder is written; docs/decisions/0003-try-out.md says how.
 */
import { join, resolve } from "node:path";
import config from "../deno.json" with { type: "json" };
import { AppError } from "../model/errors.ts";
import { builtAs } from "../provision/host/program.ts";
import type { Command, Invocation } from "./command.ts";
import { interrupted } from "./interrupted.ts";
import { offerSignInLinks } from "./sign_in_links.ts";
import { ensurePackages, hypervisorPackages } from "./try/packages.ts";
import { ensurePage } from "./try/page.ts";

export const tryCommand: Command = {
  name: "try",
  summary: "try Neuron on a copy of this machine: changes nothing outside its own folder",
  usage: ["try [--demo-host NAME] [--listen ADDR:PORT] [--folder DIR]"],
  flags: [
    { name: "demo-host", value: "NAME", help: "a machine of the tests instead of this one, with a dozen VMs" },
    {
      name: "listen",
      value: "ADDR:PORT",
      help: "where the page is served (default 127.0.0.1:8443; port 0: a free one)",
    },
    { name: "folder", value: "DIR", help: "where everything of the try-out is kept (default .neuron in the sources)" },
    { name: "rebuild", help: "bundle the page again" },
  ],
  examples: [
    { line: "deno task start", why: "this machine, with one small VM on real QEMU" },
    {
      line: "deno task start --demo-host intel-z370-gt1030",
      why: "an Intel PC with an NVIDIA card, and a dozen VMs that only pretend to run",
    },
  ],
  fromSources: true,
  async run(invocation) {
    const { flags, terminal, words } = invocation;
    if (builtAs() !== "sources") {
      throw new AppError(
        "unsupported",
        "The try-out runs from the sources: its machines and tools are not in this file",
        {
          hint: "In a checkout: deno task start. This program works on a copy as well: add --root DIR",
        },
      );
    }
    if (words.length > 0) {
      throw new AppError("usage", `try takes no words, but "${words[0]}" was given`, { hint: "See try --help" });
    }
    const demoHost = typeof flags["demo-host"] === "string" ? flags["demo-host"] : null;
    const folder = join(chosenFolder(invocation), demoHost ?? "this-machine");
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    using _lock = lock(folder);
    const say = (line: string) => terminal.note(line);
    const stop = interrupted();
    await ensurePackages(hypervisorPackages, say);
    await ensurePage(flags.rebuild === true, say);
    await using resources = new AsyncDisposableStack();
    await serve(invocation, folder, demoHost, resources);
    say("Ctrl-C ends it.");
    await stop;
    say("\nEnding.");
    return 0;
  },
};

/** Starts everything; what has to end with it is pushed on `resources`, to be ended in reverse. */
async function serve(
  { flags, terminal, options }: Invocation,
  folder: string,
  demoHost: string | null,
  resources: AsyncDisposableStack,
): Promise<void> {
  const say = (line: string) => terminal.note(line);
  const [{ openMachine }, { startPrivateLibvirtd }, { open }, { createServer }] = await Promise.all([
    import("./try/machine.ts"),
    import("./try/private_libvirtd.ts"),
    import("../libvirt/mod.ts"),
    import("../server/mod.ts"),
  ]);
  say(demoHost === null ? "Looking at this machine." : `Laying out the machine ${demoHost}.`);
  const machine = await openMachine(folder, demoHost, say);
  say(`${machine.rehearsal}.`);

  const daemon = await startPrivateLibvirtd(`${folder}/libvirt`, await socketFolder(folder));
  resources.defer(() => daemon.stop());
  const uri = demoHost === null ? daemon.qemuUri : daemon.testUri;
  const connection = await open(uri);
  resources.defer(() => connection.close());
  if (demoHost === null) {
    const { ensureSmallVm, restoreSavedVms, saveRunningVms } = await import("./try/small_vm.ts");
    say(await ensureSmallVm(connection, daemon.imagesFolder, machine.detection));
    await restoreSavedVms(connection, say);
    resources.defer(() => saveRunningVms(connection, say));
  } else {
    const { makeDemoDomains } = await import("./try/demo_domains.ts");
    await makeDemoDomains(connection, machine.detection);
  }

  const server = await createServer({
    version: config.version,
    listen: typeof flags.listen === "string" ? flags.listen : "127.0.0.1:8443",
    connect: uri,
    stateFolder: `${folder}/server`,
    machine: { live: false, description: describe(machine.name, demoHost, machine.rehearsal) },
    readDetection: () => machine.detection,
    readPlan: machine.readPlan,
    readTrial: machine.readTrial,
    log: (line) => options.verbose ? say(line) : undefined,
  });
  resources.defer(() => server.close());
  terminal.print(`The page:      ${server.url}`);
  terminal.print(`Sign in once:  ${server.signInLink()}`);
  terminal.print(`virsh:         virsh -c '${uri}' list --all`);
  resources.use(offerSignInLinks(server, terminal));
}

function describe(name: string, demoHost: string | null, rehearsal: string): string {
  return `${demoHost === null ? `a copy of ${name}` : `the demonstration machine ${name}`}. ${rehearsal}`;
}

function chosenFolder({ flags }: Invocation): string {
  return typeof flags.folder === "string" ? resolve(flags.folder) : join(import.meta.dirname!, "../.neuron");
}

/** A unix socket's path ends at 107 bytes, and a checkout may lie deep. */
async function socketFolder(folder: string): Promise<string> {
  const inside = `${folder}/run`;
  return `${inside}/libvirt-sock-ro`.length <= 107 ? inside : await Deno.makeTempDir({ prefix: "neuron-" });
}

/** One try-out for each folder: the kernel frees the lock however the process ends. */
function lock(folder: string): Disposable {
  const file = Deno.openSync(`${folder}/lock`, { create: true, write: true, truncate: false });
  if (!file.tryLockSync(true)) {
    file.close();
    throw new AppError("locked", `Another try-out is using ${folder}`, {
      hint: "End that one with Ctrl-C, or give this one a folder of its own with --folder",
    });
  }
  return { [Symbol.dispose]: () => file.close() };
}
