/** Progress as two terminals show it, with a clock that the test moves. */
import { assert, assertEquals } from "@std/assert";
import type { Terminal } from "../../../cli/command.ts";
import { type Clock, Progress } from "../../../cli/progress.ts";

class Hand implements Clock {
  ms = 0;
  readonly #ticks = new Set<{ readonly everyMs: number; readonly tick: () => void }>();
  nowMs = () => this.ms;
  every(everyMs: number, tick: () => void): () => void {
    const one = { everyMs, tick };
    this.#ticks.add(one);
    return () => void this.#ticks.delete(one);
  }
  go(ms: number): void {
    for (const end = this.ms + ms; this.ms < end;) {
      this.ms += 250;
      for (const { everyMs, tick } of [...this.#ticks]) if (this.ms % everyMs === 0) tick();
    }
  }
  get running(): number {
    return this.#ticks.size;
  }
}

function terminal(moves: boolean) {
  const lines: string[] = [];
  const drawn: string[] = [];
  const base: Terminal = {
    columns: 80,
    color: false,
    interactive: true,
    print: (line) => void lines.push(line),
    note: (line) => void lines.push(line),
  };
  return { lines, drawn, terminal: moves ? { ...base, redraw: (line: string) => void drawn.push(line) } : base };
}

const change = { type: "change-applied", step: "initramfs", action: "create", target: "/etc/x" } as const;
const begin = {
  type: "progress",
  what: `update-initramfs ${"x".repeat(99)}`,
  done: 1,
  total: 2,
  unit: "changes",
} as const;

Deno.test("where the cursor moves: one line with bar, count and seconds, gone before anything else is written", () => {
  const { terminal: shown, drawn, lines } = terminal(true);
  const clock = new Hand();
  const progress = new Progress(shown, 4, clock);
  progress.follow({ type: "step-started", step: "initramfs", changes: 2 });
  progress.follow(change);
  progress.follow(begin);
  assert(drawn[0]!.startsWith("  [#####---------------] 2 of 4  0 s  update-initramfs x"), drawn[0]);
  clock.go(65_000);
  assert(drawn.at(-1)!.includes("1 min 5 s"), drawn.at(-1));
  assert(drawn.every((line) => line.length < 80), "the last column stays free");
  progress.follow(change);
  assertEquals([drawn.at(-1), clock.running, lines], ["", 0, []]);
});

Deno.test("where it does not: a plain line after 10 and 30 seconds, then every minute", () => {
  const { terminal: shown, lines } = terminal(false);
  const clock = new Hand();
  const progress = new Progress(shown, 1, clock);
  progress.follow({ ...begin, what: "update-grub" });
  clock.go(9_000);
  assertEquals(lines, []);
  clock.go(180_000);
  assertEquals(
    lines,
    ["10 s", "30 s", "1 min 0 s", "2 min 0 s", "3 min 0 s"].map((time) => `  still running: update-grub (${time})`),
  );
  progress[Symbol.dispose]();
  assertEquals(clock.running, 0);
});

Deno.test("a plan that grows while it is applied never counts beyond its end", () => {
  const { terminal: shown, drawn } = terminal(true);
  const progress = new Progress(shown, 1, new Hand());
  progress.follow({ type: "step-started", step: "initramfs", changes: 1 });
  progress.follow(change);
  progress.follow({ type: "step-started", step: "libvirt", changes: 3 });
  progress.follow(begin);
  assert(drawn[0]!.includes("] 2 of 4 "), drawn[0]);
});
