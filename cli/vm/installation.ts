/**
 * One watched installation, from a VM that is switched off to its outcome: what `vm install` and the workload phase
 * share. Timeline and pictures stay in `<state>/installs/UUID`; that it came to its end stays in the VM's metadata.
 */
import type { Connection, Domain } from "../../libvirt/mod.ts";
import { AppError } from "../../model/errors.ts";
import { markInstalled } from "../../provision/guest_install/mark.ts";
import { install } from "../../provision/guest_install/run.ts";
import type { Moment, Outcome, Watch } from "../../provision/guest_install/watch.ts";
import type { Stage } from "../../provision/unattend/stages.ts";
import { takeAnswersAway } from "./answer_drive.ts";

const lookEveryMs = 2000;
/** What a night of pictures, one a minute, may take. */
const mostPictures = 600;

export interface InstallationOptions {
  /** The state folder. */
  readonly state: string;
  /** How much slower than usual this machine is; 1 for a usual one. */
  readonly slowness: number;
  readonly signal: AbortSignal;
  /** The answer medium in a drive, taken away when Windows is set up; null: there is none of ours. */
  readonly medium: string | null;
  /** The VM runs and installs already: an earlier run was interrupted. */
  readonly resumes: boolean;
  tell(moment: Moment): void;
}

export interface Installation {
  readonly outcome: Outcome;
  /** The last that the guest was seen in. */
  readonly stage: Stage | null;
  /** Folder of the timeline and the pictures. */
  readonly record: string;
}

/** @throws AppError `conflict` when the VM runs and nothing is resumed, `interrupted` */
export async function runInstallation(
  connection: Connection,
  domain: Domain,
  options: InstallationOptions,
): Promise<Installation> {
  const record = openRecord(`${options.state}/installs/${domain.uuid}`, options.resumes);
  const { outcome, stage } = await install(connection, domain, {
    now: () => Date.now(),
    lookEveryMs,
    slowness: options.slowness,
    resumes: options.resumes,
    signal: options.signal,
    tell: (moment) => {
      record.tell(moment);
      options.tell(moment);
    },
    keepPicture: (png, watch) => record.keep(png, watch),
  });
  if (outcome!.kind === "done") {
    if (options.medium !== null) await takeAnswersAway(connection, domain, options.medium);
    await markInstalled(domain, { at: new Date(), withErrors: outcome!.withErrors });
  }
  return { outcome: outcome!, stage, record: record.folder };
}

/** @throws AppError `verification-failed` for one that failed, with its cure */
export function refuseFailed({ outcome, record }: Installation, name: string): Extract<Outcome, { kind: "done" }> {
  if (outcome.kind === "done") return outcome;
  throw new AppError("verification-failed", `Cannot finish the installation of "${name}": ${outcome.why}`, {
    hint: `${outcome.cure}. The pictures are in ${record}`,
  });
}

interface InstallRecord {
  readonly folder: string;
  tell(moment: Moment): void;
  keep(png: Uint8Array, watch: Watch): void;
}

/** A new installation of the same VM begins a new record; screens may show names, so it is for root alone. */
function openRecord(folder: string, resumes: boolean): InstallRecord {
  if (!resumes) removeFolder(folder);
  Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  let pictures = [...Deno.readDirSync(folder)].filter(({ name }) => name.endsWith(".png")).length;
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

function removeFolder(folder: string): void {
  try {
    Deno.removeSync(folder, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
