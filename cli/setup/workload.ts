/**
 * The wizard after the host: media, the VM, Windows in it. Shown and asked like the host's phase; what a person agreed
 * to before the restart goes on after it by itself.
 */
import type { Answers } from "../../model/answers.ts";
import type { Host } from "../../provision/host/host.ts";
import { refuse } from "../../provision/engine.ts";
import { renderPlanText } from "../../provision/plan_text.ts";
import { showing } from "../apply.ts";
import type { ExitCode, Invocation } from "../command.ts";
import { confirmed, interruptible } from "../machine.ts";
import { hostWork, isHostReady, workloadWork } from "../phase.ts";
import { printPlan } from "../plan.ts";
import type { Face } from "../prompts/face.ts";
import { workloadOf } from "../workload/request.ts";
import { review } from "./review.ts";

/**
 * 0 also where the host is not ready yet, or nothing is wanted or left.
 * @throws AppError as apply does; what was done stays, and the next run goes on
 */
export async function setUpWorkload(
  host: Host,
  answers: Answers,
  invocation: Invocation,
  face: Face | null,
): Promise<ExitCode> {
  const { terminal, flags } = invocation;
  if (!await isHostReady(host, hostWork(host, answers))) return 0;
  const work = await workloadWork(host, answers, invocation);
  const { plan, work: changes, blockers } = await work.plan();
  if (changes.length === 0 && blockers.length === 0) return 0;
  terminal.print("");
  printPlan(renderPlanText(plan), terminal);
  refuse(blockers);
  const said = face === null ? confirmed("Go on with this?", invocation) ? "apply" : "stop" : await review(
    {
      title: "Go on with this?",
      help: "What is fetched and made stays until you delete it. Interrupted, it goes on where it was.",
      plan,
      default: "apply",
      obstacle: null,
      canGoBack: false,
    },
    terminal,
    face,
  );
  if (said !== "apply") {
    terminal.print("Nothing was changed. neuron-setup goes on another time.");
    return 0;
  }
  await showing(
    flags.plain === true ? plainly(invocation) : invocation,
    changes.length,
    (tell) => interruptible((signal) => work.apply({ digest: plan.digest, signal, tell })),
  );
  const { vm, install } = workloadOf(host, answers);
  if (vm !== null) {
    terminal.print(install ? `Windows is set up in the VM "${vm.spec.name}".` : `The VM "${vm.spec.name}" is there.`);
    if (!install) terminal.print(`  neuron-setup vm start ${vm.spec.name}`);
  }
  return 0;
}

/** The same terminal without a line that is drawn anew. */
export function plainly(invocation: Invocation): Invocation {
  const { redraw: _, ...terminal } = invocation.terminal;
  return { ...invocation, terminal };
}
