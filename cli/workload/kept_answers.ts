/**
 * The answers of the last setup, kept in the state folder: what the commands of the plan name, and what a machine that
 * was restarted goes on with. Secrets are not in it, only where they are.
 */
import type { Answers } from "../../model/answers.ts";
import type { Host } from "../../provision/host/host.ts";
import type { Invocation } from "../command.ts";

const name = "answers.json";

export function keptAnswersPath({ options }: Invocation): string {
  return `${options.state}/${name}`;
}

export function keepAnswers(host: Host, answers: Answers): void {
  host.state.replace(name, new TextEncoder().encode(`${JSON.stringify(answers, null, 2)}\n`));
}
