/** A folder to download into, a disc image to download, and what must hold afterwards. */
import { assertEquals } from "@std/assert";
import { createHash, randomBytes } from "node:crypto";
import { AppError } from "../../../model/errors.ts";
import { BigFiles } from "../../../provision/host/big_files.ts";
import type { Host } from "../../../provision/host/host.ts";
import { openHost } from "../../../provision/host/open.ts";
import { download, type Downloaded, type DownloadOptions, type Wanted } from "../../../provision/media/download.ts";

export const path = "/images/file.iso";

/** Fast where patience is meant to be long, and small where pieces are meant to be big. */
export const quick: DownloadOptions = {
  http: { trustedHosts: ["127.0.0.1"], idleTimeoutMs: 400, floorWindowMs: 300, floorBytesPerSecond: 2000 },
  limits: { minPieceBytes: 65536, maxPieceBytes: 131072, checkpointBytes: 65536 },
  patience: { firstDelayMs: 5, maxDelayMs: 20, progressBytes: 1000 },
};

/** For servers that do nothing wrong on a machine that may be busy: nothing is taken for a stall. */
export const unhurried: DownloadOptions = { ...quick, http: { trustedHosts: ["127.0.0.1"] } };

export interface Place extends Disposable {
  readonly folder: string;
  readonly host: Host;
  readonly files: BigFiles;
  names(): string[];
  /** Where the note of a file in the folder is, on the real disk. */
  note(name: string): string;
  bytes(): Uint8Array;
}

export function place(folder = Deno.makeTempDirSync({ prefix: "media-" })): Place {
  Deno.mkdirSync(`${folder}/images`, { recursive: true });
  const root = Deno.realPathSync(folder);
  return {
    folder: `${root}/images`,
    host: openHost({ root }),
    files: new BigFiles(root),
    note: (name) => `${root}/var/lib/neuron/media/images/${name}.json`,
    names: () => Array.from(Deno.readDirSync(`${root}/images`), ({ name }) => name).sort(),
    bytes: () => Deno.readFileSync(`${root}${path}`),
    [Symbol.dispose]: () => Deno.removeSync(root, { recursive: true }),
  };
}

/** Random, with the mark of ISO 9660. */
export function discImage(sizeBytes: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(randomBytes(sizeBytes));
  bytes.set(new TextEncoder().encode("CD001"), 0x8001);
  return bytes;
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

export function merged(options: DownloadOptions): DownloadOptions {
  return {
    ...quick,
    ...options,
    http: { ...quick.http, ...options.http },
    limits: { ...quick.limits, ...options.limits },
    patience: { ...quick.patience, ...options.patience },
  };
}

export function fetchInto(
  { host, files }: Place,
  wanted: Partial<Wanted> & { link: string },
  options: DownloadOptions = {},
): Promise<Downloaded> {
  return download(host, files, { path, kind: "iso", ...wanted }, merged(options));
}

/** The refusal it ended with; a success is a failure of the test. */
export async function refusal(run: Promise<unknown>): Promise<AppError> {
  try {
    await run;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("It ended well, and should have been refused");
}

/** The right bytes under the right name, a record that says so, and nothing else. */
export function assertFinished(where: Place, content: Uint8Array): void {
  assertEquals(where.names(), ["file.iso"]);
  assertEquals(sha256(where.bytes()), sha256(content));
  const record = JSON.parse(Deno.readTextFileSync(where.note("file.iso")));
  assertEquals([record.sizeBytes, record.sha256], [content.length, sha256(content)]);
  assertEquals((Deno.statSync(`${where.folder}/file.iso`).mode ?? 0) & 0o777, 0o644);
}

/** A tmpfs of its own. Needs root. */
export async function smallDisk(size: string): Promise<{ folder: string } & AsyncDisposable> {
  const folder = await Deno.makeTempDir({ prefix: "disk-" });
  const mount = async (...args: string[]) => {
    const { success, stderr } = await new Deno.Command(args[0]!, { args: args.slice(1) }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  };
  await mount("mount", "-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder);
  return {
    folder,
    async [Symbol.asyncDispose]() {
      await mount("umount", "--lazy", folder);
      await Deno.remove(folder, { recursive: true }).catch(() => {});
    },
  };
}
