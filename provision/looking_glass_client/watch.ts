/**
 * When the client is started, started again, stopped, and when all is over: a state machine without a clock or a
 * process of its own. Pure; run.ts feeds it.
 */

/** `once`: until the VM stops or the person closes the window. `follow`: then for its next start, without end. */
export type Until = "once" | "follow";

/** How a client ended. `refused`: it does not understand what it was told, and would not the next time. */
export type ClientEnd = "closed" | "crashed" | "refused";

export type Event =
  | { readonly type: "vm"; readonly runs: boolean }
  | { readonly type: "client-ended"; readonly how: ClientEnd; readonly lastedMs: number }
  | { readonly type: "pause-over" };

export type Act =
  | { readonly type: "start-client" }
  | { readonly type: "stop-client" }
  | { readonly type: "pause"; readonly ms: number };

export type Outcome = "vm-off" | "vm-stopped" | "closed" | "gave-up" | "refused";

export interface Watch {
  readonly until: Until;
  /** Whether a VM that is off is waited for. */
  readonly waits: boolean;
  readonly vmRuns: boolean | null;
  readonly client: "none" | "up" | "pausing" | "stopping";
  /** Crashes one after the other. */
  readonly crashes: number;
  readonly outcome: Outcome | null;
}

const longestPauseMs = 30_000;
const firstPauseMs = 1000;
/** One that ran so long was well: what comes then is a new trouble. */
const wellAfterMs = 60_000;
/** With the pauses between them a minute and a half: nothing heals by itself after that. */
export const mostCrashes = 8;

export function beginWatch(until: Until, waits: boolean): Watch {
  return { until, waits: waits || until === "follow", vmRuns: null, client: "none", crashes: 0, outcome: null };
}

export function happen(watch: Watch, event: Event): { readonly watch: Watch; readonly acts: readonly Act[] } {
  if (watch.outcome !== null) return { watch, acts: [] };
  switch (event.type) {
    case "vm":
      return event.runs ? vmRuns(watch) : vmStops(watch);
    case "client-ended":
      return clientEnded(watch, event.how, event.lastedMs);
    case "pause-over":
      return watch.client === "pausing" ? start(watch) : still(watch);
  }
}

type Step = ReturnType<typeof happen>;

const still = (watch: Watch): Step => ({ watch, acts: [] });
const over = (watch: Watch, outcome: Outcome): Step => still({ ...watch, client: "none", outcome });
const start = (watch: Watch): Step => ({ watch: { ...watch, client: "up" }, acts: [{ type: "start-client" }] });

function vmRuns(watch: Watch): Step {
  if (watch.vmRuns === true) return still(watch);
  const seen = { ...watch, vmRuns: true, crashes: 0 };
  // One that is still being stopped is started when it has gone.
  return watch.client === "none" ? start(seen) : still(seen);
}

function vmStops(watch: Watch): Step {
  if (watch.vmRuns === false) return still(watch);
  const seen = { ...watch, vmRuns: false };
  if (watch.client === "up") return { watch: { ...seen, client: "stopping" }, acts: [{ type: "stop-client" }] };
  if (watch.client === "stopping") return still(seen);
  if (watch.vmRuns === null) return watch.waits ? still(seen) : over(seen, "vm-off");
  return vmGone(seen);
}

function vmGone(watch: Watch): Step {
  const idle = { ...watch, client: "none" } as const;
  return watch.until === "follow" ? still(idle) : over(idle, "vm-stopped");
}

function clientEnded(watch: Watch, how: ClientEnd, lastedMs: number): Step {
  if (watch.client === "stopping") {
    if (watch.vmRuns === true) return start({ ...watch, crashes: 0 });
    return vmGone(watch);
  }
  if (how === "refused") return over(watch, "refused");
  if (how === "closed") {
    // Whoever closed it does not want it again before the VM's next start.
    return watch.until === "follow" ? still({ ...watch, client: "none" }) : over(watch, "closed");
  }
  const crashes = lastedMs >= wellAfterMs ? 1 : watch.crashes + 1;
  if (crashes > mostCrashes) return over({ ...watch, crashes }, "gave-up");
  const ms = Math.min(longestPauseMs, firstPauseMs * 2 ** (crashes - 1));
  return { watch: { ...watch, client: "pausing", crashes }, acts: [{ type: "pause", ms }] };
}

/**
 * The client logs what went wrong with `[E]`. It also ends with a code when it is closed before the guest has answered
 * (client/src/main.c: lg_run gives -1 then), but without such a line.
 */
export function howItEnded(code: number, signal: string | null, lines: readonly string[]): ClientEnd {
  if (lines.some((line) => line.startsWith("Invalid value provided to the option"))) return "refused";
  if (signal !== null) return "crashed";
  if (code === 0) return "closed";
  return code === 255 && !lines.some((line) => /\[E\]/.test(line)) && lines.some((line) => /\[I\]/.test(line))
    ? "closed"
    : "crashed";
}
