/** `media import`: what the person has, on the shelf: a file, a stick, a disc or a folder with Windows Setup in it. */
import { resolve } from "node:path";
import { AppError } from "../../model/errors.ts";
import { BigFiles } from "../../provision/host/big_files.ts";
import { openHost } from "../../provision/host/open.ts";
import { lookInFolder } from "../../provision/media/candidates.ts";
import { withMounted } from "../../provision/media/mounted.ts";
import { checkName, ensureFolder } from "../../provision/media/shelf.ts";
import { take } from "../../provision/media/take.ts";
import { takeTree } from "../../provision/media/windows/take_tree.ts";
import { readWindowsTree } from "../../provision/media/windows/tree.ts";
import { sizeWords } from "../../provision/media/words.ts";
import type { ExitCode, Invocation } from "../command.ts";
import { interruptible } from "../machine.ts";
import { tellFetched } from "./fetched.ts";
import { hashFlag, type OpenShelf, openShelf, textFlag, withProgress } from "./shelf.ts";

export async function run(invocation: Invocation): Promise<ExitCode> {
  const [word, ...more] = invocation.words;
  if (word === undefined || more.length > 0) {
    throw new AppError("usage", "media import takes one file, folder or device", {
      hint: "neuron-setup media import FILE; media list shows what is on sticks and discs",
    });
  }
  const shelf = openShelf(invocation);
  // What is imported is on the running machine, also when the shelf is a copy's.
  const machine = openHost({ root: "/", state: invocation.options.state });
  const from = resolve(word);
  const kind = machine.stat(from)?.kind;
  if (kind === "folder") await importFolder(invocation, shelf, from, from);
  else if (kind === "other" && from.startsWith("/dev/")) {
    await withMounted(machine, from, (folder) => importFolder(invocation, shelf, folder, from));
  } else await importFile(invocation, shelf, from, from);
  return 0;
}

/** `from` is what the person named: the folder itself, or the device that is mounted there. */
async function importFolder(invocation: Invocation, shelf: OpenShelf, folder: string, from: string): Promise<void> {
  const machine = openHost({ root: "/", state: invocation.options.state });
  const found = lookInFolder(machine, folder);
  const [first, ...others] = found;
  if (first === undefined) {
    throw new AppError("not-found", `Cannot import ${from}: there is neither an ISO file nor Windows Setup in it`, {
      hint: "Name the file itself; a medium with Windows Setup has bootmgr and sources/install.wim (or .esd, .swm)",
    });
  }
  if (others.length > 0) {
    const named = found.map(({ path }) => path.replace(folder, from)).join(", ");
    throw new AppError("usage", `Cannot import ${from}: there is more than one medium in it`, {
      hint: folder === from ? `Name one: ${named}` : `Mount it, and name one of: ${named}`,
    });
  }
  const named = first.path.replace(folder, from);
  if (first.kind === "iso") await importFile(invocation, shelf, first.path, named);
  else await importTree(invocation, shelf, first.path, named);
}

async function importTree(
  invocation: Invocation,
  { host, files, folder }: OpenShelf,
  path: string,
  from: string,
): Promise<void> {
  if (hashFlag(invocation) !== undefined) {
    throw new AppError("usage", `--sha256 goes with a file, and ${from} is a medium of which an ISO is made`, {
      hint: "Leave it away: the install image has checksums of its own",
    });
  }
  if (!host.live) {
    const argv = ["neuron-setup", "media", "import", from, "--folder", folder] as const;
    await host.run({ argv, step: "media", reason: "an ISO is made on the machine itself" });
    if (invocation.options.json) {
      invocation.terminal.print(JSON.stringify({ type: "done", path: null, recorded: true }));
    } else invocation.terminal.note("Recorded, not made: below --root no program runs");
    return;
  }
  const tree = readWindowsTree(host, path);
  if (tree === null) throw new AppError("not-found", `Cannot import ${from}: it is gone`, { hint: "Plug it in again" });
  const name = textFlag(invocation, "name");
  ensureFolder(host, folder);
  const made = await interruptible((signal) =>
    withProgress(
      invocation,
      (report) =>
        takeTree(host, files, tree, folder, { report, signal, from, ...(name === undefined ? {} : { name }) }),
    )
  );
  tellFetched(invocation, made.path, made.record, false);
}

async function importFile(
  invocation: Invocation,
  { host, files, folder }: OpenShelf,
  from: string,
  says: string,
): Promise<void> {
  const { terminal, options } = invocation;
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
          says,
          report,
          signal,
        }),
    )
  );
  if (options.json) {
    terminal.print(JSON.stringify({ type: "done", path, copied, name: row?.name ?? null, ...record }));
    return;
  }
  terminal.print(`${path}  ${sizeWords(record.sizeBytes)}${copied ? "" : ", recorded where it is"}`);
  terminal.print(`SHA-256 ${record.sha256}${row === null ? "" : `: ${row.title}`}`);
  if (record.verifiedAgainst !== "sha256") {
    terminal.note(
      "Nobody we know vouches for it: it is taken as it is, and every later use is checked against this SHA-256",
    );
  }
}
