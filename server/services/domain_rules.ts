/**
 * Which action is legal in which state, and the sentence that says why not. One table; pure.
 * States are virDomainState: https://libvirt.org/html/libvirt-libvirt-domain.html#virDomainState
 */
import { AppError } from "../../model/errors.ts";
import type { DomainAction, DomainPermissions, DomainState, Permission } from "../dto.ts";

interface Rule {
  /** States from which the action does something. */
  readonly from: readonly DomainState[];
  /** States in which it is done already. */
  readonly done: readonly DomainState[];
  readonly refusals: Partial<Record<DomainState, string>>;
}

const notRunning = "The VM is not running. Start it first";
const goingDown = "The VM is shutting down. Wait until it is off, or force it off";
const crashed = "The VM has crashed. Force it off, then start it";
const asleep = "The VM is asleep. Wake it up with Resume first";
const paused = "The VM is paused and cannot listen. Resume it first";

const rules: Record<DomainAction, Rule> = {
  start: {
    from: ["shutoff", "nostate"],
    done: ["running", "blocked"],
    refusals: {
      paused: "The VM is paused. Resume it instead",
      shutdown: "The VM is shutting down. Start it when it is off",
      crashed,
      pmsuspended: "The VM is asleep. Resume it instead",
    },
  },
  shutdown: {
    from: ["running", "blocked"],
    done: ["shutdown", "shutoff"],
    refusals: { paused, crashed, pmsuspended: asleep, nostate: notRunning },
  },
  destroy: {
    from: ["running", "blocked", "paused", "shutdown", "crashed", "pmsuspended"],
    done: ["shutoff"],
    refusals: { nostate: notRunning },
  },
  reboot: {
    from: ["running", "blocked"],
    done: [],
    refusals: { shutoff: notRunning, nostate: notRunning, paused, shutdown: goingDown, crashed, pmsuspended: asleep },
  },
  reset: {
    from: ["running", "blocked", "paused"],
    done: [],
    refusals: { shutoff: notRunning, nostate: notRunning, shutdown: goingDown, crashed, pmsuspended: asleep },
  },
  pause: {
    from: ["running", "blocked"],
    done: ["paused"],
    refusals: { shutoff: notRunning, nostate: notRunning, shutdown: goingDown, crashed, pmsuspended: asleep },
  },
  resume: {
    from: ["paused", "pmsuspended"],
    done: ["running", "blocked"],
    refusals: { shutoff: notRunning, nostate: notRunning, shutdown: goingDown, crashed },
  },
};

/** What the page says about an action that would change nothing. */
const doneReasons: Partial<Record<DomainState, string>> = {
  running: "The VM is running already",
  blocked: "The VM is running already",
  paused: "The VM is paused already",
  shutdown: "The VM is shutting down already",
  shutoff: "The VM is off already",
};

/** `go`, `done` (nothing to do), or an AppError `conflict` that says why not. */
export function judgeAction(action: DomainAction, state: DomainState, name: string): "go" | "done" | AppError {
  const rule = rules[action];
  if (rule.from.includes(state)) return "go";
  if (rule.done.includes(state)) return "done";
  const [why, ...cure] = (rule.refusals[state] ?? "The VM is in a state that forbids this").split(". ");
  return new AppError("conflict", `Cannot ${action} "${name}": ${why}`, {
    hint: cure.length === 0 ? "Look at the VM's state and try again" : cure.join(". "),
  });
}

/** For every action: may it be asked for now, and if not, why. */
export function permissionsOf(state: DomainState, persistent: boolean): DomainPermissions {
  const of = (action: DomainAction): Permission => {
    const rule = rules[action];
    if (rule.from.includes(state)) return { allowed: true, reason: null };
    if (rule.done.includes(state)) return { allowed: false, reason: doneReasons[state] ?? "There is nothing to do" };
    return { allowed: false, reason: rule.refusals[state] ?? "The VM is in a state that forbids this" };
  };
  return {
    start: of("start"),
    shutdown: of("shutdown"),
    destroy: of("destroy"),
    reboot: of("reboot"),
    reset: of("reset"),
    pause: of("pause"),
    resume: of("resume"),
    undefine: judgeUndefine(state, persistent),
  };
}

export function judgeUndefine(state: DomainState, persistent: boolean): Permission {
  if (!persistent) return { allowed: false, reason: "The VM is defined nowhere: it is gone once it is off" };
  if (state === "shutoff" || state === "nostate") return { allowed: true, reason: null };
  return { allowed: false, reason: "The VM is not off. Shut it down or force it off first" };
}
