/**
 * What the kernel, QEMU and libvirt have said since the last start: on the running machine by dmesg and journalctl, on a
 * copy from its log files. Reads; what it cannot read is a reason.
 */
import { AppError, errorMessage } from "../../model/errors.ts";
import type { Host } from "../host/host.ts";
import type { Seen } from "./evidence.ts";
import type { Where } from "./trouble.ts";

export interface Log {
  /** Whose words these are: a VM's name for QEMU, else null. */
  readonly target: string | null;
  readonly lines: readonly string[];
}

export type Logs = Readonly<Record<Where, Seen<readonly Log[]>>>;

/** The end of a log is what counts, and a runaway guest can fill one. */
const MOST_CHARACTERS = 4_000_000;
const qemuFolder = "/var/log/libvirt/qemu";
const units = ["libvirtd", "virtqemud", "virtnetworkd", "virtstoraged"];

export async function readLogs(host: Host): Promise<Logs> {
  return {
    kernel: host.live ? await kernelSays(host) : fromFiles(host, ["/var/log/kern.log", "/var/log/dmesg"], sinceStart),
    qemu: qemuSays(host),
    libvirt: host.live ? await journalSays(host) : fromFiles(host, ["/var/log/libvirt/libvirtd.log"], (all) => all),
  };
}

async function kernelSays(host: Host): Promise<Seen<readonly Log[]>> {
  const { code, stdout, stderr } = await host.run({
    argv: ["dmesg"],
    step: "doctor",
    reason: "what the kernel says",
    readOnly: true,
  });
  if (code === 0) return { value: [{ target: null, lines: linesOf(stdout) }] };
  return {
    notLooked: /permitted|denied/.test(stderr) ? "only root may read it" : "dmesg does not answer",
  };
}

async function journalSays(host: Host): Promise<Seen<readonly Log[]>> {
  const named = units.flatMap((unit) => ["-u", unit]);
  const { code, stdout } = await host.run({
    argv: ["journalctl", "--boot", "--no-pager", "--quiet", "--output=cat", "--lines=2000", ...named],
    step: "doctor",
    reason: "what libvirt says",
    readOnly: true,
  });
  if (code !== 0) return { notLooked: "journalctl does not answer" };
  return { value: [{ target: null, lines: linesOf(stdout) }] };
}

/** Every VM has a file, and each start begins with a line of libvirt's; what came before the last start is history. */
function qemuSays(host: Host): Seen<readonly Log[]> {
  try {
    const names = (host.list(qemuFolder) ?? []).filter((name) => name.endsWith(".log"));
    if (names.length === 0) return { notLooked: "no VM has a log here" };
    return {
      value: names.map((name) => {
        const lines = linesOf(host.readText(`${qemuFolder}/${name}`) ?? "");
        const start = lines.findLastIndex((line) => line.includes(": starting up libvirt version"));
        return { target: name.slice(0, -".log".length), lines: lines.slice(Math.max(0, start)) };
      }),
    };
  } catch (error) {
    return { notLooked: whyNot(error) };
  }
}

function fromFiles(host: Host, paths: readonly string[], cut: (lines: string[]) => string[]): Seen<readonly Log[]> {
  try {
    const texts = paths.map((path) => host.readText(path)).filter((text) => text !== null);
    if (texts.length === 0) return { notLooked: `a copy without ${paths.join(" and ")}` };
    return { value: texts.map((text) => ({ target: null, lines: cut(linesOf(text)) })) };
  } catch (error) {
    return { notLooked: whyNot(error) };
  }
}

/** A log file holds many starts; each begins with the kernel's name and version. */
function sinceStart(lines: string[]): string[] {
  return lines.slice(Math.max(0, lines.findLastIndex((line) => line.includes("Linux version "))));
}

function linesOf(text: string): string[] {
  return text.slice(-MOST_CHARACTERS).split("\n");
}

function whyNot(error: unknown): string {
  return error instanceof AppError && error.code === "file-access" ? "only root may read it" : errorMessage(error);
}
