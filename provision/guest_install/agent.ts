/**
 * What QEMU's guest agent says of an installation: that it answers, and, where a watch was begun in the middle, how far
 * the guest's own log says it is. Whatever comes is the guest's word: bounded, and only names of stages.ts count.
 * Source: QEMU Guest Agent Protocol Reference (guest-ping, guest-file-open, guest-file-read, guest-file-close).
 */
import { type Domain, LibvirtError } from "../../libvirt/mod.ts";
import { parseStage, type Stage } from "../unattend/stages.ts";

/** Where first_logon.ps1 writes what it does. */
const guestLog = "C:\\Windows\\Temp\\neuron-setup.log";
const longestLogBytes = 256 * 1024;
const patienceS = 2;

/** Whether it answers. A guest without one, or one that is just starting, is no error. */
export async function pingAgent(domain: Domain): Promise<boolean> {
  return await ask(domain, { execute: "guest-ping" }) !== undefined;
}

/** The last stage in the guest's log; null where it has none, or cannot be read. */
export async function readStage(domain: Domain): Promise<Stage | null> {
  const handle = await ask(domain, { execute: "guest-file-open", arguments: { path: guestLog, mode: "r" } });
  if (typeof handle !== "number") return null;
  try {
    const read = await ask(domain, { execute: "guest-file-read", arguments: { handle, count: longestLogBytes } });
    const text = (read as { "buf-b64"?: unknown } | undefined)?.["buf-b64"];
    return typeof text === "string" ? lastStage(text) : null;
  } finally {
    await ask(domain, { execute: "guest-file-close", arguments: { handle } });
  }
}

/** Lines of the log read `2026-11-29 10:00:00Z stage done`. */
export function lastStage(base64: string): Stage | null {
  let text: string;
  try {
    text = new TextDecoder().decode(Uint8Array.fromBase64(base64));
  } catch {
    return null;
  }
  return text.split(/\r?\n/).map((line) => parseStage(`NEURON-STAGE ${/ stage (\S+)$/.exec(line)?.[1] ?? ""}`))
    .findLast((stage) => stage !== null) ?? null;
}

/** `undefined`: no answer, or one that is none. */
async function ask(domain: Domain, command: object): Promise<unknown> {
  try {
    const answer = JSON.parse(await domain.agentCommand(JSON.stringify(command), patienceS) ?? "null");
    return answer?.return;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    if (error instanceof LibvirtError && !error.isConnectionLost) return undefined;
    throw error;
  }
}
