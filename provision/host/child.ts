/**
 * Programs that run beside us, and programs that are only asked something. Nothing they say can grow our memory: of a
 * running one the last lines are kept, of an answer a bounded beginning.
 */
import { AppError, errorMessage } from "../../model/errors.ts";

export interface Ending {
  readonly code: number;
  /** Null when it ended by itself. */
  readonly signal: string | null;
}

export interface Child {
  readonly ended: Promise<Ending>;
  /** What it said last on stdout and stderr, oldest first. */
  lastLines(): readonly string[];
  /** Asks it to end (TERM); KILL follows when it does not within the time. Resolves when it is gone. */
  stop(graceMs: number): Promise<Ending>;
}

export interface Answer {
  /** Both streams, as they came, cut at the limit. */
  readonly text: string;
  readonly end: "ended" | "too-slow" | "too-long";
}

const keptLines = 40;
const longestLine = 500;

/** @throws AppError `not-found`, `command-failed` when it cannot be started */
export function startChild(argv: readonly [string, ...string[]]): Child {
  const child = spawn(argv);
  const lines: string[] = [];
  const reading = [child.stdout, child.stderr].map((stream) => keepLines(stream, lines));
  // What it said last must be there before anybody asks why it ended.
  const ended = Promise.all([child.status, ...reading.map((one) => Promise.race([one, afterEnd(child)]))])
    .then(([{ code, signal }]) => ({ code, signal }));
  return {
    ended,
    lastLines: () => [...lines],
    async stop(graceMs) {
      kill(child, "SIGTERM");
      if (!await within(ended, graceMs)) kill(child, "SIGKILL");
      return await ended;
    },
  };
}

/** @throws AppError `not-found`, `command-failed` when it cannot be started */
export async function askProgram(
  argv: readonly [string, ...string[]],
  { timeoutMs, mostBytes }: { readonly timeoutMs: number; readonly mostBytes: number },
): Promise<Answer> {
  const child = spawn(argv);
  const chunks: Uint8Array[] = [];
  let room = mostBytes;
  const read = async (stream: ReadableStream<Uint8Array>) => {
    for await (const chunk of stream) {
      chunks.push(chunk.subarray(0, room));
      room -= Math.min(room, chunk.length);
      if (room === 0) return;
    }
  };
  // A program that closes both streams and stays is too slow as well.
  const all = Promise.all([read(child.stdout), read(child.stderr)]).then(() => room === 0 ? null : child.status);
  const inTime = await within(all, timeoutMs);
  kill(child, "SIGKILL");
  await child.status;
  const text = new TextDecoder().decode(concatenated(chunks));
  return { text, end: room === 0 ? "too-long" : inTime ? "ended" : "too-slow" };
}

function spawn([program, ...args]: readonly [string, ...string[]]): Deno.ChildProcess {
  try {
    return new Deno.Command(program, { args, stdin: "null", stdout: "piped", stderr: "piped" }).spawn();
  } catch (error) {
    const missing = error instanceof Deno.errors.NotFound;
    throw new AppError(missing ? "not-found" : "command-failed", `Cannot start ${program}: ${errorMessage(error)}`, {
      hint: "Is it installed, and may it be executed?",
      cause: error,
    });
  }
}

/** A grandchild may hold the stream open after the child's end: the rest is then not waited for. */
const streamPatienceMs = 500;

async function afterEnd(child: Deno.ChildProcess): Promise<void> {
  await child.status;
  await new Promise((resolve) => setTimeout(resolve, streamPatienceMs));
}

async function keepLines(stream: ReadableStream<Uint8Array>, lines: string[]): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  const keep = (line: string) => {
    if (line.trim() === "") return;
    lines.push(line.slice(0, longestLine));
    if (lines.length > keptLines) lines.shift();
  };
  for await (const chunk of stream) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split(/\r?\n/);
    // A line without an end is cut, not collected.
    rest = parts.pop()!.slice(-longestLine);
    parts.slice(-keptLines).forEach(keep);
  }
  keep(rest);
}

async function within(promise: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => timer = setTimeout(() => resolve(false), timeoutMs));
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

function kill(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // It has ended by itself.
  }
}

function concatenated(chunks: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
