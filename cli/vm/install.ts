/**
 * `vm install NAME`: starts a VM whose drives hold Windows and an answer medium, and watches until Windows is set up,
 * has failed or is stuck. With --answers it makes that medium itself and takes it away when Windows is set up.
 */
import { AppError } from "../../model/errors.ts";
import type { ExitCode, Invocation } from "../command.ts";
import { interruptible, openMachine, readWish } from "../machine.ts";
import { answersIn, insertAnswers } from "./answer_drive.ts";
import { findDomain, onHypervisor } from "./hypervisor.ts";
import { type Installation, refuseFailed, runInstallation } from "./installation.ts";
import { oneWord, textFlag } from "./words.ts";

export function run(invocation: Invocation): Promise<ExitCode> {
  const name = oneWord(invocation, "install", "a name");
  const { options, terminal, flags } = invocation;
  const slowness = readSlowness(flags.slowness);
  return onHypervisor(invocation, ["start", name], async (connection) => {
    const domain = await findDomain(connection, name);
    const host = openMachine(invocation);
    // Who was interrupted while it installed takes the watch up again.
    const watched = await domain.isActive() ? await answersIn(domain) : null;
    const medium = watched !== null || typeof flags.answers !== "string"
      ? watched
      : await insertAnswers(connection, domain, host, readWish(host, invocation).answers, {
        wim: textFlag(invocation, "wim"),
        extra: textFlag(invocation, "extra"),
        note: (text) => terminal.note(text),
      });
    const installation = await interruptible((signal) =>
      runInstallation(connection, domain, {
        state: options.state,
        slowness,
        signal,
        medium,
        resumes: watched !== null,
        tell: (moment) => {
          if (options.json) terminal.print(JSON.stringify({ type: "moment", ...moment }));
          else if (!options.quiet) terminal.print(`${clock(moment.atMs)}  ${moment.text}`);
        },
      })
    );
    if (medium !== null && installation.outcome.kind !== "done") {
      terminal.note(`The answer medium is still in its drive, with the password: ${medium}`);
    }
    return end(installation, name, invocation);
  });
}

function end(installation: Installation, name: string, { options, terminal }: Invocation): ExitCode {
  const { outcome, record } = installation;
  if (options.json) terminal.print(JSON.stringify({ type: "outcome", ...outcome, record }));
  const { withErrors } = refuseFailed(installation, name);
  if (!options.json && !options.quiet) {
    terminal.print(withErrors ? "Windows is set up, but not everything went well." : "Windows is set up.");
  }
  return 0;
}

function readSlowness(text: unknown): number {
  if (text === undefined) return 1;
  const value = Number(text);
  if (value > 0 && value <= 100) return value;
  throw new AppError("usage", `--slowness takes a number from 0 to 100, not "${text}"`, {
    hint: "2 waits twice as long before it calls a stage stuck",
  });
}

const clock = (atMs: number) => new Date(atMs).toTimeString().slice(0, 8);
