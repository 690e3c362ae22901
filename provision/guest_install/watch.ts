/**
 * The watch over an unattended installation: from what is seen of the guest to what is done about it. Pure: the clock
 * comes with each happening, so that a night's installation is tested in a millisecond. Whatever a guest says is only
 * believed as far as it is a name of unattend/stages.ts.
 */
import { type Stage, stages } from "../unattend/stages.ts";
import { patience } from "./patience.ts";

export type Happening =
  /** A line of the serial port named it. */
  | { readonly type: "stage"; readonly stage: Stage }
  /** A picture of the screen was taken; `digest` tells whether it is another one than before. */
  | { readonly type: "screen"; readonly digest: string }
  | { readonly type: "restarted" }
  /** QEMU's guest agent answered: Windows runs, and so does what the guest tools installed. */
  | { readonly type: "agent" }
  | { readonly type: "off"; readonly crashed: boolean }
  | { readonly type: "tick" };

export type Act =
  /** "Press any key to boot from CD or DVD": nobody else is there to do it. */
  | "press-key"
  | "start"
  /** The picture that is there now belongs to the timeline. */
  | "keep-picture";

export type Outcome =
  | { readonly kind: "done"; readonly withErrors: boolean }
  /** `retry`: with other drivers it may go well. */
  | { readonly kind: "failed"; readonly why: string; readonly cure: string; readonly retry: "drivers" | null };

/** One line of what is shown to people, and kept. */
export interface Moment {
  readonly atMs: number;
  readonly text: string;
  readonly stage: Stage | null;
}

export interface Watch {
  readonly beganMs: number;
  /** Begun in the middle: the guest runs already, and a key would be pressed into whatever it shows. */
  readonly resumes: boolean;
  readonly stage: Stage | null;
  readonly stageSinceMs: number;
  /** When the screen last changed, or anything else was heard. */
  readonly aliveMs: number;
  readonly screen: string | null;
  readonly pictureMs: number;
  readonly restarts: number;
  readonly restartedMs: number;
  /** How often it was switched on again after it went off by itself. */
  readonly starts: number;
  readonly agentAnswered: boolean;
  readonly timeline: readonly Moment[];
  readonly outcome: Outcome | null;
}

const minuteMs = 60_000;
/** A screen that moves (the dots of Windows' setup do) stretches a stage's patience this far. */
const stretch = 3;
/** What a guest that restarts forever, or talks forever, can make us keep. */
const mostMoments = 500;
const mostRestarts = 20;
const mostStarts = 3;
const oneRestartMs = 500;

export function beginWatch(atMs: number, resumes = false): Watch {
  return {
    beganMs: atMs,
    resumes,
    stage: null,
    stageSinceMs: atMs,
    aliveMs: atMs,
    screen: null,
    pictureMs: atMs,
    restarts: 0,
    restartedMs: -Infinity,
    starts: 0,
    agentAnswered: false,
    timeline: [{ atMs, text: resumes ? "watched again: it runs already" : "started", stage: null }],
    outcome: null,
  };
}

export interface Watched {
  readonly watch: Watch;
  readonly acts: readonly Act[];
}

/** @param slowness how much slower than usual this machine is; 1 for a usual one */
export function happen(watch: Watch, atMs: number, happening: Happening, slowness = 1): Watched {
  if (watch.outcome !== null) return { watch, acts: [] };
  switch (happening.type) {
    case "stage":
      return reach(watch, atMs, happening.stage);
    case "screen":
      return look(watch, atMs, happening.digest);
    case "restarted":
      return restart(watch, atMs);
    case "agent":
      return heartbeat(watch, atMs);
    case "off":
      return switchedOff(watch, atMs, happening.crashed);
    case "tick":
      return tick(watch, atMs, slowness);
  }
}

function reach(watch: Watch, atMs: number, stage: Stage): Watched {
  // A stage that was there before, or is told twice, is no news; that something is said at all is life.
  if (isBehind(watch, stage)) return { watch: { ...watch, aliveMs: atMs }, acts: [] };
  const next = note({ ...watch, stage, stageSinceMs: atMs, aliveMs: atMs }, atMs, stages[stage]);
  return { watch: { ...next, outcome: outcomeOf(stage) }, acts: ["keep-picture"] };
}

const order = Object.keys(stages) as Stage[];
const isBehind = ({ stage }: Watch, said: Stage) => stage !== null && order.indexOf(said) <= order.indexOf(stage);

function outcomeOf(stage: Stage): Outcome | null {
  if (stage === "done" || stage === "done-with-errors") return { kind: "done", withErrors: stage !== "done" };
  if (stage !== "drivers-missing" && stage !== "disk-not-empty") return null;
  const retry = stage === "drivers-missing" ? "drivers" : null;
  return { kind: "failed", why: `The guest says: ${stages[stage]}`, cure: patience[stage].cure, retry };
}

function look(watch: Watch, atMs: number, digest: string): Watched {
  if (digest === watch.screen) return { watch, acts: [] };
  const keeps = atMs - watch.pictureMs >= minuteMs;
  const next = { ...watch, screen: digest, aliveMs: atMs, pictureMs: keeps ? atMs : watch.pictureMs };
  return { watch: next, acts: keeps ? ["keep-picture"] : [] };
}

/** Life, and news once: an installation that is stuck in a dialog box has an agent that answers all the same. */
function heartbeat(watch: Watch, atMs: number): Watched {
  if (watch.agentAnswered) return { watch, acts: [] };
  const next = { ...watch, agentAnswered: true, aliveMs: atMs };
  return { watch: note(next, atMs, "QEMU's guest agent answers"), acts: ["keep-picture"] };
}

function restart(watch: Watch, atMs: number): Watched {
  // QEMU tells of one reset more than once.
  if (atMs - watch.restartedMs < oneRestartMs) return { watch, acts: [] };
  const once = { ...watch, restarts: watch.restarts + 1, restartedMs: atMs, aliveMs: atMs };
  const next = note(once, atMs, "the guest restarts");
  if (next.restarts <= mostRestarts) return { watch: next, acts: [] };
  return fail(next, atMs, `It has restarted ${next.restarts} times`, patience[watch.stage ?? "start"].cure);
}

function switchedOff(watch: Watch, atMs: number, crashed: boolean): Watched {
  if (crashed) {
    const cure = "The log of QEMU says why: neuron-setup doctor, or /var/log/libvirt/qemu";
    return fail(watch, atMs, "QEMU has ended with an error", cure);
  }
  if (watch.stage === null || watch.starts >= mostStarts) {
    return fail(
      watch,
      atMs,
      "The VM was switched off",
      "Start the installation again; nothing of it is lost that you made",
    );
  }
  const next = { ...watch, starts: watch.starts + 1, aliveMs: atMs };
  return { watch: note(next, atMs, "the guest has switched itself off: it is switched on again"), acts: ["start"] };
}

function tick(watch: Watch, atMs: number, slowness: number): Watched {
  const { minutes, cure } = patience[watch.stage ?? "start"];
  const limitMs = minutes * minuteMs * slowness;
  const isStill = atMs - watch.aliveMs > limitMs;
  if (isStill || atMs - watch.stageSinceMs > limitMs * stretch) {
    const where = watch.stage === null ? "before the guest said anything" : `at "${stages[watch.stage]}"`;
    const what = isStill ? "nothing has moved on its screen for" : "the stage has lasted";
    const forMs = atMs - (isStill ? watch.aliveMs : watch.stageSinceMs);
    const retry = watch.stage === "guest-tools" ? "drivers" : null;
    return fail(watch, atMs, `It is stuck ${where}: ${what} ${Math.round(forMs / minuteMs)} minutes`, cure, retry);
  }
  // After its first restart Windows' setup goes on from the disk: a key then would start it from the beginning.
  const isFirstStart = watch.stage === null && watch.restarts === 0 && !watch.resumes;
  return { watch, acts: isFirstStart ? ["press-key"] : [] };
}

function fail(watch: Watch, atMs: number, why: string, cure: string, retry: "drivers" | null = null): Watched {
  const outcome: Outcome = { kind: "failed", why, cure, retry };
  return { watch: { ...note(watch, atMs, why), outcome }, acts: ["keep-picture"] };
}

function note(watch: Watch, atMs: number, text: string): Watch {
  if (watch.timeline.length >= mostMoments) return watch;
  return { ...watch, timeline: [...watch.timeline, { atMs, text, stage: watch.stage }] };
}
