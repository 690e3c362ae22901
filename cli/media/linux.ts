/** `media list --os linux` and `media fetch debian12-cloud`: what osinfo-db on this machine names. */
import { AppError } from "../../model/errors.ts";
import type { Host } from "../../provision/host/host.ts";
import type { HttpOptions } from "../../provision/media/http.ts";
import { fetchLinux } from "../../provision/media/linux/fetch.ts";
import { type LinuxMedium, osinfoVersion, readLinuxMedia } from "../../provision/media/linux/osinfo.ts";
import { readRecord } from "../../provision/media/record.ts";
import { checkName } from "../../provision/media/shelf.ts";
import { sizeWords } from "../../provision/media/words.ts";
import type { Invocation } from "../command.ts";
import { interruptible } from "../machine.ts";
import { tellFetched } from "./fetched.ts";
import { hashFlag, numberFlag, type OpenShelf, textFlag, withProgress } from "./shelf.ts";

/** Throws `not-found` without osinfo-db, `usage` for another system than Linux. */
export function listLinux({ terminal, options, flags }: Invocation, shelf: OpenShelf): void {
  if (flags.os !== "linux") {
    throw new AppError("usage", `--os is linux, not "${flags.os}"`, { hint: "media list alone shows Windows" });
  }
  const media = linuxMedia(shelf.host).filter(({ ended }) => !ended);
  if (options.json) {
    const listed = media.map((medium) => asJson(shelf, medium));
    terminal.print(JSON.stringify({ schema: "neuron.media-list/1", folder: shelf.folder, media: listed }, null, 2));
    return;
  }
  const width = Math.max(...media.map(({ name }) => name.length));
  for (const medium of media) {
    const here = shelf.files.status(pathOf(shelf, medium));
    const state = here === null ? "" : `  here, ${sizeWords(here.sizeBytes)}`;
    terminal.print(`${medium.name.padEnd(width)}  ${medium.title}${state}`);
  }
  terminal.note(
    `As osinfo-db ${osinfoVersion(shelf.host) ?? ""} has it; newer systems: osinfo-db-import --system --latest`,
  );
}

export function findLinux(host: Host, name: string): LinuxMedium | null {
  return readLinuxMedia(host, host.now()).find((medium) => medium.name === name) ?? null;
}

/** For whoever misspells one. */
export function linuxNames(host: Host): string[] {
  return readLinuxMedia(host, host.now()).map(({ name }) => name);
}

/** The folder is there, and the machine is the running one. */
export async function runFetchLinux(
  invocation: Invocation,
  { host, files, folder }: OpenShelf,
  medium: LinuxMedium,
  http: HttpOptions,
): Promise<void> {
  const sha256 = hashFlag(invocation);
  const connections = numberFlag(invocation, "connections", [1, 16]);
  const sizeBytes = numberFlag(invocation, "size", [1, Number.MAX_SAFE_INTEGER]);
  const path = `${folder}/${checkName(textFlag(invocation, "name") ?? medium.file)}`;
  const { record, already } = await interruptible((signal) =>
    withProgress(invocation, (report) =>
      fetchLinux(host, files, path, medium, {
        http,
        limits: connections === undefined ? {} : { connections },
        report,
        signal,
        ...(sha256 === undefined ? {} : { sha256 }),
        ...(sizeBytes === undefined ? {} : { sizeBytes }),
      }))
  );
  tellFetched(invocation, path, record, already);
}

function linuxMedia(host: Host): LinuxMedium[] {
  const media = readLinuxMedia(host, host.now());
  if (media.length > 0) return media;
  throw new AppError("not-found", "Nothing on this machine says which Linux systems there are", {
    hint: "Install the package osinfo-db",
  });
}

function asJson(shelf: OpenShelf, medium: LinuxMedium): Record<string, unknown> {
  const path = pathOf(shelf, medium);
  const status = shelf.files.status(path);
  const record = status === null ? null : readRecord(shelf.host, path);
  return {
    name: medium.name,
    file: medium.file,
    title: medium.title,
    state: status === null ? "missing" : record === null ? "unknown" : "here",
    bytes: status?.sizeBytes ?? 0,
    sizeBytes: record?.sizeBytes ?? null,
    sha256: record?.sha256 ?? null,
    hashFrom: null,
    link: medium.link,
    note: null,
    record,
    use: medium.use,
    released: medium.released,
  };
}

function pathOf({ folder }: OpenShelf, { file }: LinuxMedium): string {
  return `${folder}/${file}`;
}
