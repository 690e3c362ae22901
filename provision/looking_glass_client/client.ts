/**
 * What the installed client is: asked by `--help`, because that lists the options it really has. Its version alone would
 * not do: builds between two releases call themselves after the older one. Pure.
 * Sources (gnif/LookingGlass): client/src/main.c logs `Looking Glass (VERSION)` first of all; common/src/option.c prints
 * one line `| module:name | -x | value | description |` for each option.
 */
import { AppError } from "../../model/errors.ts";

export const clientProgram = "looking-glass-client";

/** How long it may think about --help, and how much it may say: Looking Glass needs 0.1 s and 15 KiB. */
export const askingLimits = { timeoutMs: 5000, mostBytes: 256 * 1024 } as const;

export interface ClientSeen {
  /** As it calls itself, such as `B7` or `B7-826-g236efcb1`; null when it did not say. */
  readonly version: string | null;
  /** Its options as `module:name`. */
  readonly options: ReadonlySet<string>;
}

/** @throws AppError `unsupported` when this is no answer of Looking Glass's client */
export function parseClientHelp(text: string, path: string): ClientSeen {
  const options = new Set([...text.matchAll(/^\s*\|\s*([a-z]\w{0,30}:[A-Za-z]\w{0,40})\s*\|/gm)].map((row) => row[1]!));
  const version = /Looking Glass \(([\w.+-]{1,60})\)/.exec(text)?.[1] ?? null;
  if (memoryOptions.some((name) => options.has(name))) return { version, options };
  const said = firstWords(text);
  throw new AppError("unsupported", `${path} does not list its options as Looking Glass's client does: ${said}`, {
    hint: "Is it Looking Glass, release B6 or newer? Run it with --help to see what it says",
  });
}

/** The option that names the shared memory, newest name first: without it a client is of no use. */
export const memoryOptions = ["lgmp:shmDevice", "app:shmFile"] as const;

/** Since the IDD took the place of the host program (2026) the client has transports. */
export function isDevelopmentLine({ options }: ClientSeen): boolean {
  return options.has("lgmp:shmDevice");
}

function firstWords(text: string): string {
  const line = text.split("\n").map((one) => one.replace(/[^\x20-\x7e]+/g, " ").trim()).find((one) => one !== "");
  return line === undefined ? "it says nothing" : `it says "${line.slice(0, 80)}"`;
}
