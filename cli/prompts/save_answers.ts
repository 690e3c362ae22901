/** Writes the answers for another run: whole or not at all, for the owner only, never over a file by surprise. */
import { dirname, join } from "node:path";
import type { Answers } from "../../model/answers.ts";
import { AppError, errorMessage } from "../../model/errors.ts";

/** Before the questions, so that nobody answers them for nothing. */
export function refuseToOverwrite(path: unknown, mayOverwrite: boolean): void {
  if (typeof path === "string" && !mayOverwrite && exists(path)) throw isThere(path);
}

export function saveAnswers(path: unknown, answers: Answers, mayOverwrite: boolean): void {
  if (typeof path !== "string") return;
  const beside = join(dirname(path), `.neuron-answers-${crypto.randomUUID()}`);
  try {
    using file = Deno.openSync(beside, { write: true, createNew: true, mode: 0o600 });
    const bytes = new TextEncoder().encode(`${JSON.stringify(answers, null, 2)}\n`);
    for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
    file.syncSync();
    // Unlike a rename, a link never replaces what is there.
    if (mayOverwrite) Deno.renameSync(beside, path);
    else Deno.linkSync(beside, path);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) throw isThere(path);
    throw new AppError("file-access", `Cannot write the answers to ${path}: ${errorMessage(error)}`, {
      hint: "Give --save-answers a file in a folder you may write to",
      cause: error,
    });
  } finally {
    if (exists(beside)) Deno.removeSync(beside);
  }
}

function isThere(path: string): AppError {
  return new AppError("conflict", `Cannot write the answers: ${path} is there already`, {
    hint: "Give another name, or add --yes to replace it",
  });
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
