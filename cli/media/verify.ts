/** `media verify`: reads files again and compares them with what they were when they were verified. Exit 1: one changed. */
import { AppError } from "../../model/errors.ts";
import { rowNamed } from "../../provision/media/catalogue.ts";
import { verify } from "../../provision/media/record.ts";
import { checkName, readShelf } from "../../provision/media/shelf.ts";
import type { ExitCode, Invocation } from "../command.ts";
import { interruptible } from "../machine.ts";
import { type OpenShelf, openShelf, withProgress } from "./shelf.ts";

interface Checked {
  readonly name: string;
  readonly path: string;
  readonly ok: boolean;
  readonly sha256?: string;
  readonly problem?: string;
  readonly hint?: string;
}

export async function run(invocation: Invocation): Promise<ExitCode> {
  const { terminal, options, words } = invocation;
  const shelf = openShelf(invocation);
  const names = words.length > 0
    ? words.map((word) => rowNamed(word)?.file ?? checkName(word))
    : readShelf(shelf.host, shelf.files, shelf.folder).filter(({ state }) => state === "here").map(({ name }) => name);
  const checked: Checked[] = [];
  await interruptible(async (signal) => {
    for (const name of names) checked.push(await check(invocation, shelf, name, signal));
  });
  if (options.json) terminal.print(JSON.stringify({ schema: "neuron.media-verify/1", files: checked }, null, 2));
  else if (checked.length === 0) terminal.note("There are no media here yet: neuron-setup media fetch");
  else for (const each of checked) tell(invocation, each);
  return checked.every(({ ok }) => ok) ? 0 : 1;
}

async function check(
  invocation: Invocation,
  { host, files, folder }: OpenShelf,
  name: string,
  signal: AbortSignal,
): Promise<Checked> {
  const path = `${folder}/${name}`;
  const sha256 = rowNamed(name)?.sha256 ?? null;
  // One document is the answer here: progress would not fit into it.
  const quiet = { ...invocation, options: { ...invocation.options, json: false, quiet: true } };
  const shown = invocation.options.json ? quiet : invocation;
  try {
    const record = await withProgress(shown, (report) => verify(host, files, path, { sha256, report, signal }));
    return { name, path, ok: true, sha256: record.sha256 };
  } catch (error) {
    if (!(error instanceof AppError) || error.code === "interrupted") throw error;
    return { name, path, ok: false, problem: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
  }
}

function tell({ terminal }: Invocation, { path, ok, problem, hint }: Checked): void {
  terminal.print(`${ok ? "unchanged" : "CHANGED  "}  ${path}`);
  if (problem !== undefined) terminal.note(`error: ${problem}`);
  if (hint !== undefined) terminal.note(`hint: ${hint}`);
}
