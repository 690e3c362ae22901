import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { BACK, type Face } from "../../../cli/prompts/face.ts";
import { hearAll } from "../../../cli/prompts/hear_all.ts";
import { AppError } from "../../../model/errors.ts";
import type { Question, Reply } from "../../../provision/wizard/question.ts";

const questions: Question[] = [
  { id: "sure", kind: "confirm", title: "Sure?", help: "", default: true },
  { id: "name", kind: "typed", title: "Name?", help: "", validate: () => null },
];
const next = (heard: readonly unknown[]) => questions[heard.length] ?? null;

Deno.test("hearAll() asks to the end; going back drops the last reply and asks it again", async () => {
  const replies: (Reply | typeof BACK)[] = [true, BACK, false, "ada"];
  const asked: [string, boolean][] = [];
  const face: Face = {
    ask(question, canGoBack) {
      asked.push([question.id, canGoBack]);
      return Promise.resolve(replies.shift()!);
    },
  };
  const heard = await hearAll([], next, { face, takesProposals: false });
  assertEquals(heard, [{ id: "sure", value: false }, { id: "name", value: "ada" }]);
  assertEquals(asked, [["sure", false], ["name", true], ["sure", false], ["name", true]]);
});

Deno.test("where nobody is asked, proposals are taken only when they may be, and what has none is missing", async () => {
  const none = await assertRejects(() => hearAll([], next, { face: null, takesProposals: false }), AppError);
  assertEquals(none.code, "answer-missing");
  assertStringIncludes(none.hint!, "--yes");
  const typed = await assertRejects(() => hearAll([], next, { face: null, takesProposals: true }), AppError);
  assertStringIncludes(typed.message, "Name? (name)");
  assertEquals(typed.hint!.includes("--yes"), false);
});
