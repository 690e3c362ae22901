/** What the answers say beside the installation is for the first start of the new system: kept there, without secrets. */
import type { Answers } from "../../model/answers.ts";
import type { PlannedFile } from "./files.ts";

export const KEPT_ANSWERS = "/etc/neuron/answers.json";

/** A secret in the answers only says where it is; what lay on the volume with the answers does not come along. */
export function keptAnswers({ install: _, ...rest }: Answers): PlannedFile[] {
  if (Object.keys(rest).every((key) => key === "schema")) return [];
  const text = `${JSON.stringify({ schema: "neuron.answers/1", ...rest }, null, 2)}\n`;
  return [{ path: KEPT_ANSWERS, content: { text, mode: 0o600 }, reason: "answers for the first start" }];
}
