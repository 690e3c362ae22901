/** `media fetch`: a file of the catalogue, or any link, downloaded until it is right. */
import { AppError } from "../../model/errors.ts";
import { catalogue, rowNamed } from "../../provision/media/catalogue.ts";
import { download, type Wanted } from "../../provision/media/download.ts";
import type { LinuxMedium } from "../../provision/media/linux/osinfo.ts";
import { checkName, ensureFolder, kindByName } from "../../provision/media/shelf.ts";
import { pinnedRow } from "../../provision/media/windows/sources.ts";
import type { ExitCode, Invocation } from "../command.ts";
import { interruptible } from "../machine.ts";
import { unknownWord } from "../parse.ts";
import { readAuthorities } from "./authorities.ts";
import { tellFetched } from "./fetched.ts";
import { readProxies } from "./proxies.ts";
import { hashFlag, numberFlag, type OpenShelf, openShelf, textFlag, withProgress } from "./shelf.ts";
import { findLinux, linuxNames, runFetchLinux } from "./linux.ts";
import { fetchWindows, windowsRequest, windowsWords } from "./windows.ts";

export async function run(invocation: Invocation): Promise<ExitCode> {
  const { flags } = invocation;
  const shelf = openShelf(invocation);
  const { host, files, folder } = shelf;
  const trustedHosts = (flags["allow-host"] as readonly string[] | undefined) ?? [];
  const http = { trustedHosts, proxies: readProxies(), authorities: readAuthorities() };
  const request = windowsRequest(invocation);
  if (request !== null) {
    const pinned = pinnedRow(request);
    const known = pinned === null ? null : `${folder}/${pinned.file}`;
    if (!host.live) return await record(invocation, shelf, windowsWords(invocation), known);
    ensureFolder(host, folder);
    await fetchWindows(invocation, shelf, request, http);
    return 0;
  }
  const linux = linuxMedium(invocation, shelf);
  if (linux !== null) {
    const name = checkName(textFlag(invocation, "name") ?? linux.file);
    if (!host.live) return await record(invocation, shelf, [linux.name, "--name", name], `${folder}/${name}`);
    ensureFolder(host, folder);
    await runFetchLinux(invocation, shelf, linux, http);
    return 0;
  }
  const wanted = readWanted(invocation, shelf);
  const path = `${folder}/${wanted.name}`;
  if (!host.live) return await record(invocation, shelf, [wanted.link, "--name", wanted.name], path);
  ensureFolder(host, folder);
  const connections = numberFlag(invocation, "connections", [1, 16]);
  const fetched = await interruptible((signal) =>
    withProgress(invocation, (report) =>
      download(host, files, { ...wanted, path }, {
        http,
        limits: connections === undefined ? {} : { connections },
        report,
        signal,
      }))
  );
  tellFetched(invocation, path, fetched.record, fetched.already);
  return 0;
}

/** On a copy nothing reaches the network; `path` null: its name is known only when it comes. */
async function record(
  { terminal, options }: Invocation,
  { host, folder }: OpenShelf,
  words: readonly string[],
  path: string | null,
): Promise<ExitCode> {
  const argv = ["neuron-setup", "media", "fetch", ...words, "--folder", folder] as const;
  await host.run({ argv, step: "media", reason: `${words[0]} is downloaded on the machine itself` });
  if (options.json) terminal.print(JSON.stringify({ type: "done", path, recorded: true }));
  else terminal.note("Recorded, not downloaded: below --root nothing reaches the network");
  return 0;
}

/** Null for a row of the catalogue and for a link. */
function linuxMedium({ words }: Invocation, { host }: OpenShelf): LinuxMedium | null {
  const [word, ...more] = words;
  if (word === undefined || more.length > 0 || rowNamed(word) !== null || word.includes("://")) return null;
  return findLinux(host, word);
}

function readWanted(invocation: Invocation, { host }: OpenShelf): Omit<Wanted, "path"> & { name: string } {
  const [word, ...more] = invocation.words;
  if (word === undefined || more.length > 0) {
    throw new AppError("usage", "media fetch takes one name of the catalogue, or one link", {
      hint: "neuron-setup media list shows the names",
    });
  }
  const sha256 = hashFlag(invocation);
  const sizeBytes = numberFlag(invocation, "size", [1, Number.MAX_SAFE_INTEGER]);
  const given = {
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
  };
  const row = rowNamed(word);
  // windows10 and windows11, of which a row may have no link, were found before.
  if (row !== null) {
    const known = {
      ...(row.sha256 === undefined ? {} : { sha256: row.sha256 }),
      ...(row.sizeBytes === undefined ? {} : { sizeBytes: row.sizeBytes }),
    };
    const name = checkName(textFlag(invocation, "name") ?? row.file);
    return { name, link: row.link!, kind: row.kind, ...known, ...given };
  }
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(word)) {
    throw unknownWord("medium", word, [...catalogue.map(({ name }) => name), ...linuxNames(host)]);
  }
  const last = lastPart(word);
  const name = checkName(textFlag(invocation, "name") ?? last);
  return { name, link: word, kind: kindByName(name), ...given };
}

function lastPart(link: string): string {
  try {
    return decodeURIComponent(new URL(link).pathname.split("/").at(-1)!);
  } catch {
    throw new AppError("usage", `"${link}" is no link`, { hint: "It begins with https://" });
  }
}
