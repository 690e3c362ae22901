/** commands.jsonl: what would have been run, and what a copy's plan therefore counts as done. A line that is not ours, or torn, counts as nothing. */
import type { StateFolder } from "./state.ts";

const recordedName = "commands.jsonl";

/** The inputs the newest record of these words has, when this step recorded it; null when there is none. */
export function lastRecordedInputs(state: StateFolder, step: string, argv: readonly string[]): string | null {
  const words = JSON.stringify(argv);
  for (const record of readLines(state, recordedName).reverse() as RecordedCommand[]) {
    if (JSON.stringify(record.undoes) === words) return null;
    if (JSON.stringify(record.argv) !== words) continue;
    return record.step === step && typeof record.inputs === "string" ? record.inputs : null;
  }
  return null;
}

/** A torn last line, left by a killed run, is cut off first. */
export function appendRecord(state: StateFolder, line: string, name = recordedName): void {
  const bytes = state.read(name) ?? new Uint8Array();
  const sound = bytes.lastIndexOf(0x0a) + 1;
  if (sound !== bytes.length) state.truncate(name, sound);
  state.append(name, new TextEncoder().encode(`${line}\n`));
}

interface RecordedCommand {
  readonly argv?: unknown;
  readonly step?: unknown;
  readonly inputs?: unknown;
  readonly undoes?: unknown;
}

/** The objects of a file with one on each line, oldest first. */
export function readLines(state: StateFolder, name: string): object[] {
  const text = new TextDecoder().decode(state.read(name) ?? new Uint8Array());
  return text.split("\n").flatMap((line) => {
    try {
      const value: unknown = JSON.parse(line);
      return typeof value === "object" && value !== null ? [value] : [];
    } catch {
      return [];
    }
  });
}
