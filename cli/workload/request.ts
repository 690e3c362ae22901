/** What the workload is resolved from: the answers, the machine, and which media lie on its shelf. */
import type { Answers } from "../../model/answers.ts";
import { BigFiles } from "../../provision/host/big_files.ts";
import type { Host } from "../../provision/host/host.ts";
import { detect } from "../../provision/hardware/detect.ts";
import { defaultFolder } from "../../provision/media/shelf.ts";
import { shelvedWindows } from "../../provision/media/windows/shelved.ts";
import { readProfiles } from "../../provision/profile_store.ts";
import { readHostLocale } from "../../provision/unattend/host_locale.ts";
import { resolveWorkload, type WorkloadSpec } from "../../provision/workload/spec.ts";

/** @throws AppError as resolveWorkload() does */
export function workloadOf(host: Host, answers: Answers, mediaFolder = defaultFolder): WorkloadSpec {
  const files = new BigFiles(host.root);
  return resolveWorkload({
    answers,
    detection: detect(host),
    profiles: readProfiles(host),
    hostLanguage: readHostLocale(host).language,
    mediaFolder,
    shelved: (request) => shelvedWindows(host, files, mediaFolder, request)?.path ?? null,
  });
}
