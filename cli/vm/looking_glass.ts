/**
 * `vm looking-glass NAME`: the VM's screen in a window of the desktop, by Looking Glass's client, which is started again
 * when it crashes and ended when the VM stops. Run as the person at the desktop. With --install-launcher the VM is among
 * the desktop's programs.
 */
import type { Domain } from "../../libvirt/mod.ts";
import { AppError, type Finding } from "../../model/errors.ts";
import { printable } from "../../provision/detect_report/words.ts";
import { askProgram, type Child, startChild } from "../../provision/host/child.ts";
import type { Host } from "../../provision/host/host.ts";
import { findProgram, lockFile, type Person, thisPerson, whyNotOpened } from "../../provision/host/person.ts";
import {
  askingLimits,
  clientProgram,
  type ClientSeen,
  parseClientHelp,
} from "../../provision/looking_glass_client/client.ts";
import { type GlassDomain, readGlassDomain } from "../../provision/looking_glass_client/domain.ts";
import { fileNameOf } from "../../provision/looking_glass_client/launcher.ts";
import {
  clientMissing,
  memoryTrouble,
  pictureNotes,
  refuseWrongPerson,
} from "../../provision/looking_glass_client/obstacles.ts";
import { clientArguments } from "../../provision/looking_glass_client/options.ts";
import { show, type Told } from "../../provision/looking_glass_client/run.ts";
import type { ExitCode, Invocation } from "../command.ts";
import { interruptible, openMachine } from "../machine.ts";
import { findDomain, onHypervisor } from "./hypervisor.ts";
import { installLauncher, refuseRoot, takeLauncherAway } from "./launcher.ts";
import { asJson, asText, end, noteAll, notRunning } from "./looking_glass_words.ts";
import { oneWord } from "./words.ts";

/** Longer than the client needs to give the keyboard back. */
const graceMs = 5000;
const askEveryMs = 5000;

export async function run(invocation: Invocation): Promise<ExitCode> {
  const name = oneWord(invocation, "looking-glass", "a name");
  checkFlags(invocation);
  const { flags, options } = invocation;
  if (options.root !== "/") return await record(invocation, name);
  const person = thisPerson();
  if (flags["remove-launcher"] === true) return takeLauncherAway(invocation, name, person);
  if (flags["install-launcher"] === true) refuseRoot(person);
  // What would be started can be asked for from anywhere.
  else refuseWrongPerson({ ...person, hasScreen: person.hasScreen || flags.print === true });
  return await onHypervisor(invocation, ["domdisplay", name], async (connection) => {
    const domain = await findDomain(connection, name);
    if (flags["install-launcher"] === true) return await installLauncher(invocation, domain, person);
    const client = await readClient(person);
    if (flags.print === true) return await print(invocation, domain, client);
    return await showWindow(invocation, domain, client, person);
  });
}

function checkFlags({ flags }: Invocation): void {
  const apart = [["full-screen", "window"], ["install-launcher", "remove-launcher", "print", "follow", "wait"]];
  for (const group of apart) {
    const given = group.filter((flag) => flags[flag] === true);
    // Whoever follows waits.
    if (given.length < 2 || given.join() === "follow,wait") continue;
    throw new AppError("usage", `vm looking-glass does not take --${given[0]} together with --${given[1]}`, {
      hint: "Leave one of the two out",
    });
  }
}

async function record({ options, terminal }: Invocation, name: string): Promise<ExitCode> {
  const host = openMachine({ options } as Invocation);
  const reason = `a machine below ${options.root} has no desktop`;
  await host.run({ argv: [...host.program, "vm", "looking-glass", name], step: "vm_looking_glass", reason });
  if (!options.quiet) terminal.note(`Not run but recorded in ${options.state}/commands.jsonl`);
  return 0;
}

interface Client extends ClientSeen {
  readonly path: string;
}

/** @throws AppError `not-found` without one, `unsupported` when it answers as no client of Looking Glass does */
async function readClient({ programFolders }: Person): Promise<Client> {
  const path = findProgram(clientProgram, programFolders);
  if (path === null) throw clientMissing(programFolders);
  const { text, end } = await askProgram([path, "--help"], askingLimits);
  if (end === "too-slow") {
    throw new AppError("unsupported", `${path} did not answer --help within ${askingLimits.timeoutMs / 1000} s`, {
      hint: "Run it by hand to see where it hangs",
    });
  }
  return { path, ...parseClientHelp(text, path) };
}

interface Prepared {
  readonly glass: GlassDomain;
  readonly argv: readonly [string, ...string[]];
  readonly notes: readonly Finding[];
}

/** @throws AppError what stands in the way of this VM as it runs now */
function prepare(xml: string, client: Client, host: Host, { flags }: Invocation): Prepared {
  const glass = readGlassDomain(xml);
  const { path } = glass.memory;
  const status = host.stat(path);
  const trouble = memoryTrouble(glass, { status, whyNotOpened: status === null ? null : whyNotOpened(path) });
  if (trouble !== null) throw trouble;
  const fullScreen = flags["full-screen"] === true || (flags.window !== true && glass.spec.fullScreen);
  const wish = { spec: { ...glass.spec, fullScreen }, title: glass.title, memoryPath: path, spice: glass.spice };
  const { arguments: words, notes } = clientArguments(wish, client);
  return { glass, argv: [client.path, ...words], notes: [...pictureNotes(glass), ...notes] };
}

async function print(invocation: Invocation, domain: Domain, client: Client): Promise<ExitCode> {
  if (!await domain.isActive()) throw notRunning(domain.name);
  const { argv, notes } = prepare(await domain.xml(), client, openMachine(invocation), invocation);
  const { options, terminal } = invocation;
  if (options.json) {
    const [program, ...words] = argv;
    terminal.print(JSON.stringify({ client: program, version: client.version, arguments: words, notes }, null, 2));
    return 0;
  }
  terminal.print(argv.map(shellWord).join(" "));
  if (!options.quiet) noteAll(notes, invocation);
  return 0;
}

/** To be pasted into a shell. */
const shellWord = (word: string) => /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

async function showWindow(invocation: Invocation, domain: Domain, client: Client, person: Person): Promise<ExitCode> {
  const { options, flags, terminal } = invocation;
  using _lock = lockFor(domain.name, person);
  const host = openMachine(invocation);
  const json = (line: object) => terminal.print(JSON.stringify(line));
  let noted = false;
  const start = (xml: string): Child => {
    const { glass, argv, notes } = prepare(xml, client, host, invocation);
    const child = startChild(argv);
    if (options.json) {
      json({ type: "started", client: argv[0], version: client.version, arguments: argv.slice(1), notes });
    } else if (!options.quiet && !noted) {
      terminal.print(`${printable(glass.title)} in Looking Glass ${client.version ?? "(unknown version)"}`);
      terminal.print(`${glass.spec.escapeKey} + F: full screen or not; + Q: close`);
      noteAll(notes, invocation);
    }
    noted = true;
    return child;
  };
  const tell = (told: Told) => {
    if (options.json) json(asJson(told));
    else if (!options.quiet) terminal.note(asText(told, domain.name));
  };
  const shown = await interruptible((signal) =>
    show(options.connect, domain.uuid, {
      until: flags.follow === true ? "follow" : "once",
      waits: flags.wait === true,
      signal,
      graceMs,
      askEveryMs,
      pauseScale: 1,
      now: () => performance.now(),
      start,
      tell,
    })
  );
  if (options.json) json({ type: "outcome", kind: shown.outcome });
  return end(shown, domain.name);
}

function lockFor(name: string, { runtimeFolder }: Person): Disposable | null {
  if (runtimeFolder === null) return null;
  const lock = lockFile(`${runtimeFolder}/neuron-looking-glass-${fileNameOf(name)}.lock`);
  if (lock !== "taken") return lock;
  // SPICE has one viewer at a time: two of them would throw each other out again and again.
  throw new AppError("conflict", `"${name}" is shown or waited for already by another neuron-setup`, {
    hint: "Use its window, or end that one first",
  });
}
