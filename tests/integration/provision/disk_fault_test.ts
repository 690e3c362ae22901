/**
 * The real program on a disk that fails: one call, or that call and all after it, with no space, an I/O error or a
 * read-only file system. What was changed is taken back, the message names a cure, and the next run ends as if nothing
 * had happened. Points are spread over all calls; NEURON_KILL_POINTS=all tries every one.
 * Errors of write(2) come from a disk that is really full: an injected one would also hit what Deno's threads write to
 * each other.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { layOutHost } from "../../fixtures/hosts.ts";
import { call, plannedChanges } from "./command_line.ts";
import { chosen, copyOf, discard, type Machine, pointsOf, traced } from "./traced.ts";
import { differences, essential, snapshot } from "./trees.ts";

const errors = ["ENOSPC", "EIO", "EROFS"] as const;

/** Whatever it was, the machine is as it was or the next run makes it so, and rolls it back. */
async function endsWell(
  machine: Machine,
  goal: ReadonlyMap<string, string>,
  original: ReadonlyMap<string, string>,
  what: string,
) {
  const again = await call("apply", ...machine.where, "--yes");
  assertEquals(again.code, 3, `apply after ${what}: ${again.stderr}`);
  assertEquals(differences(goal, essential(snapshot(machine.root))), [], `apply after ${what}`);
  assertEquals(await plannedChanges(...machine.where), [], `plan after ${what}`);
  assertEquals((await call("rollback", ...machine.where, "--yes")).code, 0);
  assertEquals(differences(original, snapshot(machine.root)), [], `rollback after ${what}`);
}

Deno.test("a disk that fails in any call leaves what was there, or what the next run finishes", async () => {
  const folder = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "fault-" }));
  try {
    const template = `${folder}/template`;
    await layOutHost("intel-z690-rx6650xt", template);
    const original = snapshot(template);
    const first = await copyOf(template, folder, "uninterrupted");
    await traced(["apply", ...first.where, "--yes"], { log: `${folder}/apply.log` });
    const goal = essential(snapshot(first.root));

    const points = pointsOf(`${folder}/apply.log`).filter((point) => point.call !== "write");
    assert(points.length > 80, `${points.length} points`);
    let failed = 0;
    for (const [index, { call: name, count }] of chosen(points, 6).entries()) {
      const error = errors[index % errors.length]!;
      for (const forGood of ["", "+"]) {
        const what = `${name}:error=${error}:when=${count}${forGood}`;
        const machine = await copyOf(template, folder, "machine");
        const { code, stderr } = await traced(["apply", ...machine.where, "--yes"], { inject: what });
        if (code === 1) {
          failed++;
          assertMatch(stderr, /^error: [^\n]+\nhint: [^\n]+\n$/, what);
          // A disk that recovered lets the way back end; one that failed for good leaves it to the next run.
          if (forGood === "") assertEquals(differences(original, snapshot(machine.root)), [], `unwound after ${what}`);
        } else assertEquals(code, 3, `${what}: ${stderr}`);
        await endsWell(machine, goal, original, what);
        discard(machine);
      }
    }
    assert(failed >= 8, `only ${failed} runs really failed`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("a disk that is full after any number of bytes leaves what was there", async () => {
  const folder = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "full-" }));
  const mount = `${folder}/small`;
  const run = async (program: string, ...args: string[]) => {
    const { success, stderr } = await new Deno.Command(program, { args }).output();
    assert(success, `${program} ${args.join(" ")}: ${new TextDecoder().decode(stderr)} (it needs root)`);
  };
  Deno.mkdirSync(mount);
  try {
    const template = `${folder}/template`;
    await layOutHost("intel-z690-rx6650xt", template);
    const original = snapshot(template);
    const first = await copyOf(template, folder, "uninterrupted");
    assertEquals((await call("apply", ...first.where, "--yes")).code, 3);
    const goal = essential(snapshot(first.root));

    let failed = 0;
    for (const pages of chosen(Array.from({ length: 48 }, (_, index) => index), 6)) {
      await run("mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", mount);
      try {
        const machine = await copyOf(template, mount, "machine");
        const { blocksUsed } = await usage(mount);
        await run("mount", "-o", `remount,size=${(blocksUsed + pages) * 4}k`, mount);
        const full = await call("apply", ...machine.where, "--yes");
        if (full.code === 1) {
          failed++;
          assertMatch(full.stderr, /No space left|no space/i, `${pages} pages`);
          assertEquals(differences(original, snapshot(machine.root)), [], `${pages} free pages`);
        } else assertEquals(full.code, 3, full.stderr);
        await run("mount", "-o", "remount,size=64m", mount);
        await endsWell(machine, goal, original, `${pages} free pages`);
      } finally {
        await run("umount", mount);
      }
    }
    assert(failed >= 4, `only ${failed} runs met a full disk`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

/** Pages of 4 KiB in use, as statfs(2) says. */
async function usage(path: string): Promise<{ blocksUsed: number }> {
  const { stdout } = await new Deno.Command("stat", { args: ["--file-system", "--format=%S %b %f", path] }).output();
  const [size, total, free] = new TextDecoder().decode(stdout).trim().split(" ").map(Number) as [
    number,
    number,
    number,
  ];
  return { blocksUsed: (total - free) * size / 4096 };
}
