import { lastStage } from "../../provision/guest_install/agent.ts";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { asPng } from "../../provision/guest_install/picture.ts";
import { type Act, beginWatch, happen, type Happening, type Watch } from "../../provision/guest_install/watch.ts";
import { type Stage, stages } from "../../provision/unattend/stages.ts";

const minuteMs = 60_000;

/** Happenings at their minutes; what was done, and how it stands. */
function play(
  ...events: readonly (readonly [atMinute: number, happening: Happening])[]
): { watch: Watch; acts: Act[] } {
  let watch = beginWatch(0);
  const acts: Act[] = [];
  for (const [atMinute, happening] of events) {
    const result = happen(watch, atMinute * minuteMs, happening);
    watch = result.watch;
    acts.push(...result.acts);
  }
  return { watch, acts };
}

const stage = (name: Stage): Happening => ({ type: "stage", stage: name });
const tick: Happening = { type: "tick" };
const screen = (digest: string): Happening => ({ type: "screen", digest });

Deno.test("a key is pressed until the guest speaks, and never after its first restart", () => {
  assertEquals(play([0, tick], [0.1, tick]).acts, ["press-key", "press-key"]);
  assertEquals(play([0, stage("winpe")], [0.1, tick]).acts, ["keep-picture"]);
  assertEquals(play([0, { type: "restarted" }], [0.1, tick]).acts, []);
});

Deno.test("a still screen ends a stage's patience, a moving one stretches it", () => {
  const still = play([1, stage("winpe")], [2, screen("a")], [11.9, tick], [12.1, tick]);
  assert(still.watch.outcome?.kind === "failed");
  assertEquals(
    still.watch.outcome.why,
    'It is stuck at "Windows PE has started and found the answer medium": nothing has moved on its screen for 10 minutes',
  );
  const moving = Array.from({ length: 28 }, (_, at) => [at + 2, screen(`${at}`)] as const);
  assertEquals(play([1, stage("winpe")], ...moving, [30.9, tick]).watch.outcome, null);
  assert(play([1, stage("winpe")], ...moving, [31.1, tick]).watch.outcome !== null);
});

Deno.test("before the guest says anything it is stuck as well", () => {
  const { watch } = play([10.1, tick]);
  assert(watch.outcome?.kind === "failed");
  assertEquals(watch.outcome.why.startsWith("It is stuck before the guest said anything"), true);
});

Deno.test("a stage of before, told again, takes nothing back", () => {
  const { watch } = play([1, stage("winpe")], [2, stage("specialize")], [3, stage("winpe")], [4, stage("specialize")]);
  assertEquals([watch.stage, watch.stageSinceMs], ["specialize", 2 * minuteMs]);
});

Deno.test("what ends well and what does not", () => {
  assertEquals(play([1, stage("done")]).watch.outcome, { kind: "done", withErrors: false });
  assertEquals(play([1, stage("done-with-errors")]).watch.outcome, { kind: "done", withErrors: true });
  const retry = (name: Stage) => {
    const { outcome } = play([1, stage(name)]).watch;
    return outcome?.kind === "failed" ? outcome.retry : "well";
  };
  assertEquals([retry("drivers-missing"), retry("disk-not-empty")], ["drivers", null]);
  const tools = play([1, stage("guest-tools")], [30, tick]).watch.outcome;
  assert(tools?.kind === "failed");
  assertEquals(tools.retry, "drivers");
});

Deno.test("a guest that is off goes on, three times; one that crashed or said nothing does not", () => {
  const off: Happening = { type: "off", crashed: false };
  const three = play([1, stage("winpe")], [2, off], [3, off], [4, off]);
  assertEquals([three.watch.outcome, three.acts.filter((act) => act === "start").length], [null, 3]);
  assertEquals(play([1, stage("winpe")], [2, off], [3, off], [4, off], [5, off]).watch.outcome?.kind, "failed");
  assertEquals(play([1, off]).watch.outcome?.kind, "failed");
  assertEquals(play([1, stage("winpe")], [2, { type: "off", crashed: true }]).watch.outcome?.kind, "failed");
});

Deno.test("after its end nothing happens any more", () => {
  assertEquals(play([1, stage("done")], [100, tick], [101, { type: "off", crashed: true }]).watch.timeline.length, 2);
});

Deno.test("whatever a guest does, the watch ends, and keeps little", () => {
  const happening = fc.oneof(
    fc.constantFrom(...Object.keys(stages) as Stage[]).map(stage),
    fc.string().map(screen),
    fc.constant<Happening>({ type: "restarted" }),
    fc.boolean().map((crashed): Happening => ({ type: "off", crashed })),
    fc.constant(tick),
  );
  fc.assert(fc.property(fc.array(fc.tuple(happening, fc.nat(600_000)), { maxLength: 600 }), (events) => {
    let watch = beginWatch(0);
    let atMs = 0;
    for (const [one, afterMs] of events) {
      atMs += afterMs;
      const { watch: next, acts } = happen(watch, atMs, one);
      if (watch.outcome !== null) assertEquals([next, acts], [watch, []]);
      watch = next;
    }
    assert(watch.timeline.length <= 501);
    // Every stage once, each with its longest patience: after that it is over.
    const end = happen(watch, atMs + 24 * 60 * minuteMs, tick).watch;
    assert(end.outcome !== null);
  }));
});

Deno.test("asPng() makes a picture that others read, and refuses what is none", async () => {
  const head = new TextEncoder().encode("P6\n3 2\n255\n");
  const pixels = Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 8, 7, 255, 255, 255, 0, 0, 0);
  const png = asPng(Uint8Array.of(...head, ...pixels));
  assert(png !== null);
  assertEquals(asPng(png), png);
  const { inflateSync } = await import("node:zlib");
  const at = new TextDecoder("latin1").decode(png).indexOf("IDAT") + 4;
  const length = new DataView(png.buffer).getUint32(at - 8);
  const rows = inflateSync(png.subarray(at, at + length));
  assertEquals([rows[0], ...rows.subarray(1, 10)], [2, ...pixels.subarray(0, 9)]);
  assertEquals(rows[10], 2);
  assertEquals([...rows.subarray(11)].map((value, index) => (value + pixels[index]!) & 255), [...pixels.subarray(9)]);
  assertEquals(asPng(new TextEncoder().encode("P6\n3 2\n255\nshort")), null);
  assertEquals(asPng(new TextEncoder().encode("<html>")), null);
});

Deno.test("the guest agent is a sign of life and told once; a watch begun in the middle presses no key", () => {
  let watch = beginWatch(0, true);
  assertEquals(watch.timeline.map(({ text }) => text), ["watched again: it runs already"]);
  assertEquals(happen(watch, 1000, { type: "tick" }).acts, [], "a key would go into whatever it shows");
  watch = happen(watch, 9 * minuteMs, { type: "agent" }).watch;
  watch = happen(watch, 9.5 * minuteMs, { type: "agent" }).watch;
  assertEquals(watch.timeline.filter(({ text }) => text === "QEMU's guest agent answers").length, 1);
  assertEquals(happen(watch, 18 * minuteMs, { type: "tick" }).watch.outcome, null, "it was alive nine minutes ago");
  const done = happen(watch, 19 * minuteMs, { type: "stage", stage: "done" }).watch.outcome;
  assertEquals(done, { kind: "done", withErrors: false });
});

Deno.test("the last stage of the guest's log counts, and whatever else a guest answers is none", () => {
  const log = (...lines: readonly string[]) => btoa(lines.join("\r\n"));
  assertEquals(
    lastStage(log("2026-11-29 10:00:00Z stage first-logon", "2026-11-29 10:05:00Z starting x.exe /install", "")),
    "first-logon",
  );
  assertEquals(lastStage(log("2026-11-29 10:00:00Z stage guest-tools", "2026-11-29 10:20:00Z stage done")), "done");
  for (
    const odd of ["", "not base64 ***", log("stage nonsense"), log("2026 stage constructor"), btoa("\xff\xfe\0\0")]
  ) {
    assertEquals(lastStage(odd), null, odd);
  }
});
