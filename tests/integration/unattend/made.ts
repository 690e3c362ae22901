/** A medium made by the command itself, as a person makes it. */
import { assertEquals } from "@std/assert";
import type { Terminal } from "../../../cli/command.ts";
import { runCommandLine } from "../../../cli/run.ts";

export const password = 'S3cret&"<%PATH%';

export interface MadeFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string | null;
}

export interface Made {
  readonly iso: string;
  readonly json: {
    readonly windows: { readonly image: { readonly value: string } | null; readonly title: string };
    readonly files: readonly MadeFile[];
  };
}

export async function neuron(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const out: string[] = [];
  const err: string[] = [];
  const print = (line: string) => void out.push(line);
  const terminal: Terminal = { columns: 80, color: false, interactive: false, print, note: (line) => err.push(line) };
  const code = await runCommandLine(args, terminal);
  return { code, out: out.join("\n"), err: err.join("\n") };
}

export async function makeMedium(folder: string, windows: object = {}, ...flags: string[]): Promise<Made> {
  const iso = `${folder}/answers.iso`;
  await Deno.writeTextFile(`${folder}/password`, `${password}\n`, { mode: 0o600 });
  await Deno.writeTextFile(
    `${folder}/answers.json`,
    JSON.stringify({
      host: { gpu: "none" },
      vm: { startupApps: ["notepad.exe"] },
      windows: { account: { name: "ada", password: { file: `${folder}/password` } }, language: "de-DE", ...windows },
    }),
  );
  const words = ["vm", "answer-medium", "--answers", `${folder}/answers.json`, "--out", iso, "--json", ...flags];
  const { code, out, err } = await neuron(...words);
  assertEquals(code, 0, err);
  assertEquals(out.includes(password) || err.includes(password), false);
  return { iso, json: JSON.parse(out) };
}
