/** start, shutdown, destroy, reboot, reset, pause, resume: one table. What is already so is success. */
import type { Domain, DomainState } from "../../libvirt/mod.ts";
import { AppError } from "../../model/errors.ts";
import type { ExitCode, Invocation } from "../command.ts";
import { findDomain, onHypervisor } from "./hypervisor.ts";
import type { RunVerb } from "./verb.ts";
import { oneWord } from "./words.ts";

interface Action {
  /** virsh's word, for the record. */
  readonly virsh: string;
  /** States in which there is nothing to do. */
  readonly already: readonly DomainState[];
  /** States in which it cannot be done, and what can be instead. */
  readonly conflicts: Partial<Record<DomainState, string>>;
  readonly done: string;
  act(domain: Domain): Promise<unknown>;
}

const isOff = "start it first";
const stopped = { shutoff: isOff, crashed: isOff };

const actions: Readonly<Record<string, Action>> = {
  start: {
    virsh: "start",
    already: ["running", "blocked"],
    conflicts: { paused: "vm resume lets it go on", shutdown: "it is shutting down: start it when it is off" },
    done: "Started",
    act: (domain) => domain.start(),
  },
  shutdown: {
    virsh: "shutdown",
    already: ["shutoff", "crashed", "shutdown"],
    conflicts: { paused: "a paused guest hears nothing: vm resume first" },
    done: "Asked to shut down:",
    act: (domain) => domain.shutdown(),
  },
  destroy: {
    virsh: "destroy",
    already: ["shutoff", "crashed"],
    conflicts: {},
    done: "Pulled the plug of",
    act: (domain) => domain.destroy(),
  },
  reboot: {
    virsh: "reboot",
    already: [],
    conflicts: { ...stopped, paused: "a paused guest hears nothing: vm resume first" },
    done: "Asked to reboot:",
    act: (domain) => domain.reboot(),
  },
  reset: {
    virsh: "reset",
    already: [],
    conflicts: stopped,
    done: "Reset",
    act: (domain) => domain.reset(),
  },
  pause: {
    virsh: "suspend",
    already: ["paused"],
    conflicts: stopped,
    done: "Paused",
    act: (domain) => domain.suspend(),
  },
  resume: {
    virsh: "resume",
    already: ["running", "blocked"],
    conflicts: stopped,
    done: "Resumed",
    act: (domain) => domain.resume(),
  },
};

/** @param verb one of the table's */
export function power(verb: string): RunVerb {
  const action = actions[verb]!;
  return (invocation) => runAction(verb, action, invocation);
}

function runAction(verb: string, action: Action, invocation: Invocation): Promise<ExitCode> {
  const name = oneWord(invocation, verb, "a name");
  const { options, terminal } = invocation;
  return onHypervisor(invocation, [action.virsh, name], async (connection) => {
    const domain = await findDomain(connection, name);
    const before = (await domain.state()).state;
    const instead = action.conflicts[before];
    if (instead !== undefined) {
      throw new AppError("conflict", `Cannot ${verb} ${name}: it is ${before}`, { hint: instead });
    }
    const changed = !action.already.includes(before);
    if (changed) await action.act(domain);
    if (options.json) {
      // A transient domain is gone when it stops.
      const state = await domain.state().then((now) => now.state, () => "gone");
      terminal.print(JSON.stringify({ name, state, changed }));
    } else if (!options.quiet) {
      terminal.print(changed ? `${action.done} ${name}` : `${name} is already ${before}`);
    }
    return 0;
  });
}
