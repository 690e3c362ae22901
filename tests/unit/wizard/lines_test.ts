import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { Terminal } from "../../../cli/command.ts";
import { BACK } from "../../../cli/prompts/face.ts";
import { type Lines, LinesFace, withoutErased } from "../../../cli/prompts/lines.ts";
import { AppError } from "../../../model/errors.ts";
import type { Question } from "../../../provision/wizard/question.ts";

const card: Question = {
  id: "card",
  kind: "choice",
  title: "Which card?",
  help: "It is handed over whole.",
  default: "b",
  choices: [
    { value: "a", label: "First", disabled: "It is the only one." },
    { value: "b", label: "Second" },
    { value: "none", label: "None" },
  ],
};
const sure: Question = { id: "sure", kind: "confirm", title: "Sure?", help: "Think.", default: false };
const size: Question = {
  id: "size",
  kind: "number",
  title: "How much?",
  help: "From 1 to 8.",
  unit: "GiB",
  default: 4,
  validate: (text) => /^[1-8]([.,]5)?$/.test(text) ? null : "Write a number from 1 to 8",
};

/** Answers `question` with `typed`, then says what came back and what was to be read. */
async function answer(question: Question, typed: readonly (string | "^C")[], canGoBack = true) {
  const said: string[] = [];
  const terminal: Terminal = {
    columns: 40,
    color: false,
    interactive: true,
    print: (line) => void said.push(line),
    note: (line) => void said.push(line),
  };
  const left = [...typed];
  const read = (prompt: string): ReturnType<Lines["read"]> => {
    said.push(prompt);
    const line = left.shift();
    return Promise.resolve(line === undefined ? null : line === "^C" ? "interrupted" : { line });
  };
  const lines: Lines = { read, readHidden: (prompt) => read(`hidden ${prompt}`) };
  const reply = await new LinesFace(terminal, lines).ask(question, canGoBack);
  return { reply, said: said.join("\n"), left, widest: Math.max(...said.map((line) => line.length)) };
}

Deno.test("Enter takes the proposal of every kind of question", async () => {
  assertEquals((await answer(card, [""])).reply, "b");
  assertEquals((await answer(sure, [""])).reply, false);
  assertEquals((await answer(size, [""])).reply, 4);
});

Deno.test("numbers choose; a choice that is not possible says why and asks again", async () => {
  const { reply, said } = await answer(card, ["1", "0", "4", "second", "3"]);
  assertEquals(reply, "none");
  assertStringIncludes(said, "Not possible: It is the only one.");
  assertEquals(said.split("Write a number from 1 to 3.").length, 4);
});

Deno.test("b goes back where there is something to go back to, ? explains", async () => {
  assertEquals((await answer(size, ["b"])).reply, BACK);
  const first = await answer(card, ["?", "b", "2"], false);
  assertEquals(first.reply, "b");
  assertStringIncludes(first.said, "It is handed over whole.");
  assertEquals(first.said.includes("b goes back"), false);
});

Deno.test("what is refused is said, a comma is a decimal point, yes and no are words", async () => {
  const sized = await answer(size, ["9", "2,5"]);
  assertEquals(sized.reply, 2.5);
  assertStringIncludes(sized.said, "Write a number from 1 to 8.");
  assertEquals((await answer(sure, ["maybe", "Yes"])).reply, true);
});

Deno.test("the end of the input and Ctrl-C are errors with words, and nothing is guessed", async () => {
  assertEquals((await assertRejects(() => answer(card, []), AppError)).code, "answer-missing");
  assertEquals((await assertRejects(() => answer(card, ["?", "^C"]), AppError)).code, "interrupted");
});

Deno.test("lines keep within a narrow terminal", async () => {
  const long: Question = { ...card, title: "Which of all these cards shall the new machine get from now on?" };
  assertEquals((await answer(long, [""])).widest <= 40, true);
});

Deno.test("what nobody can propose must be written; a secret is read hidden and keeps its blanks", async () => {
  const validate = (text: string) => text === "" ? "Write something" : null;
  const typed = await answer({ id: "t", kind: "typed", title: "Name?", help: "Any.", validate }, ["", " sda "]);
  assertEquals(typed.reply, "sda");
  assertStringIncludes(typed.said, "Write something.");
  const secret = await answer({ id: "s", kind: "secret", title: "Password?", help: "Any.", validate }, ["", " a b "]);
  assertEquals(secret.reply, " a b ");
  assertStringIncludes(secret.said, "hidden > ");
  assertEquals(secret.said.includes(" a b "), false);
});

Deno.test("withoutErased() is what a person sees who types blindly", () => {
  assertEquals(withoutErased("pasx\x7fsx\bword"), "password");
  assertEquals(withoutErased("wrong\x15right"), "right");
  assertEquals(withoutErased("\x7fa"), "a");
});
