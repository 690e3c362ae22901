/** Asks one question after another until none is left, and goes back when the person wants to. Knows no question. */
import { AppError } from "../../model/errors.ts";
import { proposalOf, type Question, type Reply } from "../../provision/wizard/question.ts";
import type { Heard } from "../../provision/wizard/story.ts";
import { BACK, type Face } from "./face.ts";

export interface Asker {
  /** Null: nobody can be asked, or nobody shall be. */
  readonly face: Face | null;
  /** Take what is proposed where nobody is asked. */
  readonly takesProposals: boolean;
}

/**
 * @param next the question that is due after what was heard; null: none
 * @throws AppError `answer-missing` for a question that nobody answers
 */
export async function hearAll(
  begin: readonly Heard[],
  next: (heard: readonly Heard[]) => Question | null,
  { face, takesProposals }: Asker,
): Promise<readonly Heard[]> {
  let heard = begin;
  for (let question = next(heard); question !== null; question = next(heard)) {
    const reply = face === null ? proposed(question, takesProposals) : await face.ask(question, heard.length > 0);
    heard = reply === BACK ? heard.slice(0, -1) : [...heard, { id: question.id, value: reply }];
  }
  return heard;
}

function proposed(question: Question, takesProposals: boolean): Reply {
  const proposal = takesProposals ? proposalOf(question) : null;
  if (proposal !== null) return proposal;
  const hasOne = proposalOf(question) !== null;
  throw new AppError("answer-missing", `Nobody can be asked: ${question.title} (${question.id})`, {
    hint: `Answer it in the file of --answers${hasOne ? ", or add --yes to take what is proposed" : ""}`,
  });
}
