/** A Linux medium on the shelf, checked against what its publisher's list says where there is one. */
import type { BigFiles } from "../../host/big_files.ts";
import type { Host } from "../../host/host.ts";
import { download, type Downloaded, type DownloadOptions } from "../download.ts";
import { readRecord } from "../record.ts";
import { askForChecksum } from "./checksums.ts";
import type { LinuxMedium } from "./osinfo.ts";

export interface FetchLinuxOptions extends DownloadOptions {
  /** What the person says it must have: then nobody else is asked. */
  readonly sha256?: string;
  readonly sizeBytes?: number;
  /** For tests: the lists to ask, in the place of the publisher's. */
  readonly checksumLinks?: readonly string[];
}

/** To `path`. Throws as askForChecksum and download do. */
export async function fetchLinux(
  host: Host,
  files: BigFiles,
  path: string,
  medium: LinuxMedium,
  options: FetchLinuxOptions = {},
): Promise<Downloaded> {
  const { sha256, sizeBytes, checksumLinks, http, signal } = options;
  // A file that is here is compared with its own record: its publisher may have a newer one under the same name.
  const asked = sha256 !== undefined || readRecord(host, path) !== null ? null : await askForChecksum(medium, {
    ...(http === undefined ? {} : { http }),
    ...(signal === undefined ? {} : { signal }),
    ...(checksumLinks === undefined ? {} : { links: checksumLinks }),
  });
  const known = sha256 ?? (asked?.algorithm === "sha256" ? asked.hex : undefined);
  return await download(host, files, {
    path,
    link: medium.link,
    kind: medium.kind,
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...(known === undefined ? {} : { sha256: known }),
    ...(known === undefined && asked !== null ? { checksum: { algorithm: asked.algorithm, hex: asked.hex } } : {}),
    ...(asked === null ? {} : { facts: { checksum: asked } }),
  }, options);
}
