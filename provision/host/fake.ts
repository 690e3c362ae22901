/** A machine in memory for tests: its disk can fail, its commands are functions. Never touches this machine. */
import type { Command, CommandResult, Host } from "./host.ts";
import type { MemoryDisk } from "./memory_disk.ts";
import { openHost } from "./open.ts";
import { installedProgram } from "./program.ts";

export interface FakeHostOptions {
  /** "/" (the default) acts as a running machine, another folder of the disk as a copy of one. */
  readonly root?: string;
  readonly state?: string;
  /** What a command does to the disk; its exit code, 0 when nothing is returned. Not called on a copy. */
  readonly run?: (argv: readonly string[]) => number | void;
  readonly now?: () => number;
}

export function fakeHost(disk: MemoryDisk, options: FakeHostOptions = {}): Host {
  const { root = "/", state = "/state", run, now = () => 0 } = options;
  if (root !== "/") return openHost({ root, state, disk, now });
  return openHost({
    root,
    state,
    disk,
    now,
    program: installedProgram,
    run: ({ argv }: Command): Promise<CommandResult> => {
      const code = run?.(argv) ?? 0;
      return Promise.resolve({ code, stdout: "", stderr: code === 0 ? "" : `${argv[0]} failed`, recorded: false });
    },
  });
}
