/** Commands: run on the running machine, recorded on a copy. Always an argument list, never a shell. */
import { AppError, errorMessage } from "../../model/errors.ts";
import type { Command, CommandResult } from "./host.ts";
import { appendRecord } from "./recorded.ts";
import type { StateFolder } from "./state.ts";

const defaultTimeoutMs = 10 * 60_000;

/** Code 127 when there is no such program, as a shell says it. */
export async function runCommand(command: Command): Promise<CommandResult> {
  const [program, ...args] = command.argv;
  const timeoutMs = command.timeoutMs ?? defaultTimeoutMs;
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const child = new Deno.Command(program, {
      args,
      signal,
      stdin: command.stdin === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
      detached: command.finishes === true,
      // Nobody is there to answer: Debian's packages then take what is configured.
      env: { LC_ALL: "C.UTF-8", DEBIAN_FRONTEND: "noninteractive" },
    }).spawn();
    if (command.stdin !== undefined) await feed(child.stdin, command.stdin);
    const [stdout, stderr, { code }] = await Promise.all([
      gather(child.stdout, command.heard),
      gather(child.stderr),
      child.status,
    ]);
    if (signal.aborted) throw tookTooLong(command, timeoutMs);
    return { code, stdout, stderr, recorded: false };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      return { code: 127, stdout: "", stderr: `${program}: not found`, recorded: false };
    }
    if (error instanceof AppError) throw error;
    throw new AppError("command-failed", `Cannot run ${command.argv.join(" ")}: ${errorMessage(error)}`, {
      cause: error,
    });
  }
}

async function gather(stream: ReadableStream<Uint8Array>, heard?: (text: string) => void): Promise<string> {
  const decoder = new TextDecoder();
  const pieces: string[] = [];
  for await (const bytes of stream) {
    const piece = decoder.decode(bytes, { stream: true });
    pieces.push(piece);
    heard?.(piece);
  }
  return pieces.join("") + decoder.decode();
}

async function feed(stdin: WritableStream<Uint8Array>, text: string): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch {
    // It ended without reading: its exit code says more than our broken pipe.
  }
}

function tookTooLong(command: Command, timeoutMs: number): AppError {
  return new AppError(
    "command-failed",
    `Cannot finish ${command.argv.join(" ")}: it was stopped after ${timeoutMs / 1000} s`,
    { hint: "Run that command by hand to see where it hangs" },
  );
}

/** On a copy: pure commands run, looks find nothing, everything else is one line in commands.jsonl. */
export async function recordCommand(command: Command, state: StateFolder): Promise<CommandResult> {
  if (command.pure === true) return await runCommand(command);
  if (command.readOnly === true) return { code: 127, stdout: "", stderr: "", recorded: false };
  const { argv, step, reason, inputs, undoes } = command;
  const line = JSON.stringify({
    argv,
    step,
    reason,
    ...(inputs === undefined ? {} : { inputs }),
    ...(undoes === undefined ? {} : { undoes }),
  });
  appendRecord(state, line);
  return { code: 0, stdout: "", stderr: "", recorded: true };
}
