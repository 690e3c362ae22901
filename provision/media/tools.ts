/** Programs that work for minutes on big files: run with progress by what they write, their failures explained. */
import { AppError } from "../../model/errors.ts";
import type { BigFiles } from "../host/big_files.ts";
import type { Command, Host } from "../host/host.ts";
import { type MediaProgress, ProgressMeter } from "./progress.ts";

/** Where each program comes from, for whoever has not got it. */
const packages: Readonly<Record<string, string>> = {
  "wimlib-imagex": "wimtools (on Fedora wimlib-utils, on Arch wimlib)",
  xorriso: "xorriso (on Arch libisoburn)",
  cabextract: "cabextract",
  mount: "mount",
};

const timeoutMs = 4 * 3_600_000;
const lookEveryMs = 500;

export interface ToolWork {
  /** What it does, as in "Cannot …". */
  readonly purpose: string;
  /** A file that grows while it works, and how big that becomes; null: nobody knows. */
  readonly grows?: { readonly files: BigFiles; readonly path: string; readonly toBytes: number | null };
  readonly report?: (progress: MediaProgress) => void;
  readonly signal?: AbortSignal;
}

/** Its standard output. Throws `not-found` without the program, `interrupted`, and `command-failed` with its last words. */
export async function runTool(
  host: Host,
  argv: Command["argv"],
  { purpose, grows, report, signal }: ToolWork,
): Promise<string> {
  const meter = report === undefined ? null : new ProgressMeter(report);
  const what = `working to ${purpose}`;
  const look = () => meter?.update(what, grownBytes(grows), grows?.toBytes ?? null, true);
  const timer = meter === null ? undefined : setInterval(look, lookEveryMs);
  try {
    if (signal?.aborted) throw interrupted(purpose);
    const { code, stdout, stderr } = await host.run({ argv, step: "media", reason: purpose, timeoutMs });
    // A Ctrl-C reaches the program as well.
    if (signal?.aborted) throw interrupted(purpose);
    if (code === 0) return stdout;
    if (code === 127) throw missing(argv[0], purpose);
    const said = (stderr.trim() || stdout.trim()).split("\n").slice(-3).join(" · ");
    throw new AppError("command-failed", `Cannot ${purpose}: ${argv[0]} ended with ${code}: ${said}`, {
      hint: "Is the disk full, or the file damaged? media verify reads it again",
    });
  } finally {
    clearInterval(timer);
  }
}

/** A folder of ours with everything in it; already gone is success. */
async function removeTree(host: Host, folder: string): Promise<void> {
  if (host.stat(folder) === null) return;
  await runTool(host, ["rm", "--recursive", "--force", "--", folder], { purpose: `remove ${folder}` });
}

/**
 * A folder for what must be made on the way to `path`, beside it and gone afterwards. Its name is new each time: a program
 * that outlived a killed run finds its own folder gone, and cannot write into this one.
 */
export async function withWorkFolder<T>(host: Host, path: string, work: (folder: string) => Promise<T>): Promise<T> {
  const top = `${path}.work`;
  await removeTree(host, top);
  host.makeFolder(top, { mode: 0o700 });
  const folder = `${top}/${crypto.randomUUID()}`;
  host.makeFolder(folder, { mode: 0o700 });
  try {
    return await work(folder);
  } finally {
    await removeTree(host, top);
  }
}

/** `wimlib-imagex 1.13.6 (…)`: the first line it says about itself. */
export async function versionOf(host: Host, program: string): Promise<string> {
  const { stdout, stderr } = await host.run({
    argv: [program, "--version"],
    step: "media",
    reason: `which version of ${program} this is`,
    readOnly: true,
  });
  return (stdout.trim() || stderr.trim()).split("\n").find((line) => /\d/.test(line))?.trim() ?? program;
}

function grownBytes(grows: ToolWork["grows"]): number {
  return grows === undefined ? 0 : grows.files.status(grows.path)?.sizeBytes ?? 0;
}

function missing(program: string, purpose: string): AppError {
  return new AppError("not-found", `Cannot ${purpose}: there is no ${program} on this machine`, {
    hint: `Install the package ${packages[program] ?? program}; neuron-setup apply does it too`,
  });
}

function interrupted(purpose: string): AppError {
  return new AppError("interrupted", `It was interrupted on its way to ${purpose}`, {
    hint: "Run it again: what was downloaded stays",
  });
}
