/**
 * Takes changes back, newest first: after a failure the changes of one run, on request those of many. Every act is
 * idempotent and journaled after it, so that being killed anywhere only means doing it again. What somebody else changed
 * meanwhile is left alone and told.
 */
import { AppError, errorMessage } from "../../model/errors.ts";
import { isWithoutMarkers, readShared } from "../block.ts";
import type { Host } from "../host/host.ts";
import type { CommandIntent, Journal, JournalRecord, NodeIntent } from "../journal.ts";
import { isSecret, type NodeStatus, putBack, readNode, renderMode, sameNode, sha256 } from "../node.ts";
import type { StepName } from "../step.ts";
import { unifiedDiff } from "../plan_text.ts";
import { readHistory } from "./history.ts";

export interface Undone {
  readonly paths: readonly string[];
  readonly kept: readonly Kept[];
  /** All is done, but not all could be written down: a full state folder must not keep files from coming back. */
  readonly unrecorded: AppError | null;
}

/** A change that was not taken back, and why. */
export interface Kept {
  readonly step: StepName;
  readonly target: string;
  readonly reason: string;
  /** From what Neuron wrote to what is there now, where both are text. */
  readonly diff?: string;
}

/** @param neverInEffect steps whose changes did nothing in the boot that runs: no reboot is needed to be rid of them */
export async function undo(
  host: Host,
  journal: Journal,
  standing: readonly (NodeIntent | CommandIntent)[],
  outcome: "unwound" | "rolled-back",
  neverInEffect: ReadonlySet<StepName> = new Set(),
): Promise<Undone> {
  const running = readBootId(host);
  const undone = ({ id, step }: NodeIntent | CommandIntent): JournalRecord => ({
    type: "undone",
    id,
    bootId: neverInEffect.has(step) ? null : running,
  });
  let unrecorded: AppError | null = null;
  const note = (record: JournalRecord) => {
    try {
      journal.append(record);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      unrecorded ??= error;
      journal.assume(record);
    }
  };
  const isWork = standing.length > 0 || readHistory(journal.records).pending.size > 0;
  if (isWork) note({ type: "taking-back", atMs: host.now() });
  const paths: string[] = [];
  const kept: Kept[] = [];
  for (const group of byPathNewestFirst(standing)) {
    const obstacle = restore(host, group);
    if (obstacle !== null) {
      kept.push(obstacle);
      continue;
    }
    paths.push(group[0]!.path);
    for (const change of group.toReversed()) note(undone(change));
  }
  const commands = standing.filter((change) => change.type === "command");
  for (const command of commands.toReversed()) {
    const failed = restoreBeforeUndo(host, journal, command) ? null : await undoCommand(host, command);
    if (failed !== null) kept.push(failed);
    else note(undone(command));
  }
  kept.push(...await refresh(host, journal, note));
  if (isWork) note({ type: "end", outcome: kept.length === 0 ? outcome : "incomplete", atMs: host.now() });
  return { paths, kept, unrecorded };
}

/** Changes of one path together, oldest first; the path that was first touched comes last, as its folders belong to it. */
function byPathNewestFirst(standing: readonly (NodeIntent | CommandIntent)[]): NodeIntent[][] {
  const groups = new Map<string, NodeIntent[]>();
  for (const change of standing) {
    if (change.type !== "intent") continue;
    const group = groups.get(change.path);
    if (group === undefined) groups.set(change.path, [change]);
    else group.push(change);
  }
  return [...groups.values()].toReversed();
}

/** Null when the path is again what it was before the first change of the group. */
function restore(host: Host, group: readonly NodeIntent[]): Kept | null {
  const { path, step, before: original } = group[0]!;
  const now = readNode(host, path);
  const known = group.flatMap(({ before, after }) => [before, after]);
  if (!known.some((node) => sameNode(node, now))) {
    const { after, block } = group.at(-1)!;
    if (block !== undefined && takeOutBlock(host, path, now, block)) return null;
    return { step, target: path, reason: whatChanged(after, now), ...diffSince(host, path, after) };
  }
  putBack(host, path, original);
  for (const folder of group.flatMap(({ folders }) => folders).toSorted((a, b) => b.length - a.length)) {
    if (host.list(folder)?.length === 0) host.removeFolder(folder);
  }
  return null;
}

/**
 * Somebody edited their file, in which something is ours: only that goes, and what they wrote stays. True when nothing
 * of ours is in it any more, so that a run killed here can come back.
 */
function takeOutBlock(host: Host, path: string, now: NodeStatus, block: string): boolean {
  const { text, trouble } = readShared(host, path);
  if (now.kind !== "file" || text === null || trouble !== null) return false;
  if (!text.includes(block)) return isWithoutMarkers(block) ? !sharesWord(text, block) : isWithoutMarkers(text);
  host.sweep(path);
  // Mode, owner and attributes are those of the file that is replaced.
  host.writeFile(path, new TextEncoder().encode(text.replace(block, () => "")));
  return true;
}

/** Words within a line, as in /etc/kernel/cmdline, have no markers around them. */
function sharesWord(text: string, words: string): boolean {
  const there = text.split(/\s+/);
  return words.trim().split(/\s+/).some((word) => there.includes(word));
}

/** A diff shows changed text only. */
function whatChanged(written: NodeStatus, now: NodeStatus): string {
  if (written.kind === "file" && now.kind === "file" && written.sha256 === now.sha256 && written.mode !== now.mode) {
    return `somebody changed its mode from ${renderMode(written.mode)} to ${renderMode(now.mode)}`;
  }
  return "somebody changed it since";
}

function diffSince(host: Host, path: string, written: NodeStatus): { diff?: string } {
  const now = readNode(host, path);
  if (written.kind !== "file" || now.kind !== "file" || isSecret(written.mode & now.mode)) return {};
  try {
    const text = new TextDecoder();
    return { diff: unifiedDiff(path, text.decode(host.state.saved(written.sha256)), host.readText(path) ?? "") };
  } catch {
    // What was written is not kept when it could be made again: the path alone has to do.
    return {};
  }
}

/** The bytes from before are better than an inverse that may leave another order behind; what nobody saved has only that. */
function restoreBeforeUndo(host: Host, journal: Journal, { command, undo, derives }: CommandIntent): boolean {
  return typeof undo !== "string" && Object.keys(derives).length > 0 && restoreDerived(host, journal, command);
}

async function undoCommand(host: Host, command: CommandIntent): Promise<Kept | null> {
  if (typeof command.undo === "string") return null;
  return await run(host, command, command.undo, `take back: ${command.reason}`);
}

/**
 * Restores the result of each command whose files are no longer what it last saw, newest first, as one may have worked on
 * another's result; what cannot be restored runs again, oldest first.
 */
async function refresh(host: Host, journal: Journal, note: (record: JournalRecord) => void): Promise<Kept[]> {
  const history = readHistory(journal.records);
  const runs = journal.records.filter((record) => record.type === "command");
  // Never started: the next apply does it, or the files are back before it ever saw them.
  const latest = [...history.pending].flatMap((id) => runs.findLast(({ command }) => command === id) ?? [])
    .toSorted((a, b) => a.id - b.id);
  const restored = new Set<string>();
  for (const { command, undo } of latest.toReversed()) {
    const stands = history.standing.some((change) => change.type === "intent" && change.triggers.includes(command));
    if (undo !== "again" || (!stands && restoreDerived(host, journal, command))) restored.add(command);
  }
  const kept: Kept[] = [];
  for (const intent of latest) {
    const failed = restored.has(intent.command)
      ? null
      : await run(host, intent, intent.argv, `after a rollback: ${intent.reason}`);
    if (failed !== null) kept.push(failed);
    else note({ type: "refreshed", command: intent.command });
  }
  return kept;
}

/** Brings back what the first run of a command overwrote; false when that is not known or no longer fits. */
function restoreDerived(host: Host, journal: Journal, command: string): boolean {
  const runs = runsSinceRefresh(journal, command);
  const first = runs[0];
  const last = runs.at(-1);
  if (!host.live || first === undefined || last === undefined) return false;
  const originals = Object.entries(first.derives);
  if (originals.length === 0) return false;
  const { derived } = readHistory(journal.records);
  // A finished command's result must be as it, or one after it that was restored, left it: a kernel that was updated
  // since needs a new one.
  const fits = !derived.has(last.id) || originals.every(([path]) => {
    const now = readNode(host, path);
    const known = runs.flatMap(({ id, derives }) => [derives[path], derived.get(id)?.[path]]);
    return known.some((node) => sameNode(now, node ?? { kind: "absent" }));
  });
  if (!fits) return false;
  for (const [path, before] of originals) putBack(host, path, before);
  return true;
}

function runsSinceRefresh(journal: Journal, command: string): CommandIntent[] {
  let runs: CommandIntent[] = [];
  for (const record of journal.records) {
    if (record.type === "refreshed" && record.command === command) runs = [];
    if (record.type === "command" && record.command === command) runs.push(record);
  }
  return runs;
}

async function run(
  host: Host,
  command: CommandIntent,
  argv: readonly [string, ...string[]],
  reason: string,
): Promise<Kept | null> {
  try {
    const inputs = sha256(`taken back ${command.id}`);
    const undoes = argv === command.argv ? {} : { undoes: command.argv };
    const result = await host.run({ argv, step: command.step, reason, inputs, ...undoes });
    if (result.code === 0) return null;
    return {
      step: command.step,
      target: argv.join(" "),
      reason: `it ended with code ${result.code}: ${lastLine(result.stderr)}`,
    };
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "command-failed") throw error;
    return { step: command.step, target: argv.join(" "), reason: errorMessage(error) };
  }
}

export const lastLine = (text: string) => text.trim().split("\n").at(-1) ?? "";

/** Tells one boot of the machine from the next; null on a copy. */
export function readBootId(host: Host): string | null {
  return host.live ? host.readText("/proc/sys/kernel/random/boot_id")?.trim() ?? null : null;
}
