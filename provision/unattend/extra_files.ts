/**
 * A person's own files for the medium: Looking Glass, the agent, the SPICE agent. They are programs that will run in
 * the guest as administrator, so only plain files with plain names are taken, and nothing of ours is replaced.
 */
import { AppError } from "../../model/errors.ts";
import type { HostFiles } from "../host/host.ts";
import type { MediumFiles } from "./contents.ts";

/** What fits into the memory the medium is put together in, with room to spare. */
const mostBytes = 256 * 1024 * 1024;
const deepest = 4;
/** Letters, digits, dot, hyphen: safe in cmd, PowerShell and on every file system. */
const plainName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$/;

/**
 * The medium's files with those of a folder below `neuron/`.
 * @throws AppError `not-found`, `answer-invalid` naming the file that cannot be taken
 */
export function withExtraFiles(
  files: MediumFiles,
  host: Pick<HostFiles, "list" | "stat" | "readBytes">,
  folder: string,
) {
  const all = new Map(files);
  const taken = new Set([...files.keys()].map((path) => path.toLowerCase()));
  let bytesLeft = mostBytes;

  const add = (from: string, to: string, depth: number): void => {
    const names = host.list(from);
    if (names === null) {
      throw new AppError("not-found", `Cannot add ${from} to the medium: there is no such folder`, {
        hint: "--extra takes a folder; what is in it goes into the folder neuron of the medium",
      });
    }
    for (const name of names) {
      const path = `${from}/${name}`;
      const target = `${to}/${name}`;
      const status = host.stat(path);
      const problem = whyNot(name, status?.kind ?? "other", depth, taken.has(target.toLowerCase()));
      if (problem !== null) throw refusal(path, problem);
      if (status?.kind === "folder") {
        add(path, target, depth + 1);
        continue;
      }
      bytesLeft -= status?.sizeBytes ?? 0;
      if (bytesLeft < 0) throw refusal(path, "together with the others it is more than 256 MiB");
      all.set(target, host.readBytes(path) ?? new Uint8Array());
      taken.add(target.toLowerCase());
    }
  };
  add(folder, "neuron", 0);
  return all;
}

function whyNot(name: string, kind: string, depth: number, isTaken: boolean): string | null {
  if (!plainName.test(name)) return "its name is not made of letters, digits, dots and hyphens alone";
  if (kind !== "file" && kind !== "folder") return "it is neither a file nor a folder";
  if (depth >= deepest) return `it is more than ${deepest} folders deep`;
  return isTaken ? "the medium has a file of that name itself" : null;
}

function refusal(path: string, problem: string): AppError {
  return new AppError("answer-invalid", `Cannot add ${path} to the medium: ${problem}`, {
    hint: "Rename it, or leave it out of the folder given with --extra",
  });
}
