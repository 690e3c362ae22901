/** Programs beside us and programs that are asked: whatever they write, little of it is kept, and none of them stays. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { AppError } from "../../../model/errors.ts";
import { askProgram, startChild } from "../../../provision/host/child.ts";

const limits = { timeoutMs: 300, mostBytes: 10_000 };
const gone = (pid: number) => {
  try {
    Deno.statSync(`/proc/${pid}`);
    return false;
  } catch {
    return true;
  }
};

Deno.test("of a running program the last lines are kept, each of them cut, however much it writes", async () => {
  const before = Deno.memoryUsage().rss;
  // Lines without end, and a line without an end: 400 MB each.
  for (const argv of [["sh", "-c", "yes 0123456789 | head -c 400000000"], ["head", "-c", "400000000", "/dev/zero"]]) {
    const child = startChild(argv as [string, ...string[]]);
    assertEquals(await child.ended, { code: 0, signal: null });
    const lines = child.lastLines();
    assert(lines.length <= 40 && lines.every((line) => line.length <= 500), `${lines.length}`);
  }
  const grown = Deno.memoryUsage().rss - before;
  assert(grown < 300_000_000, `${grown} bytes of 800,000,000`);
});

Deno.test("the last words of a program that ends at once are there when its end is told, from both streams", async () => {
  for (let round = 0; round < 20; round++) {
    const child = startChild(["sh", "-c", "echo out; echo err >&2; printf rest; exit 3"]);
    assertEquals((await child.ended).code, 3);
    assertEquals([...child.lastLines()].sort(), ["err", "out", "rest"]);
  }
});

Deno.test("stop: TERM, then KILL; a child of its own that keeps the streams open does not hold us up", async () => {
  const polite = startChild(["sh", "-c", "trap 'exit 7' TERM; while :; do sleep 0.01; done"]);
  const deaf = startChild(["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.01; done"]);
  const parent = startChild(["sh", "-c", "sleep 60 & echo $!; exit 0"]);
  while (deaf.lastLines().length === 0) await new Promise((wake) => setTimeout(wake, 5));
  assertEquals((await deaf.stop(50)).signal, "SIGKILL");
  const { code, signal } = await polite.stop(5000);
  // It may not have set its trap yet.
  assert(code === 7 || signal === "SIGTERM");
  assertEquals((await parent.ended).code, 0);
  Deno.kill(Number(parent.lastLines()[0]), "SIGKILL");
});

Deno.test("asked: the answer whole, cut, or too late, and the program gone in each case", async () => {
  assertEquals(await askProgram(["sh", "-c", "echo a; echo b >&2; exit 1"], limits).then(({ end }) => end), "ended");
  const long = await askProgram(["yes"], limits);
  assertEquals([long.end, long.text.length], ["too-long", 10_000]);
  const slow = await askProgram(["sh", "-c", "echo $$; exec sleep 60"], limits);
  assertEquals(slow.end, "too-slow");
  assert(gone(Number(slow.text)));
  // Silent, with its streams closed.
  const silent = await askProgram(["sh", "-c", "echo $$; exec sleep 60 >&- 2>&-"], limits);
  assertEquals(silent.end, "too-slow");
  assert(gone(Number(silent.text)));
});

Deno.test("a program that is not there or may not be executed is said", async () => {
  assertThrows(() => startChild(["/nowhere/client"]), AppError, "Cannot start /nowhere/client");
  const error = await assertRejects(() => askProgram(["/etc/passwd"], limits), AppError);
  assert(error.hint !== undefined);
});
