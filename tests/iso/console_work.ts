/** What a person does at the serial console of the installed system: answers the wizard, signs in, runs commands. */
import type { Ran } from "../machine/agent.ts";
import { encodeBase64 } from "../machine/base64.ts";
import { type Commands, patient } from "../machine/pc.ts";
import { account } from "./seed.ts";
import type { Serial } from "./serial.ts";

const up = "\x1b[A";

/**
 * From its welcome to its end: what is proposed is taken, and applied. A question is drawn again at every key, with a
 * `?` before it until it is answered and a check mark then: that is waited for, so that no key meets the next question.
 * @returns whether a restart was asked for
 */
export async function answerWizard(serial: Serial): Promise<"restarts" | "done"> {
  while (true) {
    const [, asked, end] = await serial.until(/\? ([A-Z][^\n?]*\?)|(login: |hint: [^\n]*)/, patient(180));
    if (end?.startsWith("hint: ")) throw new Error(`the wizard failed:\n${serial.text.slice(-1500)}`);
    if (asked === undefined) return "done";
    if (asked === "Change this machine?") {
      // The proposal of a running machine is to change nothing: two above it is the yes.
      for (const choice of ["Show every line first", "Yes, apply it"]) {
        await serial.type(up);
        await serial.until(new RegExp(`[❯>] ${choice}`), patient(30));
      }
    }
    await serial.type(asked === "Reboot now?" ? "y\r" : "\r");
    await serial.until(new RegExp(`[✔√] ${asked.replace("?", "\\?")}`), patient(30));
    if (asked === "Reboot now?") return "restarts";
  }
}

/** Signs in at the prompt that was just seen. */
export async function signIn(serial: Serial): Promise<void> {
  await serial.type(`${account.name}\r`);
  await serial.until(/Password: /, patient(30));
  await serial.type(`${account.password}\r`);
  await serial.until(/\$ /, patient(60));
  await quietShell(serial);
}

/** For whoever has much to ask: no sudo for each command. */
export async function becomeRoot(serial: Serial): Promise<void> {
  await asRoot(serial, "true"); // sudo remembers it for this terminal
  await serial.type("exec sudo bash --norc\r");
  await quietShell(serial);
}

/** A shell that was just seen shows nothing any more but what commands print. */
export async function quietShell(serial: Serial): Promise<void> {
  await serial.type("stty -echo rows 50 columns 500; PS1=; unset PROMPT_COMMAND; export SYSTEMD_PAGER= NO_COLOR=1\r");
  await typed(serial, "true", 60);
}

/** Longer lines than this a terminal loses. */
const pieceChars = 512;

/** Runs a script as root. What it prints on either stream comes as `stdout`. */
export async function runAsRoot(serial: Serial, script: string, seconds: number): Promise<Ran> {
  const file = "/tmp/script";
  const encoded = encodeBase64(script);
  for (let at = 0; at < encoded.length; at += pieceChars) {
    await typed(serial, `printf %s ${encoded.slice(at, at + pieceChars)} >${at === 0 ? "" : ">"}${file}`, 30);
  }
  const sudo = `echo '${account.password}' | sudo --stdin --prompt= sh -c "$(base64 -d ${file})" 2>&1`;
  const [stdout, code] = await typed(serial, sudo, seconds);
  return { code, stdout, stderr: "" };
}

/** Types a command, waits for its end and gives what it printed, and its exit code. */
export async function typed(serial: Serial, command: string, seconds: number): Promise<[said: string, code: number]> {
  const mark = crypto.randomUUID().slice(0, 8);
  await serial.type(`echo begin-"${mark}"; ${command}; echo end-"${mark}" $?\r`);
  const end = new RegExp(`begin-${mark}\\r*\\n([\\s\\S]*)end-${mark} (\\d+)`);
  const [, said, code] = await serial.until(end, patient(seconds));
  return [said!.replaceAll("\r", ""), Number(code)];
}

/** Runs a script as root, which must succeed, and gives what it printed. */
export async function asRoot(serial: Serial, script: string, seconds = 60): Promise<string> {
  const { code, stdout } = await runAsRoot(serial, script, seconds);
  if (code !== 0) throw new Error(`${script}\nended with ${code}:\n${stdout}`);
  return stdout;
}

/** The one who signed in, as the scenarios of the emulated PC run scripts. */
export function commandsOf(serial: Serial): Commands {
  return {
    run: (script, seconds = 30) => runAsRoot(serial, script, seconds),
    read: (script, seconds = 30) => asRoot(serial, script, seconds),
  };
}
