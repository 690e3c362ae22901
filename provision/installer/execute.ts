/**
 * Carries a plan out: one action after another, each written down before and after it is done. What fails, or is
 * interrupted, leaves a disk that says of itself that its installation is unfinished; the next run begins anew, because
 * nobody can tell how much of a file system that was being filled has arrived.
 */
import { AppError, errorMessage } from "../../model/errors.ts";
import type { Host, HostFiles, HostFileWriter } from "../host/host.ts";
import { appendRecord } from "../host/recorded.ts";
import type { Action, CommandAction, FileAction, SecretName } from "./actions.ts";
import { MAPPING, TARGET } from "./names.ts";
import type { InstallPlan } from "./plan.ts";
import { actionWords } from "./plan_text.ts";
import { whatIsMissing } from "./startable.ts";

export type InstallEvent =
  | {
    readonly type: "action-started";
    readonly index: number;
    readonly of: number;
    readonly what: string;
    readonly reason: string;
  }
  | {
    readonly type: "progress";
    readonly what: string;
    readonly done: number;
    readonly total: number;
    readonly unit: "bytes";
  }
  | { readonly type: "warning"; readonly message: string };

export interface ExecuteOptions {
  /** Every secret that an action names. */
  readonly secrets: Readonly<Partial<Record<SecretName, string>>>;
  /** The mounted system: links in it lead inside it. */
  openTarget(root: string): HostFiles & HostFileWriter;
  readonly signal: AbortSignal;
  tell(event: InstallEvent): void;
}

const RECORD = "installation.jsonl";
/** A slow stick, an emulated processor: longer than anything that still works takes. */
const LONGEST_MS = 3 * 60 * 60_000;

/**
 * Gives what went wrong though the installation is good without it. The caller holds `host.state.lock()`.
 * @throws AppError `command-failed`, `verification-failed`, `interrupted`; nothing is left mounted then
 */
export async function execute(host: Host, plan: InstallPlan, options: ExecuteOptions): Promise<string[]> {
  const record = (entry: object) => appendRecord(host.state, JSON.stringify({ atMs: host.now(), ...entry }), RECORD);
  const warnings: string[] = [];
  const run = new Run(host, plan, options, warnings);
  await leaveTarget(host);
  try {
    for (const [index, action] of plan.actions.entries()) {
      if (options.signal.aborted) throw interrupted(plan);
      const what = actionWords(action);
      record({ type: "intent", index, what });
      options.tell({ type: "action-started", index, of: plan.actions.length, what, reason: action.reason });
      await run.one(action);
      record({ type: "done", index });
    }
  } catch (error) {
    record({ type: "failed", message: errorMessage(error) });
    await leaveTarget(host);
    throw error;
  }
  return warnings;
}

class Run {
  readonly #host: Host;
  readonly #plan: InstallPlan;
  readonly #options: ExecuteOptions;
  readonly #warnings: string[];

  constructor(host: Host, plan: InstallPlan, options: ExecuteOptions, warnings: string[]) {
    this.#host = host;
    this.#plan = plan;
    this.#options = options;
    this.#warnings = warnings;
  }

  async one(action: Action): Promise<void> {
    switch (action.kind) {
      case "command":
        return await this.#command(action);
      case "file":
        return this.#file(action);
      case "folder":
        if (this.#target.stat(action.path) === null) this.#target.makeFolder(action.path);
        return;
      case "check": {
        const missing = whatIsMissing(this.#target, this.#plan);
        if (missing.length === 0) return;
        throw new AppError(
          "verification-failed",
          `Cannot install: the new system could not start: ${missing.join("; ")}`,
          {
            hint: "The medium is damaged or incomplete: write it anew, and check its SHA-256 first",
          },
        );
      }
      case "log":
        return this.#target.writeFile(action.path, this.#host.state.read(RECORD) ?? new Uint8Array(), { mode: 0o600 });
    }
  }

  get #target(): HostFiles & HostFileWriter {
    return this.#options.openTarget(TARGET);
  }

  #file({ path, content }: FileAction): void {
    if ("link" in content) return this.#target.writeLink(path, content.link);
    this.#target.writeFile(path, new TextEncoder().encode(content.text), {
      mode: content.mode ?? 0o644,
      uid: 0,
      gid: 0,
    });
  }

  async #command(action: CommandAction): Promise<void> {
    const { argv, reason, progressBytes: total, ifItFails } = action;
    const stdin = this.#stdin(action);
    const { code, stdout, stderr } = await this.#host.run({
      argv,
      step: "install",
      reason,
      timeoutMs: LONGEST_MS,
      finishes: true,
      ...(stdin === null ? {} : { stdin }),
      ...(total === undefined ? {} : { heard: this.#percentListener(reason, total) }),
    });
    if (code === 0) return;
    const words = lastWords(stderr) || lastWords(stdout);
    if (ifItFails !== undefined) {
      const message = `${ifItFails} (${argv[0]}: ${words})`;
      this.#warnings.push(message);
      return this.#options.tell({ type: "warning", message });
    }
    throw new AppError("command-failed", `Cannot install (${reason}): ${argv.join(" ")} ended with ${code}: ${words}`, {
      hint: code === 127
        ? "The medium lacks this program: build it with the packages of docs/installer.md"
        : `Look at what it says and at dmesg: the disk or the medium may be failing. ${begunAnew(this.#plan)}`,
    });
  }

  #stdin({ stdin }: CommandAction): string | null {
    if (stdin === undefined) return null;
    if ("text" in stdin) return stdin.text;
    const secret = this.#options.secrets[stdin.secret];
    if (secret === undefined) throw new AppError("internal", `The secret "${stdin.secret}" was not given`);
    return secret;
  }

  /** unsquashfs draws `[=====/   ] 1234/4567  27%` again and again: inodes and blocks, so nearly bytes. */
  #percentListener(what: string, total: number): (text: string) => void {
    let last = -1;
    return (text) => {
      const percent = Number([...text.matchAll(/(\d{1,3})%/g)].at(-1)?.[1] ?? last);
      if (percent <= last || percent > 100) return;
      last = percent;
      this.#options.tell({ type: "progress", what, done: Math.floor(total * percent / 100), total, unit: "bytes" });
    };
  }
}

/** Whatever an earlier run, or this one, has mounted or opened. */
async function leaveTarget(host: Host): Promise<void> {
  const look = (argv: [string, ...string[]], reason: string) => host.run({ argv, step: "install", reason });
  const isMounted = (host.readText("/proc/mounts") ?? "").split("\n").some((line) => line.split(" ")[1] === TARGET);
  if (isMounted) await look(["umount", "--recursive", TARGET], "an unfinished installation is left");
  if (host.stat(`/dev/mapper/${MAPPING}`) !== null) {
    await look(["cryptsetup", "close", MAPPING], "an unfinished installation is left");
  }
}

function interrupted(plan: InstallPlan): AppError {
  return new AppError("interrupted", `Interrupted: the installation on ${plan.disk.path} is unfinished`, {
    hint: begunAnew(plan),
  });
}

const begunAnew = ({ disk }: InstallPlan) => `Run neuron-setup install again: it begins anew on ${disk.path}`;

/** The last three lines: what programs say when they give up. */
function lastWords(text: string): string {
  return text.trim().split("\n").filter((line) => line.trim() !== "").slice(-3).join(" · ");
}
