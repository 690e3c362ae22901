/**
 * What a step is: it looks at the machine and says what it wants there; the engine makes it so and takes it back.
 * A step never writes. Wanting files, links and commands as data is what lets one engine journal, diff, fault-test,
 * repair and roll back every step alike.
 */
import type { Finding } from "../model/errors.ts";
import type { HostSpec } from "../model/host_spec.ts";
import type { Host, HostFiles } from "./host/host.ts";

export type StepName =
  | "preflight"
  | "packages"
  | "identity"
  | "kernel_parameters"
  | "fallback_entry"
  | "initramfs"
  | "vfio_binding"
  | "hugepages"
  | "libvirt"
  | "permissions"
  | "looking_glass"
  | "single_gpu"
  | "trial_boot"
  | "media"
  | "vm"
  | "guest_install";

export type Phase = "host" | "workload";

/**
 * inspect only reads; blockers, wants and verify are pure: the same input gives the same answer. `Spec` is what the
 * phase is about: the host's steps compare with a HostSpec, those of the workload with a WorkloadSpec.
 */
export interface Step<Seen = unknown, Spec = HostSpec> {
  readonly name: StepName;
  readonly title: string;
  readonly phase: Phase;
  inspect(host: Host, spec: Spec): Promise<Seen>;
  /** Why this machine cannot be changed as asked; every blocker of every step is told at once, before any write. */
  blockers?(spec: Spec, seen: Seen): Finding[];
  /** Everything the step answers for, whether or not it is there already. */
  wants(spec: Spec, seen: Seen): Wants;
  /**
   * What files cannot tell. "written": what must hold right after apply; "effective": also what holds only after the
   * reboot. Findings of severity `blocker` are claims that do not hold.
   */
  verify(spec: Spec, seen: Seen, when: "written" | "effective"): Finding[];
}

export interface Wants {
  readonly nodes: readonly WantedNode[];
  readonly commands?: readonly WantedCommand[];
}

/** One path as it shall be. Folders above are made as needed and belong to it. */
export type WantedNode = WantedFile | WantedMade | WantedLink | WantedAbsent;

interface Wanted {
  readonly path: string;
  /** For people; never decides anything. */
  readonly reason: string;
  /** Ids of the commands to run when this path changes. */
  readonly triggers?: readonly string[];
  readonly needs?: "reboot";
}

export interface WantedFile extends Wanted {
  readonly kind: "file";
  readonly text: string;
  /** Default 0644. */
  readonly mode?: number;
  /** All that is ours in a file of somebody else's (block.ts): rollback takes out that alone when they edited the rest. */
  readonly block?: string;
}

/** A file whose bytes are not known before they are made: a key. `valid` says that what is there is good as it is. */
export interface WantedMade extends Wanted {
  readonly kind: "made";
  readonly valid: boolean;
  readonly mode: number;
  /** What the plan shows in place of the bytes. */
  readonly what: string;
  make(host: Host): Promise<Uint8Array>;
}

export interface WantedLink extends Wanted {
  readonly kind: "link";
  readonly target: string;
}

/** Ours from an earlier apply, and not wanted any more. */
export interface WantedAbsent extends Wanted {
  readonly kind: "absent";
}

/** A command that brings something derived up to date: grub.cfg, the initrd, systemd's idea of its units. */
export interface WantedCommand {
  /** The same id in two steps is one command, run once, in the later step. */
  readonly id: string;
  readonly argv: readonly [string, ...string[]];
  readonly reason: string;
  /**
   * Done by this very program on a running machine, with progress; `argv` then is how a person does the same by hand,
   * for the plan and the record on a copy.
   */
  readonly act?: (report: Report) => Promise<void>;
  /** What shows in the plan beside the command line: sizes, where it comes from. */
  readonly what?: string;
  /** The running machine shows that it has to run although no file changes; "anywhere": a copy shows it too. */
  readonly due: boolean | "anywhere";
  /** What it writes: saved before, so that a rollback brings back the bytes instead of making new ones. */
  readonly derives: readonly string[];
  /**
   * Runs at rollback where the bytes of what it derives cannot be brought back; absent: the command itself, once its
   * files are back.
   */
  readonly undo?: readonly [string, ...string[]];
  /** Nothing at rollback: what it made stays (accounts, packages). */
  readonly keeps?: true;
  /** What it brings is new to the steps that follow: apply plans them anew when it has run. Its reason announces that. */
  readonly reveals?: true;
  /** Is let finish when a person interrupts us: cut short it would leave something broken. */
  readonly finishes?: true;
  /** Default: ten minutes. */
  readonly timeoutMs?: number;
  /** Failures it is known for; the first that fits its words is told. */
  readonly cures?: readonly Cure[];
  readonly needs?: "reboot";
}

/** How far something is. `total` is null while nobody knows it. */
export interface WorkProgress {
  readonly what: string;
  readonly done: number;
  readonly total: number | null;
  /** `changes`, `bytes`, `stages`. */
  readonly unit: string;
  /** Over the last seconds; only of bytes. */
  readonly bytesPerSecond?: number | null;
  readonly etaMs?: number | null;
}

/** What an act tells while it works. `signal`: a person interrupts; what is begun is finished or left to be resumed. */
export interface Report {
  readonly signal: AbortSignal;
  progress(progress: WorkProgress): void;
  /** Something a person wants to read later: a stage that was reached, a refusal and what is tried next. */
  note(text: string): void;
}

/** A failure by the words of the program that failed, what it means and what to do. */
export interface Cure {
  readonly when: RegExp;
  /** Follows "Cannot finish COMMAND: ". */
  readonly says: string;
  readonly hint: string;
}

/** One thing that will be different, as `plan` shows it. `reason` is for people and never decides anything. */
export interface Change {
  readonly action: "create" | "update" | "delete" | "run";
  /** A path inside the root, or the command line of a `run`. */
  readonly target: string;
  readonly before: NodeView | null;
  readonly after: NodeView | CommandView | null;
  readonly reason: string;
  readonly needs?: "reboot";
}

/** `text` where the file is text and no secret. */
export interface NodeView {
  readonly kind: "file" | "link" | "folder" | "other";
  readonly mode?: string;
  readonly text?: string;
  readonly sha256?: string;
  readonly what?: string;
  readonly target?: string;
}

export interface CommandView {
  readonly kind: "command";
  readonly argv: readonly string[];
  readonly what?: string;
}

/** The document `neuron.plan/1` of the command line contract. */
export interface Plan {
  readonly schema: "neuron.plan/1";
  readonly phase: Phase;
  readonly digest: `sha256:${string}`;
  readonly rebootNeeded: boolean;
  readonly steps: readonly { readonly name: StepName; readonly title: string; readonly changes: readonly Change[] }[];
  /** Why apply would refuse; absent when it would not. */
  readonly blockers?: readonly Finding[];
}

/** Reads a file a step wants to compare with; a link to a folder or a device is not text. */
export function readTextOrNull(files: HostFiles, path: string): string | null {
  const status = files.stat(path);
  return status === null || status.kind === "folder" || status.kind === "other" ? null : files.readText(path);
}
