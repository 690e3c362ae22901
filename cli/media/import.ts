/** `media import`: a file the person has, copied to the shelf and recorded. */
import { resolve } from "node:path";
import { AppError } from "../../model/errors.ts";
import { BigFiles } from "../../provision/host/big_files.ts";
import { checkName, ensureFolder } from "../../provision/media/shelf.ts";
import { take } from "../../provision/media/take.ts";
import { sizeWords } from "../../provision/media/words.ts";
import type { ExitCode, Invocation } from "../command.ts";
import { interruptible } from "../machine.ts";
import { hashFlag, openShelf, textFlag, withProgress } from "./shelf.ts";

export async function run(invocation: Invocation): Promise<ExitCode> {
  const { terminal, options } = invocation;
  const [word, ...more] = invocation.words;
  if (word === undefined || more.length > 0) {
    throw new AppError("usage", "media import takes one file", { hint: "neuron-setup media import FILE" });
  }
  const { host, files, folder } = openShelf(invocation);
  const from = resolve(word);
  const name = checkName(textFlag(invocation, "name") ?? from.split("/").at(-1)!);
  const sha256 = hashFlag(invocation);
  ensureFolder(host, folder);
  const path = `${folder}/${name}`;
  const { record, row, copied } = await interruptible((signal) =>
    withProgress(
      invocation,
      (report) =>
        take(host, files, new BigFiles("/"), from, path, {
          ...(sha256 === undefined ? {} : { sha256 }),
          report,
          signal,
        }),
    )
  );
  if (options.json) {
    terminal.print(JSON.stringify({ type: "done", path, copied, name: row?.name ?? null, ...record }));
    return 0;
  }
  terminal.print(`${path}  ${sizeWords(record.sizeBytes)}${copied ? "" : ", recorded where it is"}`);
  terminal.print(`SHA-256 ${record.sha256}${row === null ? "" : `: ${row.title}`}`);
  if (record.verifiedAgainst !== "sha256") {
    terminal.note(
      "Nobody we know vouches for it: it is taken as it is, and every later use is checked against this SHA-256",
    );
  }
  return 0;
}
