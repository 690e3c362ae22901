/** What all verbs of `media` share: the machine, its big files, the folder, and how progress is shown. */
import { resolve } from "node:path";
import { AppError } from "../../model/errors.ts";
import { BigFiles } from "../../provision/host/big_files.ts";
import type { Host } from "../../provision/host/host.ts";
import type { MediaProgress } from "../../provision/media/progress.ts";
import { defaultFolder } from "../../provision/media/shelf.ts";
import type { Invocation } from "../command.ts";
import { openMachine } from "../machine.ts";
import { MediaLine } from "./line.ts";

export interface OpenShelf {
  readonly host: Host;
  readonly files: BigFiles;
  readonly folder: string;
}

export function openShelf(invocation: Invocation): OpenShelf {
  const host = openMachine(invocation);
  const given = invocation.flags.folder;
  const folder = typeof given !== "string" ? defaultFolder : host.live ? resolve(given) : resolve("/", given);
  return { host, files: new BigFiles(host.root), folder };
}

export function textFlag({ flags }: Invocation, name: string): string | undefined {
  const value = flags[name];
  return typeof value === "string" ? value : undefined;
}

/** Throws `usage` for what is no SHA-256. */
export function hashFlag(invocation: Invocation): string | undefined {
  const text = textFlag(invocation, "sha256")?.toLowerCase();
  if (text === undefined || /^[0-9a-f]{64}$/.test(text)) return text;
  throw new AppError("usage", `"${text}" is no SHA-256`, { hint: "64 hexadecimal digits, as sha256sum prints them" });
}

/** Throws `usage` outside of the bounds. */
export function numberFlag(invocation: Invocation, name: string, [least, most]: [number, number]): number | undefined {
  const text = textFlag(invocation, name);
  if (text === undefined) return undefined;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw new AppError("usage", `--${name} is a number from ${least} to ${most}, not "${text}"`, {
    hint: "neuron-setup media --help shows what it takes",
  });
}

/** Shows progress while `work` runs: a JSON object a line, one line drawn anew, or a plain line now and then. */
export async function withProgress<T>(
  { terminal, options }: Invocation,
  work: (report: (progress: MediaProgress) => void) => Promise<T>,
): Promise<T> {
  if (options.json) return await work((progress) => terminal.print(JSON.stringify({ type: "progress", ...progress })));
  if (options.quiet) return await work(() => {});
  using line = new MediaLine(terminal);
  return await work((progress) => line.show(progress));
}
