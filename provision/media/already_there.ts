/** Whether a download is needed at all. */
import { AppError } from "../../model/errors.ts";
import type { BigFiles } from "../host/big_files.ts";
import type { Host } from "../host/host.ts";
import type { Wanted } from "./download.ts";
import { type CheckOptions, hashWhole, type MediaRecord, readRecord, sourceOf, verify, writeRecord } from "./record.ts";

/** What has the name must be what is wanted. Throws `conflict` for another file, `verification-failed` for a changed one. */
export async function alreadyThere(
  host: Host,
  files: BigFiles,
  wanted: Pick<Wanted, "path" | "link" | "kind" | "sha256" | "facts">,
  options: Pick<CheckOptions, "report" | "signal">,
): Promise<MediaRecord | null> {
  if (files.status(wanted.path) === null) return null;
  const record = readRecord(host, wanted.path);
  const source = sourceOf(wanted.link);
  // Without a hash only the place it came from says that it is the same.
  if (record !== null && (wanted.sha256 === undefined ? source === record.source : wanted.sha256 === record.sha256)) {
    return await verify(host, files, wanted.path, options);
  }
  const found = await hashWhole(files, wanted.path, options);
  if (found.sha256 !== wanted.sha256) {
    throw new AppError("conflict", `Cannot download to ${wanted.path}: another file has that name`, {
      hint: "Move it away, or give the download another name with --name",
    });
  }
  return writeRecord(host, wanted.path, {
    ...found,
    kind: wanted.kind,
    source,
    verifiedAgainst: "sha256",
    ...wanted.facts,
  });
}
