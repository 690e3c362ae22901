/** Opens the machine: the running one ("/") or a copy of one below a folder. */
import { AppError } from "../../model/errors.ts";
import { type Disk, systemDisk } from "./disk.ts";
import { RootedFiles } from "./files.ts";
import type { Command, CommandResult, Host } from "./host.ts";
import { installedProgram, thisProgram } from "./program.ts";
import { isMissing, Resolver } from "./resolve.ts";
import { recordCommand, runCommand } from "./run.ts";
import { StateFolder } from "./state.ts";

export interface HostOptions {
  /** Absolute; "/" is the running machine. */
  readonly root: string;
  /** Absolute; default `<root>/var/lib/neuron`. */
  readonly state?: string;
  /** For tests: where files really are, what commands do, what time it is. */
  readonly disk?: Disk;
  readonly run?: (command: Command) => Promise<CommandResult>;
  readonly now?: () => number;
  readonly program?: readonly [string, ...string[]];
}

/** Throws `not-found` when the root is no folder. Changes nothing. */
export function openHost(options: HostOptions): Host {
  const disk = options.disk ?? systemDisk;
  const root = realRoot(disk, options.root);
  const state = new StateFolder(disk, realState(disk, root, options));
  const run = options.run ?? (root === "/" ? runCommand : (command: Command) => recordCommand(command, state));
  const program = options.program ?? (root === "/" ? thisProgram() : installedProgram);
  return new OpenedHost(disk, root, state, run, options.now ?? Date.now, program);
}

class OpenedHost extends RootedFiles implements Host {
  readonly live: boolean;

  constructor(
    disk: Disk,
    root: string,
    readonly state: StateFolder,
    readonly run: (command: Command) => Promise<CommandResult>,
    readonly now: () => number,
    readonly program: readonly [string, ...string[]],
  ) {
    super(disk, root);
    this.live = root === "/";
  }
}

/** The root may itself be reached through links (`/tmp` on some systems): those outside it are followed once, here. */
function realRoot(disk: Disk, root: string): string {
  const real = root === "/" ? "/" : new Resolver(disk, "").resolve(root, { followLast: true });
  try {
    if (disk.lstat(real).kind === "folder") return real;
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  throw new AppError("not-found", `Cannot open ${root} as a machine: there is no such folder`, {
    hint: "Give --root the folder that holds its etc, boot and sys",
  });
}

/** A state folder inside the root stays inside it whatever links the machine has; outside, the real disk decides. */
function realState(disk: Disk, root: string, options: HostOptions): string {
  const asked = options.state ?? `${options.root === "/" ? "" : options.root}/var/lib/neuron`;
  if (root === "/") return asked;
  for (const prefix of [options.root, root]) {
    if (asked.startsWith(`${prefix}/`)) {
      return new Resolver(disk, root).resolve(asked.slice(prefix.length), { followLast: true });
    }
  }
  return new Resolver(disk, "").resolve(asked, { followLast: true });
}
