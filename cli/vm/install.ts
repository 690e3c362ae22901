/**
 * `vm install NAME`: starts a VM whose drives hold Windows and an answer medium, and watches until Windows is set up,
 * has failed or is stuck. With --answers it makes that medium itself and takes it away when Windows is set up. Timeline
 * and pictures stay in `<state>/installs/UUID`.
 */
import { AppError } from "../../model/errors.ts";
import { install } from "../../provision/guest_install/run.ts";
import type { Moment, Outcome, Watch } from "../../provision/guest_install/watch.ts";
import type { ExitCode, Invocation } from "../command.ts";
import { interruptible } from "../machine.ts";
import { insertAnswers, takeAnswersAway } from "./answer_drive.ts";
import { findDomain, onHypervisor } from "./hypervisor.ts";
import { oneWord } from "./words.ts";

const lookEveryMs = 2000;
/** What a night of pictures, one a minute, may take. */
const mostPictures = 600;

export function run(invocation: Invocation): Promise<ExitCode> {
  const name = oneWord(invocation, "install", "a name");
  const { options, terminal, flags } = invocation;
  const slowness = readSlowness(flags.slowness);
  return onHypervisor(invocation, ["start", name], async (connection) => {
    const domain = await findDomain(connection, name);
    const medium = await insertAnswers(connection, domain, invocation);
    const record = openRecord(`${options.state}/installs/${domain.uuid}`);
    const { outcome } = await interruptible((signal) =>
      install(connection, domain, {
        now: () => Date.now(),
        lookEveryMs,
        slowness,
        signal,
        tell: (moment) => {
          record.tell(moment);
          if (options.json) terminal.print(JSON.stringify({ type: "moment", ...moment }));
          else if (!options.quiet) terminal.print(`${clock(moment.atMs)}  ${moment.text}`);
        },
        keepPicture: (png, watch) => record.keep(png, watch),
      })
    );
    if (medium !== null && outcome!.kind === "done") await takeAnswersAway(connection, domain, medium);
    else if (medium !== null) terminal.note(`The answer medium is still in its drive, with the password: ${medium}`);
    return end(outcome!, name, record.folder, invocation);
  });
}

function end(outcome: Outcome, name: string, folder: string, { options, terminal }: Invocation): ExitCode {
  if (options.json) terminal.print(JSON.stringify({ type: "outcome", ...outcome, record: folder }));
  if (outcome.kind === "failed") {
    throw new AppError("verification-failed", `Cannot finish the installation of "${name}": ${outcome.why}`, {
      hint: `${outcome.cure}. The pictures are in ${folder}`,
    });
  }
  if (!options.json && !options.quiet) {
    terminal.print(outcome.withErrors ? "Windows is set up, but not everything went well." : "Windows is set up.");
  }
  return 0;
}

interface InstallRecord {
  readonly folder: string;
  tell(moment: Moment): void;
  keep(png: Uint8Array, watch: Watch): void;
}

/** A new installation of the same VM begins a new record; screens may show names, so it is for root alone. */
function openRecord(folder: string): InstallRecord {
  try {
    Deno.removeSync(folder, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  let pictures = 0;
  const write = (moment: object) =>
    Deno.writeTextFileSync(`${folder}/timeline.jsonl`, `${JSON.stringify(moment)}\n`, { append: true, mode: 0o600 });
  return {
    folder,
    tell: write,
    keep(png, { stage }) {
      if (pictures >= mostPictures) return;
      const picture = `${String(++pictures).padStart(4, "0")}.png`;
      Deno.writeFileSync(`${folder}/${picture}`, png, { mode: 0o600 });
      write({ atMs: Date.now(), stage, picture });
    },
  };
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
