/** The last question before anything is changed: yes, show every line, or no. */
import { renderPlanText } from "../../provision/plan_text.ts";
import type { Plan } from "../../provision/step.ts";
import type { Terminal } from "../command.ts";
import { printPlan } from "../plan.ts";
import { BACK, type Face } from "../prompts/face.ts";

export type Said = "apply" | "back" | "stop";

export interface Review {
  readonly title: string;
  readonly help: string;
  readonly plan: Plan;
  readonly default: "apply" | "stop";
  /** Why it cannot be applied; null: it can. */
  readonly obstacle: string | null;
  readonly canGoBack: boolean;
}

export async function review(review: Review, terminal: Terminal, face: Face): Promise<Said> {
  const { title, help, obstacle } = review;
  while (true) {
    const reply = await face.ask({
      id: "review",
      kind: "choice",
      title,
      help,
      default: review.default,
      choices: [
        { value: "apply", label: "Yes, apply it", ...(obstacle === null ? {} : { disabled: obstacle }) },
        { value: "diff", label: "Show every line first" },
        { value: "stop", label: "No, change nothing" },
      ],
    }, review.canGoBack);
    if (reply === BACK) return "back";
    if (reply === "apply" || reply === "stop") return reply;
    printPlan(renderPlanText(review.plan), terminal);
  }
}
