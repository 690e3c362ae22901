/**
 * The unattended installation as a step of the workload: the answer medium goes in, the watch runs to its end. A Windows
 * for which no driver of the medium fits is started once more with another version of the drivers: nothing was written
 * then.
 */
import type { Connection, Domain } from "../../libvirt/mod.ts";
import type { Answers } from "../../model/answers.ts";
import { AppError } from "../../model/errors.ts";
import type { Moment } from "../../provision/guest_install/watch.ts";
import type { Host } from "../../provision/host/host.ts";
import type { CatalogueRow } from "../../provision/media/catalogue_row.ts";
import { nextVirtioWin, virtioWinVersion } from "../../provision/media/virtio_win.ts";
import type { Report } from "../../provision/step.ts";
import { stages } from "../../provision/unattend/stages.ts";
import type { WantedMedium } from "../../provision/workload/wanted_media.ts";
import { answersIn, cdromsOf, insertAnswers, swapCdrom } from "../vm/answer_drive.ts";
import { type Installation, refuseFailed, runInstallation } from "../vm/installation.ts";
import { forgetPassword } from "./kept_answers.ts";

export interface InstallRequest {
  readonly connection: Connection;
  readonly host: Host;
  readonly answers: Answers;
  readonly name: string;
  /** The state folder. */
  readonly state: string;
  readonly report: Report;
  /** Brings another version of the drivers. */
  fetch(medium: WantedMedium): Promise<void>;
}

/** Each costs a start of Windows' setup and a download. */
const mostDrivers = 3;

/** @throws AppError `verification-failed` for an installation that failed or is stuck, with its cure; `interrupted` */
export async function installWindows(request: InstallRequest): Promise<void> {
  const { connection, host, answers, name, report } = request;
  const domain = await connection.lookupDomain(name);
  // Who was interrupted while it installed takes the watch up again.
  const watched = await domain.isActive() ? await answersIn(domain) : null;
  const medium = watched ?? await insertAnswers(connection, domain, host, answers, { note: report.note });
  let installation = await watchOnce(request, domain, medium, watched !== null);
  const tried: string[] = [];
  while (isWithoutDrivers(installation) && tried.length + 1 < mostDrivers) {
    const now = (await cdromsOf(domain)).find((path) => virtioWinVersion(path) !== null);
    const next = now === undefined || isOwn(answers) ? null : nextVirtioWin(now, ...tried);
    if (now === undefined || next === null) break;
    tried.push(now);
    await replaceDrivers(request, domain, now, next);
    installation = await watchOnce(request, domain, medium, false);
  }
  const { withErrors } = refuseFailed(installation, name);
  forgetPassword(host);
  if (withErrors) report.note("Windows is set up, but not everything went well");
}

function watchOnce(
  { connection, name, state, report }: InstallRequest,
  domain: Domain,
  medium: string,
  resumes: boolean,
): Promise<Installation> {
  return runInstallation(connection, domain, {
    state,
    slowness: 1,
    signal: report.signal,
    medium,
    resumes,
    tell: (moment) => {
      report.note(moment.text);
      report.progress(progressOf(moment, name));
    },
  });
}

const isWithoutDrivers = ({ stage, outcome }: Installation) => outcome.kind === "failed" && stage === "drivers-missing";

/** A medium that the person names is theirs to replace. */
const isOwn = ({ virtio }: Answers) => virtio?.iso !== undefined && virtio.iso !== "auto";

async function replaceDrivers(
  { connection, report, fetch }: InstallRequest,
  domain: Domain,
  now: string,
  next: CatalogueRow,
): Promise<void> {
  if (next.link === null) throw new AppError("not-found", `Cannot fetch ${next.name}: no link to it is known`);
  report.note(`No driver of ${now.split("/").at(-1)} fits this Windows: trying ${next.title}`);
  const path = `${now.slice(0, now.lastIndexOf("/"))}/${next.file}`;
  await fetch({ role: "virtio-win", path, from: { kind: "catalogue", row: { ...next, link: next.link } } });
  await domain.destroy();
  await swapCdrom(connection, domain, now, path);
}

const order = Object.keys(stages);

function progressOf({ stage, text }: Moment, name: string) {
  const done = stage === null ? 0 : order.indexOf(stage) + 1;
  return { what: `installing Windows in ${name}: ${text}`, done, total: order.length, unit: "stages" };
}
