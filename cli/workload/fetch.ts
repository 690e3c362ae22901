/** A medium of the workload, from where it is wanted from, until it has its name. */
import { BigFiles } from "../../provision/host/big_files.ts";
import type { Host } from "../../provision/host/host.ts";
import { rowNamed } from "../../provision/media/catalogue.ts";
import { download, type Wanted } from "../../provision/media/download.ts";
import type { HttpOptions } from "../../provision/media/http.ts";
import { ensureFolder, kindByName } from "../../provision/media/shelf.ts";
import { findWindows } from "../../provision/media/windows/find.ts";
import type { Report } from "../../provision/step.ts";
import type { WantedMedium } from "../../provision/workload/wanted_media.ts";
import { readProxies } from "../media/proxies.ts";

/** @throws AppError as download() does; what was downloaded stays, and the next run goes on from there */
export async function fetchMedium(host: Host, files: BigFiles, medium: WantedMedium, report: Report): Promise<void> {
  const http: HttpOptions = { proxies: readProxies(), trustedHosts: trustedHosts(medium) };
  ensureFolder(host, medium.path.slice(0, medium.path.lastIndexOf("/")));
  const { record } = await download(host, files, { ...await wantedOf(host, medium, http, report), path: medium.path }, {
    http,
    signal: report.signal,
    report: (progress) => report.progress(progress),
  });
  report.note(
    `${medium.path}: SHA-256 ${record.sha256}${record.verifiedAgainst === "sha256" ? ", as it must be" : ""}`,
  );
}

/** A link of the answers leads where their author says, also into the own network; one from elsewhere does not. */
function trustedHosts({ from }: WantedMedium): string[] {
  return from.kind === "link" ? [new URL(from.link).hostname] : [];
}

async function wantedOf(
  host: Host,
  { from, path }: WantedMedium,
  http: HttpOptions,
  report: Report,
): Promise<Omit<Wanted, "path">> {
  switch (from.kind) {
    case "catalogue": {
      const { link, kind, sha256, sizeBytes } = from.row;
      return {
        link,
        kind,
        ...(sha256 === undefined ? {} : { sha256 }),
        ...(sizeBytes === undefined ? {} : { sizeBytes }),
      };
    }
    case "link":
      return { link: from.link, kind: kindByName(path) };
    case "microsoft": {
      const { version, language } = from;
      const ask = (anew: boolean) => findWindows(host, version, language, { http, ...(anew ? { anew: true } : {}) });
      const found = await ask(false);
      report.note(`Microsoft gave a link to ${found.file} (${found.language}); it is good for a day`);
      const sha256 = language === "en-US" ? rowNamed(`windows${version}`)?.sha256 : undefined;
      let asked: Promise<string> | undefined;
      return {
        link: found.link,
        kind: "iso",
        ...(sha256 === undefined ? {} : { sha256 }),
        // A second new link in one run would be one question too many.
        relink: () => asked ??= ask(true).then(({ link }) => link),
      };
    }
    case "file":
      throw new Error("a file that is named is never fetched");
  }
}
