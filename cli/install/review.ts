/** The last questions before anything is erased: whether, and the disk's name in the person's own letters. */
import type { InstallPlan } from "../../provision/installer/plan.ts";
import { actionWords } from "../../provision/installer/plan_text.ts";
import type { Invocation } from "../command.ts";
import { BACK, type Face } from "../prompts/face.ts";

export async function review(
  plan: InstallPlan,
  face: Face,
  { terminal }: Invocation,
): Promise<"install" | "stop" | "back"> {
  const { disk, erased } = plan;
  while (true) {
    const reply = await face.ask({
      id: "review",
      kind: "choice",
      title: `Install to ${disk.path}?`,
      help: erased.length === 0 ? "Nothing is there that could be lost." : "What is erased does not come back.",
      default: "stop",
      choices: [
        { value: "install", label: "Yes, install" },
        { value: "commands", label: "Show every command first" },
        { value: "stop", label: "No, change nothing" },
      ],
    }, true);
    if (reply === BACK) return "back";
    if (reply === "stop") return "stop";
    if (reply === "commands") {
      for (const action of plan.actions) terminal.print(`  ${actionWords(action)}`);
      continue;
    }
    const typed = await face.ask({
      id: "confirm",
      kind: "typed",
      title: `Type ${disk.name} to install to it`,
      help: `This is the last question. ${erased.length === 0 ? "" : `Erased is: ${erased.join("; ")}`}`,
      validate: (text) => text === disk.name ? null : `It is not ${disk.name}: nothing is changed before it is`,
    }, true);
    if (typed !== BACK) return "install";
  }
}
