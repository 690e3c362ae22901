/** From the medium to a machine that is set up, with no hand on it but at the serial console of the installed system. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { tool } from "../../packaging/tool.ts";
import type { Layout } from "../machine/layouts.ts";
import { until } from "../machine/deadline.ts";
import { assertVmHasCard, smallVm } from "../machine/nested_vm.ts";
import { patient } from "../machine/pc.ts";
import { compileNestedGuest } from "../machine/product.ts";
import { answersPath } from "../machine/product_commands.ts";
import { assertHandedOver, trialEnd } from "../machine/scenario.ts";
import { putFile } from "../machine/state_of_pc.ts";
import { Computer, type ComputerOptions } from "./computer.ts";
import { answerWizard, asRoot, commandsOf, signIn } from "./console_work.ts";
import { Keyboard } from "./keyboard.ts";
import { account, makeSeed, passphrase } from "./seed.ts";
import type { Serial } from "./serial.ts";

export interface Case {
  readonly name: string;
  readonly what: string;
  readonly firmware: ComputerOptions["firmware"];
  readonly medium: "cd" | "usb-stick";
  readonly bus: ComputerOptions["disk"]["bus"];
  /** The system lies in LUKS; the passphrase is typed at the screen. */
  readonly encrypted?: true;
  /** Cards and an IOMMU: the card is handed over, proved, and a VM with it started. */
  readonly passthrough?: Layout;
}

export interface Place {
  readonly iso: string;
  /** Where installed disks are kept from run to run, for whoever tries again what comes after the medium. */
  readonly disks?: string;
  /** For this case alone. */
  readonly folder: string;
  timed(part: string, ms: number): void;
}

const install = {
  hostname: "neuron-test",
  account: { name: account.name, password: { file: "password" } },
  timeZone: "Europe/Berlin",
};

/** Between two looks over the serial line: each is typed, and runs sudo and more. */
const LOOK_MS = 10_000;

/** The VM of the answers, which the machine defines when the trial boot is proved. */
const definedByItself = "from-the-answers";

function answersOf({ passthrough, encrypted }: Case): Readonly<Record<string, unknown>> {
  const installed = encrypted === true ? { ...install, encrypt: { file: "passphrase" } } : install;
  if (passthrough === undefined) return { install: installed, host: { gpu: "none", hugepages: "none" } };
  return {
    install: installed,
    host: { hugepages: "none", ...passthrough.answers.host },
    vm: { ...smallVm, name: definedByItself },
  };
}

/** @throws Error that says what was not as it must be */
export async function runCase(one: Case, place: Place): Promise<void> {
  const disk = { path: `${place.folder}/disk.qcow2`, bus: one.bus };
  const computer = { folder: place.folder, firmware: one.firmware, disk };
  const kept = place.disks === undefined ? null : `${place.disks}/${one.name}.qcow2`;
  if (kept === null || !await exists(kept)) {
    await tool("qemu-img", ["create", "-q", "-f", "qcow2", disk.path, "20G"], "qemu-utils");
    await installFromMedium(one, computer, place);
    if (kept !== null) await Deno.copyFile(disk.path, kept);
  } else await Deno.copyFile(kept, disk.path);
  await setUp(one, computer, place);
}

/** The disk alone: the wizard over the serial line, what then must be, and a start without a wizard. */
async function setUp(one: Case, computer: ComputerOptions, { folder, timed }: Place): Promise<void> {
  const { passthrough } = one;
  const installed = passthrough === undefined
    ? computer
    : { ...computer, hardware: passthrough.hardware, volume: await volumeWithGuest(folder) };
  {
    await using first = await Computer.on(installed);
    const { serial } = first;
    await unlock(first, one);
    await serial.until(/Welcome to Neuron\. neuron-test is not set up yet\./, patient(90));
    timed("wizard", first.upMs);
    const beganMs = first.upMs;
    const end = await answerWizard(serial);
    if (passthrough !== undefined) assertEquals(end, "restarts");
    if (end === "restarts") await serial.until(/login: /, patient(240));
    timed("set up", first.upMs - beganMs);
    await signIn(serial);
    if (passthrough !== undefined) await provePassthrough(serial, passthrough, timed);
    await assertSetUp(serial, one);
    await serial.type(`echo '${account.password}' | sudo --stdin --prompt= systemctl poweroff\r`);
    await first.switchedOff(patient(60));
  }
  if (passthrough !== undefined) return;
  await using bare = await Computer.on(installed);
  await unlock(bare, one);
  await bare.serial.until(/neuron-test login: /, patient(90));
  timed("bare", bare.upMs);
  assert(!bare.serial.text.includes("Welcome to Neuron."), "the wizard comes once");
}

/** How long the passphrase is worked on at most before it is typed again. */
const UNLOCK_MS = 90_000;

/** What a locked disk never gives: its boot files were read before, and its header is small. */
const UNLOCKED_BYTES = 16 * 2 ** 20;

/**
 * Asked for on the screen, where nothing but a picture can be had. So it is typed until the disk is read again. What is
 * typed before the question is thrown away by whoever asks.
 */
async function unlock({ serial, qmp }: Computer, { encrypted }: Case): Promise<void> {
  if (encrypted !== true) return;
  await serial.until(/Loading initial ramdisk/, patient(60));
  const keyboard = new Keyboard(qmp);
  const readBytes = async () => {
    const drives = await qmp.execute("query-blockstats") as { device: string; stats: { rd_bytes: number } }[];
    return drives.find(({ device }) => device === "system")!.stats.rd_bytes;
  };
  // The boot loader is still reading when it says so.
  await new Promise((resolve) => setTimeout(resolve, UNLOCK_MS / 3));
  const before = await readBytes();
  await until(patient(90), "the passphrase opens the disk", async () => {
    await keyboard.type(`${passphrase}\n`);
    const open = until(UNLOCK_MS, "", async () => await readBytes() > before + UNLOCKED_BYTES || null, 1000);
    return await open.catch(() => null);
  });
}

/** Nobody touches it: the answers are on a volume, and it switches itself off when it is done. */
async function installFromMedium(one: Case, computer: ComputerOptions, { iso, folder, timed }: Place): Promise<void> {
  const volume = await makeSeed(folder, answersOf(one));
  await using live = await Computer.on({ ...computer, medium: { path: iso, as: one.medium }, volume });
  // Both consoles have an installer, and one of them the work.
  await live.serial.until(/\[ *1\/\d+\]|Another console is installing Neuron/, patient(120));
  timed("installer", live.upMs);
  await live.switchedOff(patient(300));
  timed("installed", live.upMs);
}

/** The nested guest, which stands in for an operating system. */
async function volumeWithGuest(folder: string): Promise<string> {
  await Deno.mkdir(`${folder}/guest`);
  await compileNestedGuest(`${folder}/guest/nested-guest`);
  const volume = `${folder}/guest.raw`;
  await tool("mke2fs", ["-q", "-t", "ext4", "-L", "GUEST", "-d", `${folder}/guest`, volume, "8m"], "e2fsprogs");
  return volume;
}

/** The trial boot has just come up: it is proved, the card is handed over, and a VM uses it. */
async function provePassthrough(serial: Serial, { ends }: Layout, timed: Place["timed"]): Promise<void> {
  if (ends.kind !== "runs") throw new Error("only a layout that runs can be proved");
  const commands = commandsOf(serial);
  let sinceMs = performance.now();
  const { outcome, text } = await trialEnd(commands, LOOK_MS);
  assertEquals(outcome, "proved", text);
  await assertHandedOver(commands, ends.card);
  await until(patient(120), "the machine has gone on to the VM by itself", async () => {
    const { stdout } = await commands.run("systemctl is-failed neuron-workload; virsh list --all --name");
    if (stdout.startsWith("failed")) throw new Error(await commands.read("journalctl --unit neuron-workload"));
    return stdout.includes(definedByItself) || null;
  }, LOOK_MS);
  timed("proof", performance.now() - sinceMs);
  sinceMs = performance.now();
  await commands.read("mkdir -p /opt/neuron && mount -o ro LABEL=GUEST /opt/neuron");
  await putFile(
    commands,
    answersPath,
    JSON.stringify({ schema: "neuron.answers/1", host: { gpu: "auto" }, vm: smallVm }),
  );
  await assertVmHasCard(commands, ends.card.card);
  timed("vm", performance.now() - sinceMs);
}

/** Who waits for connections, from outside: nobody. VMs' own network, and answers to our own questions, are not that. */
function assertNothingListens(sockets: string): void {
  const reachable = sockets.trim().split("\n").map((line) => line.trim().split(/\s+/)[4] ?? "")
    .filter((address) => !/^(127\.|\[::1\]|192\.168\.122\.1:|0\.0\.0\.0%virbr0:|\[?::ffff:127\.)/.test(address))
    // DHCP's answers: to a client that asked.
    .filter((address) => !/:(68|546)$/.test(address));
  assertEquals(reachable, [], `something listens:\n${sockets}`);
}

async function assertSetUp(serial: Serial, { firmware, bus, encrypted }: Case): Promise<void> {
  const root = await asRoot(serial, "findmnt --noheadings --output SOURCE,FSTYPE /; findmnt -no FSTYPE /boot");
  const device = encrypted === true ? "/dev/mapper/neuron-root" : bus === "nvme" ? "/dev/nvme0n1p\\d" : "/dev/vda\\d";
  assertMatch(root, new RegExp(`^${device}\\[/@\\] +btrfs`));
  assertStringIncludes(root, "ext4");
  assertEquals(
    (await asRoot(serial, "test -d /sys/firmware/efi && echo uefi || echo bios")).trim(),
    firmware.slice(0, 4),
  );
  if (firmware !== "bios") {
    const secure = await asRoot(serial, "od -An -t u1 /sys/firmware/efi/efivars/SecureBoot-*");
    assertMatch(secure.trim(), / 1$/, "Secure Boot is on");
  }
  assertStringIncludes(await asRoot(serial, "neuron-setup status"), "Nothing is left to do.");
  assertEquals((await asRoot(serial, "systemctl is-active neuron-manager.service")).trim(), "active");
  const page = await asRoot(
    serial,
    "bash -c 'exec 3<>/dev/tcp/127.0.0.1/8443; printf \"GET / HTTP/1.1\\r\\nHost: 127.0.0.1:8443\\r\\nConnection: close\\r\\n\\r\\n\" >&3; head -n 1 <&3'; stat -c %a:%U /run/neuron; cat /run/neuron/page",
  );
  assertStringIncludes(page, "HTTP/1.1 200");
  assertStringIncludes(page, "700:root");
  assertStringIncludes(page, "/sign-in#");
  assertNothingListens(await asRoot(serial, "ss --no-header --tcp --udp --listening --numeric"));
  assertEquals((await asRoot(serial, "systemctl --failed --no-legend --plain")).trim(), "");
  assertEquals((await asRoot(serial, "dpkg --list 'live-*' 2>/dev/null | grep '^ii' || true")).trim(), "");
}

const exists = (path: string) => Deno.stat(path).then(() => true, () => false);
