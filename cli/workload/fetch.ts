/** A medium of the workload, from where it is wanted from, until it has its name. */
import type { BigFiles } from "../../provision/host/big_files.ts";
import type { Host } from "../../provision/host/host.ts";
import { download, type DownloadOptions, type Wanted } from "../../provision/media/download.ts";
import type { MediaRecord } from "../../provision/media/record.ts";
import { ensureFolder, kindByName } from "../../provision/media/shelf.ts";
import { obtainWindows, type Refusal } from "../../provision/media/windows/obtain.ts";
import { sourceWords } from "../../provision/media/windows/sources.ts";
import type { Report } from "../../provision/step.ts";
import type { WantedMedium } from "../../provision/workload/wanted_media.ts";
import { readAuthorities } from "../media/authorities.ts";
import { readProxies } from "../media/proxies.ts";

/** @throws AppError as download() does; what was downloaded stays, and the next run goes on from there */
export async function fetchMedium(host: Host, files: BigFiles, medium: WantedMedium, report: Report): Promise<void> {
  const { path } = medium;
  const options: DownloadOptions = {
    http: { proxies: readProxies(), authorities: readAuthorities(), trustedHosts: trustedHosts(medium) },
    signal: report.signal,
    report: (progress) => report.progress(progress),
  };
  ensureFolder(host, path.slice(0, path.lastIndexOf("/")));
  const { sha256, verifiedAgainst } = await bring(host, files, medium, options, report);
  report.note(`${path}: SHA-256 ${sha256}${verifiedAgainst === "sha256" ? ", as it must be" : ""}`);
}

/** A link of the answers leads where their author says, also into the own network; one from elsewhere does not. */
function trustedHosts({ from }: WantedMedium): string[] {
  return from.kind === "link" ? [new URL(from.link).hostname] : [];
}

async function bring(
  host: Host,
  files: BigFiles,
  { from, path }: WantedMedium,
  options: DownloadOptions,
  report: Report,
): Promise<MediaRecord> {
  const get = async (wanted: Omit<Wanted, "path">) =>
    (await download(host, files, { ...wanted, path }, options)).record;
  switch (from.kind) {
    case "catalogue": {
      const { link, kind, sha256, sizeBytes } = from.row;
      const known = { ...(sha256 === undefined ? {} : { sha256 }), ...(sizeBytes === undefined ? {} : { sizeBytes }) };
      return await get({ link, kind, ...known });
    }
    case "link":
      return await get({ link: from.link, kind: kindByName(path) });
    case "windows": {
      const [folder, name] = [path.slice(0, path.lastIndexOf("/")), path.slice(path.lastIndexOf("/") + 1)];
      const onRefusal = (refusal: Refusal) => tellRefusal(refusal, report);
      return (await obtainWindows(host, files, folder, from.request, { ...options, name, onRefusal })).record;
    }
    case "file":
      throw new Error("a file that is named is never fetched");
  }
}

function tellRefusal({ source, problem, next }: Refusal, report: Report): void {
  report.note(`${sourceWords[source]} does not give it: ${problem}`);
  if (next !== null) report.note(`asked next: ${sourceWords[next]}`);
}
