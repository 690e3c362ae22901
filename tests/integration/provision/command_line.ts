/** The program called as a script calls it, in this process: words in, exit code, stdout and stderr out. */
import type { ExitCode } from "../../../cli/command.ts";
import { runCommandLine } from "../../../cli/run.ts";

export interface Called {
  readonly code: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
}

export async function call(...args: readonly string[]): Promise<Called> {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const code = await runCommandLine(args, {
    columns: 80,
    color: false,
    interactive: false,
    print: (line) => void stdout.push(line),
    note: (line) => void stderr.push(line),
  });
  return { code, stdout: stdout.join("\n"), stderr: stderr.join("\n") };
}

/** Changes of `plan --json`, as `action target`. */
export async function plannedChanges(...args: readonly string[]): Promise<string[]> {
  const { code, stdout, stderr } = await call("plan", "--json", ...args);
  if (code !== 0) throw new Error(`plan ended with ${code}: ${stderr}`);
  const { steps } = JSON.parse(stdout) as { steps: { changes: { action: string; target: string }[] }[] };
  return steps.flatMap(({ changes }) => changes).map(({ action, target }) => `${action} ${target}`);
}
