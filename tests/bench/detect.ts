/**
 * Detection of the largest fixture machine (483 PCI devices, flat) against plainly reading the same files with Deno,
 * in one run: what the rooted resolving, the parsing and the judging cost on top. Run through `deno task bench`.
 */
import { detect } from "../../provision/hardware/detect.ts";
import type { MachineFiles } from "../../provision/hardware/reading.ts";
import { openHost } from "../../provision/host/open.ts";
import { withHost } from "../fixtures/hosts.ts";
import { type BenchRow, compare, timed } from "./bench_row.ts";

const MACHINE = "intel-spr-xeon-bmc-only";

/** Two rows; a few seconds. */
export async function bench(): Promise<BenchRow[]> {
  return await withHost(MACHINE, async (root) => {
    const record = recordReads(openHost({ root }));
    const seen = detect(record.files);
    const ours = record.bytes();
    const theirs = bytesOf(root, record.paths);
    return [
      {
        what: `bytes that detect reads, ${seen.pci.length} PCI devices`,
        peer: "reading each of these files once",
        ...{ ours, theirs, unit: "bytes", ratio: ours / theirs, wanted: 1 },
      },
      await compare(
        `detect, ${seen.pci.length} PCI devices (${record.paths.size} files and links asked)`,
        "reading the same, nothing else",
        () => timed(() => Promise.resolve(detect(openHost({ root })))),
        () => timed(() => Promise.resolve(readPlainly(root, record.paths))),
        { runs: 15, wanted: 3 },
      ),
    ];
  });
}

type Call = "read" | "list" | "link" | "stat";

interface ReadRecord {
  readonly files: MachineFiles;
  readonly paths: ReadonlyMap<string, Call>;
  bytes(): number;
}

/** Notes every question, and how many bytes the answers have. */
function recordReads(files: MachineFiles): ReadRecord {
  const paths = new Map<string, Call>();
  let bytes = 0;
  const note = (call: Call, path: string) => void paths.set(`${call} ${path}`, call);
  return {
    paths,
    bytes: () => bytes,
    files: {
      readText(path) {
        note("read", path);
        const content = files.readBytes(path);
        bytes += content?.length ?? 0;
        return content === null ? null : new TextDecoder().decode(content);
      },
      readBytes(path) {
        note("read", path);
        const content = files.readBytes(path);
        bytes += content?.length ?? 0;
        return content;
      },
      list(path) {
        note("list", path);
        return files.list(path);
      },
      stat(path) {
        note("stat", path);
        return files.stat(path);
      },
      readLink(path) {
        note("link", path);
        return files.readLink(path);
      },
    },
  };
}

function bytesOf(root: string, paths: ReadonlyMap<string, Call>): number {
  const files = [...paths].filter(([, call]) => call === "read").map(([key]) => root + key.slice("read ".length));
  return files.reduce((sum, path) => sum + (sizeOf(path) ?? 0), 0);
}

function sizeOf(path: string): number | null {
  try {
    return Deno.readFileSync(path).length;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** The same questions to the kernel directly; the fixture has no absolute links that would need the root. */
function readPlainly(root: string, paths: ReadonlyMap<string, Call>): number {
  let answers = 0;
  for (const [key, call] of paths) {
    const path = root + key.slice(call.length + 1);
    try {
      if (call === "read") Deno.readTextFileSync(path);
      else if (call === "list") answers += [...Deno.readDirSync(path)].length;
      else if (call === "link") Deno.readLinkSync(path);
      else Deno.lstatSync(path);
      answers++;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return answers;
}
