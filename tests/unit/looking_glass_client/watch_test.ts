/** When the client is started, started again, and when it is over. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  type Act,
  beginWatch,
  type Event,
  happen,
  howItEnded,
  mostCrashes,
  type Until,
} from "../../../provision/looking_glass_client/watch.ts";

const on: Event = { type: "vm", runs: true };
const off: Event = { type: "vm", runs: false };
const pauseOver: Event = { type: "pause-over" };
const ended = (how: "closed" | "crashed" | "refused", lastedMs = 100): Event => ({
  type: "client-ended",
  how,
  lastedMs,
});

function play(until: Until, waits: boolean, events: readonly Event[]): { outcome: string | null; acts: string[] } {
  let watch = beginWatch(until, waits);
  const acts: Act[] = [];
  for (const event of events) {
    const step = happen(watch, event);
    watch = step.watch;
    acts.push(...step.acts);
  }
  return { outcome: watch.outcome, acts: acts.map((act) => act.type === "pause" ? `pause ${act.ms}` : act.type) };
}

Deno.test("once: shown while the VM runs, and over with it or with the window", () => {
  assertEquals(play("once", false, [off]), { outcome: "vm-off", acts: [] });
  assertEquals(play("once", true, [off]), { outcome: null, acts: [] });
  assertEquals(play("once", true, [off, on, off, ended("closed")]), {
    outcome: "vm-stopped",
    acts: ["start-client", "stop-client"],
  });
  assertEquals(play("once", false, [on, ended("closed")]), { outcome: "closed", acts: ["start-client"] });
  assertEquals(play("once", false, [on, ended("refused")]), { outcome: "refused", acts: ["start-client"] });
  assertEquals(play("once", false, [on, ended("crashed"), off]), {
    outcome: "vm-stopped",
    acts: ["start-client", "pause 1000"],
  });
  // A daemon that is back tells again what is known.
  assertEquals(play("once", true, [off, off, off]), { outcome: null, acts: [] });
  assertEquals(play("once", false, [on, on, on]).acts, ["start-client"]);
});

Deno.test("follow: at each start of the VM again, also after the window was closed, and without end", () => {
  assertEquals(play("follow", false, [off, on, off, ended("crashed"), on, ended("closed"), on, off, on]), {
    outcome: null,
    acts: ["start-client", "stop-client", "start-client", "start-client"],
  });
  // A VM that is back before its old window has gone.
  assertEquals(play("follow", false, [on, off, on, ended("closed")]).acts, [
    "start-client",
    "stop-client",
    "start-client",
  ]);
});

Deno.test("crashes are answered more and more slowly and not for ever; one that was well for a minute starts anew", () => {
  const crash = [ended("crashed"), pauseOver];
  const all = play("once", false, [on, ...Array.from({ length: mostCrashes + 1 }, () => crash).flat()]);
  assertEquals(all.outcome, "gave-up");
  assertEquals(
    all.acts.filter((act) => act.startsWith("pause")),
    [1, 2, 4, 8, 16, 30, 30, 30].map((s) => `pause ${s}000`),
  );
  const well = play("once", false, [on, ...crash, ...crash, ended("crashed", 60_000)]);
  assertEquals(well.acts.at(-1), "pause 1000");
  assertEquals(
    play("follow", false, [on, ...crash, ...crash, off, ended("closed"), on, ended("crashed")]).acts.at(-1),
    "pause 1000",
  );
});

Deno.test("whatever happens in whatever order: one client at a time, none without the VM, none after the end", () => {
  const event = fc.constantFrom<Event>(on, off, pauseOver, ended("closed"), ended("crashed"), ended("refused"));
  fc.assert(
    fc.property(fc.constantFrom<Until>("once", "follow"), fc.boolean(), fc.array(event), (until, waits, events) => {
      let watch = beginWatch(until, waits);
      let up = false;
      let runs = false;
      for (const one of events) {
        if (one.type === "client-ended" && !up) continue;
        if (one.type === "vm") runs = one.runs;
        if (one.type === "client-ended") up = false;
        const over = watch.outcome !== null;
        const { watch: next, acts } = happen(watch, one);
        watch = next;
        for (const act of acts) {
          assert(!over);
          if (act.type === "start-client") {
            assert(!up && runs);
            up = true;
          } else assert(act.type !== "stop-client" || (up && !runs));
        }
      }
    }),
  );
});

Deno.test("how it ended: closed by the person, crashed, or refused what it was told", () => {
  const info = "00:00:00.000 [I]              main.c:1858 | main | Looking Glass (B7)";
  const error = "00:00:01.000 [E]           ivshmem.c:152  | ivshmemOpenDev | Failed to open: /dev/kvmfr0";
  assertEquals(howItEnded(0, null, [info, error]), "closed");
  // Closed before the guest has answered: no error, but a code.
  assertEquals(howItEnded(255, null, [info]), "closed");
  assertEquals(howItEnded(255, null, [info, error]), "crashed");
  assertEquals(howItEnded(255, null, []), "crashed");
  assertEquals(howItEnded(1, null, [info]), "crashed");
  assertEquals(howItEnded(139, "SIGSEGV", [info]), "crashed");
  assertEquals(howItEnded(255, null, [info, "Invalid value provided to the option: input:escapeKey"]), "refused");
});
