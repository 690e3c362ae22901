/**
 * The machine, as the product sees it: files below a root, commands, a clock. The only door to the operating system
 * for provision/. open.ts opens the running machine (root "/") or a copy of one (nothing leaves the folder, commands are
 * recorded, not run); fake.ts one in memory, with faults to inject.
 *
 * All file calls are synchronous: a journaled change is a fixed sequence of system calls, so that a test can kill the
 * process at each of them. Paths are absolute inside the root (`/etc/default/grub`); absolute symbolic links resolve
 * inside the root too.
 */
import type { DiskStatus, ExtendedAttributes } from "./disk.ts";
import type { StateFolder } from "./state.ts";

export interface Host extends HostFiles, HostFileWriter {
  /** "/" for the running machine. */
  readonly root: string;
  /** Whether `run` acts on the running machine (true) or only records what would have been run (false). */
  readonly live: boolean;
  /** Where the journal, saved originals and recorded commands are. */
  readonly state: StateFolder;
  /** The argument list that starts this program again: what a unit of ours runs. */
  readonly program: readonly [string, ...string[]];
  run(command: Command): Promise<CommandResult>;
  /** Milliseconds since 1970, from the wall clock: for display and records only. */
  now(): number;
}

/** Reading. A missing file or folder is `null`; what cannot be read for another reason throws AppError `file-access`. */
export interface HostFiles {
  readText(path: string): string | null;
  readBytes(path: string): Uint8Array | null;
  /** Names in a folder, sorted; null when there is no such folder. */
  list(path: string): string[] | null;
  /** Follows no link at the last part of the path. */
  stat(path: string): FileStatus | null;
  /** The text of a symbolic link; null when missing or not a link. */
  readLink(path: string): string | null;
  /** Extended attributes, values in base64; follows no link at the last part. */
  attributes(path: string): ExtendedAttributes;
  /** Why nothing can be written into a folder (or, where it is missing, the nearest one above); null when it can. */
  whyNotWritable(folder: string): string | null;
}

export type FileStatus = DiskStatus;

/** Writing. Every call is atomic and durable when it returns: temp file, fsync, rename, fsync of the folder. */
export interface HostFileWriter {
  /** Replaces or creates; keeps mode and owner of what it replaces unless told; folders above must exist. */
  writeFile(path: string, bytes: Uint8Array, attributes?: FileAttributes): void;
  writeLink(path: string, target: string, attributes?: FileAttributes): void;
  /** The folder above must exist; mode 0755 unless told. */
  makeFolder(path: string, attributes?: FileAttributes): void;
  /** Already gone is success. */
  remove(path: string): void;
  /** Only an empty folder; already gone is success. */
  removeFolder(path: string): void;
  /**
   * Hands text to the kernel through a file of sysfs that is there: one write(2), neither atomic nor durable. The
   * kernel acts before it returns; what it refuses is AppError `file-access`.
   */
  tellKernel(path: string, text: string): void;
  /** After a killed write of this path: removes its temp file, makes durable what it achieved. */
  sweep(path: string): void;
}

export interface FileAttributes {
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtimeMs?: number;
  /** Extended attributes; absent: those of the file that is replaced. */
  readonly extended?: ExtendedAttributes;
}

/** An argument list, never a shell line. */
export interface Command {
  readonly argv: readonly [string, ...string[]];
  /** Who asks and why: goes to the record and to the journal. */
  readonly step: string;
  readonly reason: string;
  readonly stdin?: string;
  /** Is given what the command prints while it prints it. */
  readonly heard?: (text: string) => void;
  /** Default: ten minutes. */
  readonly timeoutMs?: number;
  /** Runs in a session of its own, which a Ctrl-C on our terminal does not reach: to be cut short would break things. */
  readonly finishes?: true;
  /** Only looks; may be run on a live host at any time, and answers code 127 on a rooted one instead of being recorded. */
  readonly readOnly?: true;
  /** Only turns stdin into stdout (`openssl`): is run on every host. */
  readonly pure?: true;
  /** Digest of what the command works on: goes to the record, so that a recorded command counts as done. */
  readonly inputs?: string;
  /** The command whose record this one makes void. */
  readonly undoes?: readonly string[];
}

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The command was written to commands.jsonl instead of being run. */
  readonly recorded: boolean;
}
