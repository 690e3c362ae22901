/** The real terminal. Writes whole lines synchronously, so that nothing is lost when the process ends. */
import type { Terminal } from "./command.ts";

export function openTerminal(args: readonly string[]): Terminal {
  const moves = Deno.stdout.isTerminal() && canMoveCursor();
  const color = moves && !Deno.noColor && !args.includes("--no-color");
  return {
    columns: columns(),
    color,
    interactive: Deno.stdin.isTerminal() && Deno.stdout.isTerminal(),
    print: (line) => writeAll(Deno.stdout, `${line}\n`),
    note: (line) => writeAll(Deno.stderr, `${line}\n`),
    // Back to the first column, and erase what is there (ECMA-48: CR, EL).
    ...(moves ? { redraw: (line) => writeAll(Deno.stdout, `\r\x1b[K${line}`) } : {}),
  };
}

/** What the terminal says of itself; one that says nothing is taken for a printer. */
export function canMoveCursor(): boolean {
  return !["", "dumb", "unknown"].includes(Deno.env.get("TERM") ?? "");
}

/** A serial console reports 0 × 0, a pipe nothing: 80 is what everything can show. */
function columns(): number {
  try {
    return Deno.consoleSize().columns || 80;
  } catch {
    return 80;
  }
}

function writeAll(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let done = 0; done < bytes.length;) done += stream.writeSync(bytes.subarray(done));
  } catch (error) {
    // The reader went away (`| head`): what it did not want to read is not our failure.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
