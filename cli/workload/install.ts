/** The unattended installation as a step of the workload: the answer medium goes in, the watch runs to its end. */
import type { Connection } from "../../libvirt/mod.ts";
import type { Answers } from "../../model/answers.ts";
import type { Host } from "../../provision/host/host.ts";
import type { Moment } from "../../provision/guest_install/watch.ts";
import type { Report } from "../../provision/step.ts";
import { stages } from "../../provision/unattend/stages.ts";
import { answersIn, insertAnswers } from "../vm/answer_drive.ts";
import { refuseFailed, runInstallation } from "../vm/installation.ts";
import { forgetPassword } from "./kept_answers.ts";

export interface InstallRequest {
  readonly connection: Connection;
  readonly host: Host;
  readonly answers: Answers;
  readonly name: string;
  /** The state folder. */
  readonly state: string;
  readonly report: Report;
}

/** @throws AppError `verification-failed` for an installation that failed or is stuck, with its cure; `interrupted` */
export async function installWindows(request: InstallRequest): Promise<void> {
  const { connection, host, answers, name, state, report } = request;
  const domain = await connection.lookupDomain(name);
  // Who was interrupted while it installed takes the watch up again.
  const watched = await domain.isActive() ? await answersIn(domain) : null;
  const medium = watched ?? await insertAnswers(connection, domain, host, answers, { note: report.note });
  const installation = await runInstallation(connection, domain, {
    state,
    slowness: 1,
    signal: report.signal,
    medium,
    resumes: watched !== null,
    tell: (moment) => {
      report.note(moment.text);
      report.progress(progressOf(moment, name));
    },
  });
  const { withErrors } = refuseFailed(installation, name);
  forgetPassword(host);
  if (withErrors) report.note("Windows is set up, but not everything went well");
}

const order = Object.keys(stages);

function progressOf({ stage, text }: Moment, name: string) {
  const done = stage === null ? 0 : order.indexOf(stage) + 1;
  return { what: `installing Windows in ${name}: ${text}`, done, total: order.length, unit: "stages" };
}
