/**
 * `deno task pictures:iso`: the pictures of docs/usb-stick.md, taken from an emulated computer with a graphics card: from
 * the medium's menu to the machine that is set up. Whoever presses the keys is this program; nothing else differs from a
 * person's own installation.
 *
 * usage: tests/iso/pictures.ts [--iso FILE] [--disk FILE]
 *
 * --disk keeps the installed disk there, and begins with it if it is there: to take again what comes after the medium.
 */
import { parseArgs } from "@std/cli/parse-args";
import { join } from "node:path";
import { runTask } from "../../packaging/build.ts";
import { builtIso } from "../../packaging/iso.ts";
import { tool } from "../../packaging/tool.ts";
import { until } from "../machine/deadline.ts";
import { quick } from "../machine/layouts.ts";
import { patient } from "../machine/pc.ts";
import { Computer, type ComputerOptions } from "./computer.ts";
import { becomeRoot, quietShell, signIn, typed } from "./console_work.ts";
import { Keyboard } from "./keyboard.ts";
import { Screen } from "./screen.ts";
import { account } from "./seed.ts";

const pictures = join(import.meta.dirname!, "../../docs/pictures");

/** What is done at a question; what is not named here is answered by the proposal. */
interface Answer {
  readonly picture?: string;
  readonly type?: string;
  readonly press?: readonly string[];
}

const installer: Readonly<Record<string, Answer>> = {
  "Which disk shall Neuron be installed to?": { picture: "install-disk" },
  "Your account's name?": { type: account.name },
  "Password of the account?": { type: account.password },
  "Password of the account, again?": { type: account.password },
  "Time zone?": { type: "Europe/Berlin" },
  "Install to /dev/vda?": { picture: "install-plan", press: ["up", "up"] },
  "Type vda to install to it": { type: "vda" },
  "Restart now?": { picture: "install-end" },
};

const wizard: Readonly<Record<string, Answer>> = {
  "Which graphics card shall the VM get?": { picture: "first-boot" },
  "Change this machine?": { picture: "first-boot-plan", press: ["up", "up"] },
  "Reboot now?": { picture: "first-boot-end", type: "y" },
};

/** The question that is open: the last that is marked with a question mark. Null: none is. */
function openQuestion(lines: readonly string[]): string | null {
  const marked = lines.findLast((line) => /^[?√✔×] /.test(line)) ?? "";
  return /^\? (.*?\?|Type \S+ to install to it)/.exec(marked)?.[1] ?? null;
}

/** Something to be seen in passing, of which there shall be a picture. */
interface Sight {
  readonly line: RegExp;
  readonly picture: string;
}

/** Answers what is asked until `last` was. */
async function converse(
  computer: Computer,
  answers: Readonly<Record<string, Answer>>,
  last: string,
  sights: readonly Sight[] = [],
): Promise<void> {
  const screen = screenOf(computer);
  const keyboard = new Keyboard(computer.qmp);
  const left = new Set(sights);
  let before: string | null = null;
  while (before !== last) {
    const next: string | Sight = await screen.until<string | Sight>(
      `a question after ${before}`,
      patient(300),
      (lines) => {
        const sight = [...left].find(({ line }) => lines.some((one) => line.test(one)));
        if (sight !== undefined) return sight;
        const open = openQuestion(lines);
        return open === before ? null : open;
      },
    );
    if (typeof next !== "string") {
      await screen.picture(`${pictures}/${next.picture}.png`);
      left.delete(next);
      continue;
    }
    const { picture, type = "", press = [] } = answers[next] ?? {};
    console.log(`  ${next}`);
    if (picture !== undefined) await screen.picture(`${pictures}/${picture}.png`);
    for (const key of press) await keyboard.press(key);
    await keyboard.type(`${type}\n`);
    before = next;
  }
}

/** Read by somebody who is root at the serial line. */
function screenOf({ qmp, serial }: Computer): Screen {
  return new Screen(qmp, async (script) => (await typed(serial, script, 30))[0]);
}

async function restarted({ qmp }: Computer): Promise<void> {
  await until(patient(60), "the computer restarts", () => qmp.events.some(({ event }) => event === "RESET") || null);
}

async function installByHand(options: ComputerOptions, iso: string): Promise<void> {
  await using computer = await Computer.on({ ...options, medium: { path: iso, as: "cd" } });
  const { serial, qmp } = computer;
  await serial.until(/Install Neuron/, patient(30));
  // The screen comes after the line.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await qmp.execute("screendump", { filename: `${pictures}/install-menu.png`, format: "png" });
  await serial.until(/\? Which disk/, patient(180));
  await serial.type("\x03");
  await serial.until(/# /, patient(60));
  await quietShell(serial);
  await converse(computer, installer, "Restart now?", [{ line: /\b[3-7]\d ?%/, picture: "install-progress" }]);
  await restarted(computer);
}

async function setUpByHand(options: ComputerOptions): Promise<void> {
  await using computer = await Computer.on({
    ...options,
    // Of a size that needs no excuses.
    hardware: { ...quick.hardware, memoryMib: 12288, processors: "4" },
  });
  const { serial } = computer;
  await serial.until(/Welcome to Neuron/, patient(120));
  await serial.until(/\? /, patient(60));
  await serial.type("\x03");
  await serial.until(/login: /, patient(60));
  await signIn(serial);
  await becomeRoot(serial);
  await converse(computer, wizard, "Reboot now?");
  await serial.until(/login: /, patient(240));
  await signIn(serial);
  await becomeRoot(serial);
  await typed(serial, "until grep -q proved /var/lib/neuron/proofs.jsonl; do sleep 3; done", 600);
  await typed(serial, "sleep 10; while systemctl is-active --quiet neuron-workload; do sleep 3; done", 600);
  const screen = screenOf(computer);
  const keyboard = new Keyboard(computer.qmp);
  // Proof and workload have said on the console what they did, over the login that was there.
  await keyboard.type("\n");
  const isLogin = (lines: readonly string[]) => / login:$/.test(lines.findLast((line) => line !== "") ?? "") || null;
  await screen.until("the login", patient(60), isLogin);
  await keyboard.type(`${account.name}\n`);
  await screen.until("Password:", patient(30), (lines) => lines.some((line) => /^Password:/.test(line)) || null);
  await keyboard.type(`${account.password}\n`);
  await screen.until("a prompt", patient(60), (lines) => lines.some((line) => /\$ *$/.test(line)) || null);
  await keyboard.type("clear; sudo neuron-setup status\n");
  await screen.until("sudo asks", patient(30), (lines) => lines.some((line) => /\[sudo\]/.test(line)) || null);
  await keyboard.type(`${account.password}\n`);
  await screen.until("the status", patient(60), (lines) => lines.some((line) => /proved/i.test(line)) || null);
  await screen.picture(`${pictures}/first-boot-proved.png`);
}

const exists = (path: string) => Deno.stat(path).then(() => true, () => false);

await runTask(async () => {
  const words = parseArgs(Deno.args, { string: ["iso", "disk"] });
  const folder = await Deno.makeTempDir({ prefix: "neuron-iso-pictures-" });
  try {
    const disk = { path: `${folder}/disk.qcow2`, bus: "virtio" as const };
    const options = { folder, firmware: "bios" as const, disk };
    const kept = typeof words.disk === "string" ? words.disk : null;
    if (kept === null || !await exists(kept)) {
      await tool("qemu-img", ["create", "-q", "-f", "qcow2", disk.path, "40G"], "qemu-utils");
      await installByHand(options, typeof words.iso === "string" ? words.iso : builtIso);
      if (kept !== null) await Deno.copyFile(disk.path, kept);
    } else await Deno.copyFile(kept, disk.path);
    await setUpByHand(options);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
