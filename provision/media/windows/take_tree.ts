/**
 * A Windows medium as files (a stick, a disc, an unpacked ISO), taken to the shelf as one ISO: its install image is read
 * through against the checksums inside it, then xorriso makes the ISO as it does for an ESD.
 */
import { AppError } from "../../../model/errors.ts";
import type { BigFiles } from "../../host/big_files.ts";
import type { Host } from "../../host/host.ts";
import { readWim } from "../../unattend/read_wim.ts";
import type { WimImage } from "../../unattend/wim.ts";
import type { MediaRecord, WindowsContents } from "../record.ts";
import { checkName } from "../shelf.ts";
import { runTool, withWorkFolder } from "../tools.ts";
import { sizeWords } from "../words.ts";
import type { WindowsTree } from "./tree.ts";
import { type BuildOptions, escapePattern, maxFileBytes, writeIso } from "./write_iso.ts";

export interface TakeTreeOptions extends BuildOptions {
  /** Name of the ISO; absent: by what it installs. */
  readonly name?: string;
  /** Where the person says it is, when the tree is only mounted for now. */
  readonly from?: string;
}

/** Only on the running machine. Throws AppError; then nothing is left on the shelf. */
export async function takeTree(
  host: Host,
  files: BigFiles,
  tree: WindowsTree,
  folder: string,
  options: TakeTreeOptions = {},
): Promise<{ readonly path: string; readonly record: MediaRecord }> {
  const windows = windowsOf(await readWim(host, `${tree.folder}/${tree.install}`), tree.folder);
  const path = `${folder}/${checkName(options.name ?? nameFor(windows))}`;
  const bytes = tree.installParts.map((part) => files.status(`${tree.folder}/${part}`)?.sizeBytes ?? 0);
  const sizeBytes = bytes.reduce((sum, each) => sum + each);
  const split = bytes.some((each) => each > (options.maxFileBytes ?? maxFileBytes));
  checkRoom(files, folder, options.from ?? tree.folder, sizeBytes * (split ? 3 : 1.3));
  await checkImages(host, tree, options);
  return await withWorkFolder(host, path, async (work) => {
    const source = `file:${options.from ?? tree.folder}`;
    const record = await writeIso(host, files, {
      tree,
      path,
      work,
      label: nameFor(windows).replace(/\.iso$/, "").toUpperCase().replace(/[^A-Z0-9_]/g, "_").slice(0, 32),
      source,
      facts: { windows },
      madeFrom: [{ source, sizeBytes, sha256: "", verifiedAgainst: "the checksums in its install image" }],
    }, options);
    return { path, record };
  });
}

/** What the images install. Throws `unsupported` when none is for a 64-bit PC. */
export function windowsOf(images: readonly WimImage[], where: string): WindowsContents {
  const usable = images.filter(({ amd64 }) => amd64);
  const first = usable[0];
  if (first === undefined) {
    throw new AppError("unsupported", `Cannot take the Windows in ${where}: it is not for a 64-bit PC`, {
      hint: `It has: ${images.map(({ name }) => `"${name}"`).join(", ") || "no image"}`,
    });
  }
  const match = /^Windows (?:(10|11)\b|Server (\d{4}))/.exec(first.name);
  return {
    version: match?.[1] ?? (match?.[2] === undefined ? "" : `server${match[2]}`),
    language: (first.languages[0] ?? "").toLowerCase(),
    editions: usable.map(({ name }) => name),
    evaluation: usable.every(({ editionId }) => editionId.endsWith("Eval")),
  };
}

function nameFor({ version, language }: WindowsContents): string {
  const name = ["Windows", version, language === "" ? "" : `_${language}`].join("");
  return `${name.replace(/[^A-Za-z0-9._-]/g, "")}.iso`;
}

/** wimlib compares every byte with the SHA-1 beside it: what a worn stick gives back wrong is found here. */
async function checkImages(host: Host, tree: WindowsTree, options: BuildOptions): Promise<void> {
  const [first, ...more] = tree.installParts.map((part) => `${tree.folder}/${part}`);
  const refs = more.map((part) => `--ref=${escapePattern(part)}`);
  await runTool(host, ["wimlib-imagex", "verify", first!, ...refs], {
    purpose: `check the install image in ${tree.folder}`,
    ...options,
  });
}

function checkRoom(files: BigFiles, folder: string, from: string, needed: number): void {
  const free = files.freeBytes(folder);
  if (free >= needed) return;
  throw new AppError(
    "file-access",
    `Cannot import ${from}: ${folder} needs ${sizeWords(needed)}, and there are ${sizeWords(free)}`,
    { hint: "Make room on that disk, or name another folder with --folder" },
  );
}
