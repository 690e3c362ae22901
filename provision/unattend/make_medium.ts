/**
 * The answer medium: an ISO 9660 file with Joliet names, made by xorriso.
 *
 * It holds a password that anybody who reads the medium has. So everything is staged in a folder of root's alone on a
 * file system in memory, the file itself is 0600 from its first byte, and whoever installs removes it afterwards.
 */
import { AppError } from "../../model/errors.ts";
import type { Host } from "../host/host.ts";
import { parentOf } from "../host/files.ts";
import type { MediumFiles } from "./contents.ts";
import { pathInMemory } from "./memory_folder.ts";

/** Volume label; people see it in the guest's file manager. */
export const mediumLabel = "NEURON";

export interface MediumWords {
  /** Volume label, which is how a medium is found. */
  readonly label: string;
  /** As in "Cannot make …". */
  readonly what: string;
}

const answerMedium: MediumWords = { label: mediumLabel, what: "the answer medium" };

/**
 * Makes `out`, replacing a file that is there; its folder must exist. Only on the running machine.
 * @throws AppError `not-found` without xorriso, `command-failed`, `conflict`, `file-access`
 */
export async function makeMedium(
  host: Host,
  files: MediumFiles,
  out: string,
  words: MediumWords = answerMedium,
): Promise<{ sizeBytes: number }> {
  const kind = host.stat(out)?.kind ?? "file";
  if (kind !== "file") {
    throw new AppError("conflict", `Cannot write ${out}: there is a ${kind === "other" ? "device" : kind} there`, {
      hint: "Give another --out",
    });
  }
  const staging = pathInMemory(host, "answer-medium");
  host.makeFolder(staging, { mode: 0o700 });
  try {
    stage(host, files, `${staging}/files`);
    const image = `${staging}/medium.iso`;
    await runXorriso(host, `${staging}/files`, image, words);
    const bytes = host.readBytes(image);
    if (bytes === null) throw new AppError("command-failed", "xorriso ended well but has made no file", {});
    host.writeFile(out, bytes, { mode: 0o600 });
    return { sizeBytes: bytes.length };
  } finally {
    removeTree(host, staging);
  }
}

function stage(host: Host, files: MediumFiles, top: string): void {
  host.makeFolder(top, { mode: 0o700 });
  const made = new Set([top]);
  const makeAll = (folder: string): void => {
    if (made.has(folder)) return;
    makeAll(parentOf(folder));
    host.makeFolder(folder, { mode: 0o700 });
    made.add(folder);
  };
  for (const [path, bytes] of files) {
    makeAll(parentOf(`${top}/${path}`));
    host.writeFile(`${top}/${path}`, bytes, { mode: 0o600 });
  }
}

async function runXorriso(host: Host, folder: string, image: string, { label, what }: MediumWords): Promise<void> {
  const { code, stderr } = await host.run({
    // -J: Windows reads the Joliet names. -r: everybody's, as on any medium.
    argv: ["xorriso", "-as", "mkisofs", "-quiet", "-V", label, "-J", "-joliet-long", "-r", "-o", image, folder],
    step: "answer_medium",
    reason: what,
    timeoutMs: 60_000,
  });
  if (code === 0) return;
  if (code === 127) {
    throw new AppError("not-found", `Cannot make ${what}: there is no xorriso on this machine`, {
      hint: "Install the package xorriso (on Arch libisoburn); neuron-setup apply does it too",
    });
  }
  throw new AppError("command-failed", `Cannot make ${what}: xorriso ended with ${code}: ${stderr.trim()}`, {
    hint: "Run it again with --verbose; is there memory left in /run?",
  });
}

function removeTree(host: Host, folder: string): void {
  for (const name of host.list(folder) ?? []) {
    const path = `${folder}/${name}`;
    if (host.stat(path)?.kind === "folder") removeTree(host, path);
    else host.remove(path);
  }
  host.removeFolder(folder);
}
