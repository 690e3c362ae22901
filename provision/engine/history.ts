/**
 * What the journal says happened, as questions the engine asks: which changes stand, which were cut short, which
 * commands have not run since their files changed. Pure.
 */
import type { CommandIntent, JournalRecord, NodeIntent } from "../journal.ts";
import type { NodeStatus } from "../node.ts";

export interface History {
  /** Changes not taken back, oldest first; the last may be half done. */
  readonly standing: readonly (NodeIntent | CommandIntent)[];
  readonly done: ReadonlySet<number>;
  /** What a command left behind, by its id. */
  readonly derived: ReadonlyMap<number, Readonly<Record<string, NodeStatus>>>;
  /** Commands that have not run since a file that triggers them changed or went back. */
  readonly pending: ReadonlySet<string>;
  /** The last run, forth or back, did not come to its end. */
  readonly interrupted: boolean;
  /** Answers and phase of the last apply. */
  readonly lastBegin: Begin | null;
  /** The same of the host's phase: what its claims are judged by. */
  readonly lastHostBegin: Begin | null;
}

type Begin = Extract<JournalRecord, { type: "begin" }>;

export function readHistory(records: readonly JournalRecord[]): History {
  const intents = new Map<number, NodeIntent | CommandIntent>();
  const done = new Set<number>();
  const derived = new Map<number, Readonly<Record<string, NodeStatus>>>();
  const staleness = new Staleness();
  let interrupted = false;
  let lastBegin: Begin | null = null;
  let lastHostBegin: Begin | null = null;
  for (const record of records) {
    switch (record.type) {
      case "begin":
        interrupted = true;
        lastBegin = record;
        if (record.phase === "host") lastHostBegin = record;
        break;
      case "taking-back":
        interrupted = true;
        break;
      case "end":
        interrupted = record.outcome === "incomplete";
        break;
      case "intent":
        intents.set(record.id, record);
        for (const command of record.triggers) staleness.changed(command, record.id);
        break;
      case "command":
        intents.set(record.id, record);
        staleness.started(record.command);
        break;
      case "done": {
        done.add(record.id);
        if (record.derived !== undefined) derived.set(record.id, record.derived);
        const intent = intents.get(record.id);
        if (intent?.type === "command") staleness.finished(intent.command);
        break;
      }
      case "refreshed":
        staleness.finished(record.command);
        break;
      case "undone": {
        const intent = intents.get(record.id);
        intents.delete(record.id);
        if (intent?.type === "intent") { for (const command of intent.triggers) staleness.undone(command, record.id); }
        break;
      }
    }
  }
  return {
    standing: [...intents.values()],
    done,
    derived,
    pending: staleness.commands(),
    interrupted,
    lastBegin,
    lastHostBegin,
  };
}

/** For each command: which file changes it has not seen (open), and which it may have seen (inside). */
class Staleness {
  readonly #commands = new Map<string, { open: Set<number>; inside: Set<number> }>();

  #of(command: string) {
    let entry = this.#commands.get(command);
    if (entry === undefined) this.#commands.set(command, entry = { open: new Set(), inside: new Set() });
    return entry;
  }
  changed(command: string, id: number): void {
    this.#of(command).open.add(id);
  }
  started(command: string): void {
    const { open, inside } = this.#of(command);
    for (const id of open) inside.add(id);
  }
  finished(command: string): void {
    this.started(command);
    this.#of(command).open.clear();
  }
  /** A change taken back before the command ever saw it leaves nothing to do. */
  undone(command: string, id: number): void {
    const { open, inside } = this.#of(command);
    if (inside.delete(id)) open.add(id);
    else open.delete(id);
  }
  commands(): Set<string> {
    return new Set([...this.#commands].filter(([, { open }]) => open.size > 0).map(([command]) => command));
  }
}

/** A change that only a reboot makes effective was made, or taken back, in the boot that still runs. */
export function rebootNeeded(records: readonly JournalRecord[], bootId: string | null): boolean {
  let boot: string | null = null;
  const waiting = new Set<number>();
  /** Changes that need a reboot, and the boot they were made in. */
  const madeIn = new Map<number, string | null>();
  for (const record of records) {
    if (record.type === "begin") boot = record.bootId;
    if ((record.type === "intent" || record.type === "command") && record.needsReboot) madeIn.set(record.id, boot);
    if (record.type === "done" && madeIn.has(record.id) && boot === bootId) waiting.add(record.id);
    if (record.type === "undone" && madeIn.has(record.id) && record.bootId === bootId) {
      // Made and taken back within one boot: nothing ever came into effect.
      if (madeIn.get(record.id) === bootId) waiting.delete(record.id);
      else waiting.add(record.id);
    }
  }
  return waiting.size > 0;
}
