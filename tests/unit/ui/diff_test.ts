import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { diffLines, foldDiff } from "../../../ui/diff.ts";

const text = fc.array(fc.constantFrom("a", "b", "c", ""), { maxLength: 12 }).map((lines) =>
  lines.map((line) => `${line}\n`).join("")
);

Deno.test("what is kept and removed is the old text, what is kept and added the new one", () => {
  fc.assert(fc.property(text, text, (before, after) => {
    const lines = diffLines(before, after);
    const side = (kind: "removed" | "added") =>
      lines.filter((line) => line.kind === "same" || line.kind === kind).map((line) => `${line.text}\n`).join("");
    assertEquals(side("removed"), before);
    assertEquals(side("added"), after);
    const numbers = lines.map((line) => line.before).filter((number) => number !== null);
    assertEquals(numbers, numbers.map((_, index) => index + 1));
  }));
});

Deno.test("a change of one line is one line removed and one added", () => {
  const before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
  const folded = foldDiff(diffLines(before, before.replace("8", "eight")));
  assertEquals(folded.map((line) => line.kind === "gap" ? line.lines : `${line.kind[0]}${line.text}`), [
    4,
    "s5",
    "s6",
    "s7",
    "r8",
    "aeight",
    "s9",
  ]);
});

Deno.test("two files that are too large to compare are shown as one out and one in", () => {
  const many = (word: string) => Array.from({ length: 3_000 }, (_, index) => `${word}${index}`).join("\n");
  const lines = diffLines(many("a"), many("b"));
  assert(lines.length === 6_000 && lines[0]!.kind !== "same");
});
