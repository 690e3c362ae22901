/**
 * The append-only log of what was intended and what was done: `journal.jsonl` in the state folder. Every line ends with
 * a checksum over itself and the line before, so that a lost or altered line is noticed; a torn last line is what a power
 * cut leaves and is dropped. The journal serves rollback and reports; whether something is there, the machine says.
 */
import { createHash } from "node:crypto";
import { AppError } from "../model/errors.ts";
import type { StateFolder } from "./host/state.ts";
import type { NodeStatus } from "./node.ts";
import type { Phase, StepName } from "./step.ts";

const journalName = "journal.jsonl";

export type JournalRecord =
  | {
    readonly type: "begin";
    readonly atMs: number;
    readonly phase: Phase;
    readonly digest: string;
    /** Which boot of the machine this was; null on a copy. */
    readonly bootId: string | null;
    /** What the plan was made from: the answers. */
    readonly origin: unknown;
  }
  | NodeIntent
  | CommandIntent
  /** The change of this id stands. */
  | { readonly type: "done"; readonly id: number; readonly derived?: Readonly<Record<string, NodeStatus>> }
  /** The change of this id is taken back. */
  | { readonly type: "undone"; readonly id: number; readonly bootId: string | null }
  /** Changes are about to be taken back; until `end`, some may be half way. */
  | { readonly type: "taking-back"; readonly atMs: number }
  /** A command ran again, or what it derives was restored, after its files were taken back. */
  | { readonly type: "refreshed"; readonly command: string }
  | {
    readonly type: "end";
    readonly outcome: "applied" | "unwound" | "rolled-back" | "incomplete";
    readonly atMs: number;
  };

export interface NodeIntent {
  readonly type: "intent";
  readonly id: number;
  readonly step: StepName;
  readonly path: string;
  readonly before: NodeStatus;
  readonly after: NodeStatus;
  /** Missing folders above it, highest first, that are made with it. */
  readonly folders: readonly string[];
  readonly triggers: readonly string[];
  readonly needsReboot: boolean;
  /** All that is ours in a file of somebody else's, as it was written. */
  readonly block?: string;
}

export interface CommandIntent {
  readonly type: "command";
  readonly id: number;
  readonly step: StepName;
  readonly command: string;
  readonly argv: readonly [string, ...string[]];
  readonly reason: string;
  readonly undo: readonly [string, ...string[]] | "again" | "nothing";
  /** What it derives, as it was before; empty on a copy. */
  readonly derives: Readonly<Record<string, NodeStatus>>;
  readonly needsReboot: boolean;
}

export interface ParsedJournal {
  readonly records: readonly JournalRecord[];
  /** Length of the whole lines; what follows is torn. */
  readonly soundBytes: number;
  readonly lastSum: string;
}

const sumOf = (previous: string, body: string) =>
  createHash("sha256").update(previous).update(body).digest("hex").slice(0, 16);

/** `{…,"sum":"…"}` with a newline. */
export function renderRecord(record: JournalRecord, previousSum: string): { line: string; sum: string } {
  const body = JSON.stringify(record);
  const sum = sumOf(previousSum, body);
  return { line: `${body.slice(0, -1)},"sum":"${sum}"}\n`, sum };
}

const sumPattern = /^(.*),"sum":"([0-9a-f]{16})"\}$/;

/** Throws `journal-damaged` when a line other than a torn last one is not what was written. */
export function parseJournal(bytes: Uint8Array, path: string): ParsedJournal {
  const text = new TextDecoder().decode(bytes);
  const lines = text.split("\n");
  const tail = lines.pop() ?? "";
  const records: JournalRecord[] = [];
  let lastSum = "";
  let soundBytes = 0;
  for (const [index, line] of lines.entries()) {
    const record = parseLine(line, lastSum);
    if (record === null) throw damaged(path, `line ${index + 1} is not what was written`);
    records.push(record.record);
    lastSum = record.sum;
    soundBytes += new TextEncoder().encode(line).length + 1;
  }
  // A first line that never was a record is no torn write of ours: somebody emptied or replaced the file.
  if (records.length === 0 && tail !== "" && !tail.startsWith("{")) throw damaged(path, "it holds no record");
  return { records, soundBytes, lastSum };
}

function parseLine(line: string, previousSum: string): { record: JournalRecord; sum: string } | null {
  const match = sumPattern.exec(line);
  if (match === null) return null;
  const body = `${match[1]}}`;
  if (sumOf(previousSum, body) !== match[2]) return null;
  // The checksum says that this program wrote it.
  return { record: JSON.parse(body) as JournalRecord, sum: match[2]! };
}

function damaged(path: string, what: string): AppError {
  return new AppError("journal-damaged", `Cannot read the journal ${path}: ${what}`, {
    hint: `Restore it from a backup, or move it away: plan and apply go by the machine, but what was changed before ` +
      `can then not be rolled back`,
  });
}

export class Journal {
  readonly #state: StateFolder;
  readonly #records: JournalRecord[];
  #lastSum: string;
  #nextId: number;
  /** Length of the whole lines. */
  #soundBytes: number;
  /** A torn line may follow them, left by a killed run or by a write that failed. */
  #torn: boolean;

  private constructor(state: StateFolder, bytes: Uint8Array) {
    const parsed = parseJournal(bytes, `${state.path}/${journalName}`);
    this.#state = state;
    this.#records = [...parsed.records];
    this.#lastSum = parsed.lastSum;
    this.#soundBytes = parsed.soundBytes;
    this.#torn = parsed.soundBytes !== bytes.length;
    this.#nextId = 1 + this.#records.reduce((most, record) => "id" in record ? Math.max(most, record.id) : most, 0);
  }

  /** Reads; writes nothing until the first append. */
  static open(state: StateFolder): Journal {
    return new Journal(state, state.read(journalName) ?? new Uint8Array());
  }

  get records(): readonly JournalRecord[] {
    return this.#records;
  }

  nextId(): number {
    return this.#nextId++;
  }

  /** Durable when it returns. */
  append(record: JournalRecord): void {
    if (this.#torn) this.#state.truncate(journalName, this.#soundBytes);
    const { line, sum } = renderRecord(record, this.#lastSum);
    const bytes = new TextEncoder().encode(line);
    this.#torn = true;
    this.#state.append(journalName, bytes);
    this.#torn = false;
    this.#soundBytes += bytes.length;
    this.#lastSum = sum;
    this.#records.push(record);
  }

  /** For this run alone: what happened though it cannot be written down. The next run finds it on the machine. */
  assume(record: JournalRecord): void {
    this.#records.push(record);
  }
}
