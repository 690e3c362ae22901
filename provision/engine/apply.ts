/**
 * Makes a plan so: re-plan, journal the intent, change, journal that it is done, look again. What fails is unwound, the
 * half-done change included; who is killed leaves a journal the next run picks up. Knows no step by name.
 */
import { AppError, type Finding } from "../../model/errors.ts";
import type { CommandResult, Host } from "../host/host.ts";
import { Journal } from "../journal.ts";
import { isSecret, missingFolders, type NodeStatus, readNode, saveNode, sha256 } from "../node.ts";
import type { Phase, Report, Step, StepName, WantedCommand, WantedNode, WorkProgress } from "../step.ts";
import { readHistory, rebootNeeded } from "./history.ts";
import { changeOf, makePlan, modeOf, type Work } from "./plan.ts";
import { type Kept, lastLine, readBootId, undo } from "./undo.ts";

export type ApplyEvent =
  | { readonly type: "step-started"; readonly step: StepName; readonly changes: number }
  | { readonly type: "change-applied"; readonly step: StepName; readonly action: string; readonly target: string }
  | { readonly type: "progress" } & WorkProgress
  /** What happened within a change that takes its time: a stage of an installation, a refusal and what is tried next. */
  | { readonly type: "note"; readonly step: StepName; readonly text: string }
  | { readonly type: "step-verified"; readonly step: StepName }
  | { readonly type: "planned-again"; readonly step: StepName; readonly changes: number }
  | { readonly type: "reboot-needed" }
  | { readonly type: "rolled-back"; readonly targets: readonly string[]; readonly kept: readonly Kept[] }
  | { readonly type: "failed"; readonly message: string; readonly hint?: string }
  | { readonly type: "done"; readonly changes: number };

export interface ApplyOptions<Spec> {
  readonly steps: readonly Step<unknown, Spec>[];
  readonly spec: Spec;
  readonly phase: Phase;
  /** Of the plan the person has seen; apply stops when the machine would now give another one. */
  readonly digest?: string;
  /** What the spec was made from; status and verify make it again from this. */
  readonly origin: unknown;
  readonly signal?: AbortSignal;
  tell(event: ApplyEvent): void;
}

export interface Applied {
  readonly changes: number;
  readonly rebootNeeded: boolean;
}

export async function apply<Spec>(host: Host, options: ApplyOptions<Spec>): Promise<Applied> {
  using _lock = host.state.lock();
  const journal = Journal.open(host.state);
  sweepInterrupted(host, journal);
  const { steps, spec, phase } = options;
  const { plan, work, blockers } = await makePlan(host, steps, spec, phase, readHistory(journal.records).pending);
  refuse(blockers);
  if (options.digest !== undefined && options.digest !== plan.digest) throw planChanged();
  const bootId = readBootId(host);
  let changes = 0;
  if (work.length > 0) {
    const { digest } = plan;
    const first = journal.records.length;
    journal.append({ type: "begin", atMs: host.now(), phase, digest, bootId, origin: options.origin });
    try {
      changes = await applySteps(host, journal, work, options);
      journal.append({ type: "end", outcome: "applied", atMs: host.now() });
    } catch (error) {
      await unwind(host, journal, first, error, options);
    }
  }
  const needed = rebootNeeded(journal.records, bootId);
  if (needed) options.tell({ type: "reboot-needed" });
  options.tell({ type: "done", changes });
  return { changes, rebootNeeded: needed };
}

/** Step by step; returns how many changes there were. */
async function applySteps<Spec>(
  host: Host,
  journal: Journal,
  planned: readonly Work[],
  options: ApplyOptions<Spec>,
) {
  const { steps, spec, phase } = options;
  let work = planned;
  let changes = 0;
  for (const [index, step] of steps.entries()) {
    const own = work.filter((item) => item.step === step.name);
    await applyStep(host, journal, step, own, options);
    changes += own.length;
    if (!own.some((item) => item.kind === "command" && item.command.reveals === true)) continue;
    // What was announced can be seen now. A blocker that only shows here takes the whole run back.
    const again = await makePlan(host, steps, spec, phase, readHistory(journal.records).pending);
    refuse(again.blockers);
    const later = new Set(steps.slice(index + 1).map(({ name }) => name));
    work = again.work.filter((item) => later.has(item.step));
    options.tell({ type: "planned-again", step: step.name, changes: work.length });
  }
  return changes;
}

/** Every blocker at once, so that nobody has to come back five times. */
export function refuse(blockers: readonly Finding[]): void {
  const [first, ...more] = blockers;
  if (first === undefined) return;
  const hardware = blockers.some(({ code }) => /^(gpu-|iommu-|no-interrupt-remapping$)/.test(code));
  const hints = blockers.flatMap(({ hint }) => hint === undefined ? [] : [hint]);
  const title = more.length === 0 ? first.title : blockers.map((b, index) => `(${index + 1}) ${b.title}`).join(" · ");
  throw new AppError(hardware ? "hardware-unsuitable" : "unsupported", `Cannot change this machine: ${title}`, {
    ...(hints.length === 0 ? {} : { hint: [...new Set(hints)].join(" · ") }),
  });
}

function planChanged(): AppError {
  return new AppError("plan-changed", "Cannot apply: the machine changed since the plan was shown", {
    hint: "Look at the new plan, then apply that",
  });
}

async function applyStep<Spec>(
  host: Host,
  journal: Journal,
  step: Step<unknown, Spec>,
  work: readonly Work[],
  options: ApplyOptions<Spec>,
) {
  if (work.length === 0) return;
  options.tell({ type: "step-started", step: step.name, changes: work.length });
  for (const [index, item] of work.entries()) {
    if (await isInterrupted(options)) throw interrupted(options.phase);
    if (item.kind === "node") await applyNode(host, journal, step.name, item.node);
    else {
      options.tell({ type: "progress", what: item.change.target, done: index, total: work.length, unit: "changes" });
      // A Ctrl-C on the terminal reaches the command as well: it fails because of us.
      await applyCommand(host, journal, step.name, item, options).catch(async (error) => {
        const isOurs = error instanceof AppError && error.code === "interrupted";
        throw error instanceof AppError && !isOurs && await isInterrupted(options) ? interrupted(options.phase) : error;
      });
    }
    const { action, target } = item.change;
    options.tell({ type: "change-applied", step: step.name, action, target });
  }
  if (await isInterrupted(options)) throw interrupted(options.phase);
  await checkStep(host, step, options.spec);
  options.tell({ type: "step-verified", step: step.name });
}

/** File calls are synchronous: without a turn of the event loop a Ctrl-C would only be seen at the next command. */
async function isInterrupted({ signal }: { readonly signal?: AbortSignal }): Promise<boolean> {
  if (signal === undefined) return false;
  await new Promise((resolve) => setTimeout(resolve, 0));
  return signal.aborted;
}

function interrupted(phase: Phase): AppError {
  if (phase === "workload") {
    return new AppError("interrupted", "Interrupted: what is there stays", { hint: "Run apply again: it goes on" });
  }
  return new AppError("interrupted", "Interrupted: what this run had changed was taken back", {
    hint: "Run apply again when you are ready",
  });
}

async function applyNode(host: Host, journal: Journal, step: StepName, node: WantedNode): Promise<void> {
  const content = await contentOf(host, node);
  const before = saveNode(host, node.path);
  const folders = content.kind === "absent" ? [] : missingFolders(host, node.path);
  // What is written is kept too: rollback shows the difference to what somebody made of it. Secrets are not doubled.
  if (content.kind === "file" && !isSecret(content.mode)) host.state.save(content.bytes);
  const id = journal.nextId();
  journal.append({
    type: "intent",
    id,
    step,
    path: node.path,
    before,
    after: afterOf(content),
    folders,
    triggers: node.triggers ?? [],
    needsReboot: node.needs === "reboot",
    ...(node.kind === "file" && node.block !== undefined ? { block: node.block } : {}),
  });
  // On a copy files belong to whoever works on it.
  const owner = host.live ? { uid: 0, gid: 0 } : {};
  for (const folder of folders) host.makeFolder(folder);
  if (content.kind === "absent") host.remove(node.path);
  else if (content.kind === "link") host.writeLink(node.path, content.target, owner);
  else host.writeFile(node.path, content.bytes, { mode: content.mode, ...owner });
  journal.append({ type: "done", id });
}

type Content =
  | { readonly kind: "absent" }
  | { readonly kind: "link"; readonly target: string }
  | { readonly kind: "file"; readonly bytes: Uint8Array; readonly mode: number };

async function contentOf(host: Host, node: WantedNode): Promise<Content> {
  if (node.kind === "absent") return { kind: "absent" };
  if (node.kind === "link") return { kind: "link", target: node.target };
  if (node.kind === "file") return { kind: "file", bytes: new TextEncoder().encode(node.text), mode: modeOf(node) };
  // Good bytes with a wrong mode stay the bytes they are.
  const kept = node.valid ? host.readBytes(node.path) : null;
  return { kind: "file", bytes: kept ?? await node.make(host), mode: node.mode };
}

function afterOf(content: Content): NodeStatus {
  return content.kind === "file" ? { kind: "file", sha256: sha256(content.bytes), mode: content.mode } : content;
}

async function applyCommand(
  host: Host,
  journal: Journal,
  step: StepName,
  { command, inputs }: Extract<Work, { kind: "command" }>,
  options: { readonly signal?: AbortSignal; tell(event: ApplyEvent): void },
) {
  const { argv, reason } = command;
  const paths = host.live ? command.derives : [];
  const id = journal.nextId();
  journal.append({
    type: "command",
    id,
    step,
    command: command.id,
    argv,
    reason,
    undo: command.keeps === true ? "nothing" : command.undo ?? "again",
    derives: Object.fromEntries(paths.map((path) => [path, saveNode(host, path)])),
    needsReboot: command.needs === "reboot",
  });
  if (command.act !== undefined && host.live) await command.act(reportTo(step, options));
  else await runCommand(host, step, command, inputs);
  journal.append({ type: "done", id, derived: Object.fromEntries(paths.map((path) => [path, readNode(host, path)])) });
}

async function runCommand(host: Host, step: StepName, command: WantedCommand, inputs: string): Promise<void> {
  const { argv, reason, finishes, timeoutMs } = command;
  const limits = { ...(finishes === undefined ? {} : { finishes }), ...(timeoutMs === undefined ? {} : { timeoutMs }) };
  const result = await host.run({ argv, step, reason, inputs, ...limits });
  if (result.code !== 0) throw commandFailed(command, result);
}

function reportTo(
  step: StepName,
  { signal, tell }: { readonly signal?: AbortSignal; tell(event: ApplyEvent): void },
): Report {
  return {
    signal: signal ?? new AbortController().signal,
    progress: (progress) => tell({ type: "progress", ...progress }),
    note: (text) => tell({ type: "note", step, text }),
  };
}

function commandFailed({ argv, cures = [] }: WantedCommand, { code, stdout, stderr }: CommandResult): AppError {
  const cure = cures.find(({ when }) => when.test(`${stderr}\n${stdout}`));
  const why = cure === undefined ? lastLine(stderr) : `${cure.says} (${lastLine(stderr)})`;
  return new AppError("command-failed", `Cannot finish ${argv.join(" ")}: code ${code}: ${why}`, {
    hint: `${cure?.hint ?? "Run that command by hand to see all it says"}; what this run had changed was taken back`,
  });
}

/** Works is never claimed, it is checked: the step looks again at what is there now. */
async function checkStep<Spec>(host: Host, step: Step<unknown, Spec>, spec: Spec): Promise<void> {
  const seen = await step.inspect(host, spec);
  const findings = step.verify(spec, seen, "written").filter(({ severity }) => severity === "blocker");
  const open = step.wants(spec, seen).nodes.find((node) => changeOf(host, node) !== null);
  if (findings.length === 0 && open === undefined) return;
  const what = findings[0]?.title ?? `${open!.path} is not what was written`;
  throw new AppError("verification-failed", `Cannot confirm ${step.name}: ${what}`, {
    hint: findings[0]?.hint ?? "Another program may be writing that file",
  });
}

/** Takes back what this run did, then throws the error that made it necessary. */
async function unwind(
  host: Host,
  journal: Journal,
  first: number,
  error: unknown,
  options: { tell(event: ApplyEvent): void },
): Promise<never> {
  const ids = new Set(journal.records.slice(first).flatMap((record) => "id" in record ? [record.id] : []));
  const standing = readHistory(journal.records).standing.filter(({ id }) => ids.has(id));
  const { paths, kept } = await undo(host, journal, standing, "unwound").catch((second) => {
    throw bothFailures(error, second);
  });
  options.tell({ type: "rolled-back", targets: paths, kept });
  throw error;
}

/** A disk that fails every write fails the way back too: the journal keeps what stands for the next run. */
function bothFailures(first: unknown, second: unknown): unknown {
  if (!(first instanceof AppError) || !(second instanceof AppError)) return second;
  return new AppError(first.code, `${first.message}; taking the changes back failed as well: ${second.message}`, {
    hint: `${first.hint ?? second.hint ?? "Repair the cause"}; then run apply again, or rollback`,
    cause: first,
  });
}

/** Temp files lie beside the paths of changes that were cut short, on the way there or back. */
function sweepInterrupted(host: Host, journal: Journal): void {
  const { standing, interrupted } = readHistory(journal.records);
  for (const change of interrupted ? standing : []) if (change.type === "intent") host.sweep(change.path);
}
