/**
 * The real program on a real disk, killed with SIGKILL inside a system call that changes something: strace injects the
 * signal at the Nth call of a kind, so every point can be named and tried again. A dozen points each for apply and
 * rollback, evenly spread; NEURON_KILL_POINTS=all tries every one (about ten minutes).
 * What a power cut does beyond a kill, losing what was not fsynced, is tried in tests/unit/engine/faults_test.ts.
 */
import { assert, assertEquals } from "@std/assert";
import { layOutHost } from "../../fixtures/hosts.ts";
import { call, plannedChanges } from "./command_line.ts";
import { differences, snapshot } from "./trees.ts";

const changing = "rename,fsync,write,unlink,mkdir,rmdir,chmod,symlink,ftruncate";
const main = new URL("../../../main.ts", import.meta.url).pathname;
const random = "/etc/neuron/tls/server.pem";

interface Machine {
  readonly root: string;
  readonly where: readonly string[];
}

/** Runs the program under strace. Its main thread makes every journaled call. */
async function traced(args: readonly string[], options: { log?: string; kill?: string }): Promise<Deno.CommandStatus> {
  const inject = options.kill === undefined ? [] : ["-e", `inject=${options.kill}`];
  const child = new Deno.Command("strace", {
    args: [
      ...["-f", "-qq", "-e", `trace=${changing}`, "-e", "signal=none", ...inject, "-o", options.log ?? "/dev/null"],
      ...[Deno.execPath(), "run", "--allow-all", "--no-check", "--no-code-cache", "--cached-only", main, ...args],
    ],
    stdout: "null",
    stderr: "null",
  });
  try {
    return await child.spawn().status;
  } catch (error) {
    throw new Error("strace is needed: apt install strace", { cause: error });
  }
}

async function copyOf(template: string, folder: string, name: string): Promise<Machine> {
  const { success } = await new Deno.Command("cp", { args: ["-a", template, `${folder}/${name}`] }).output();
  assert(success);
  return { root: `${folder}/${name}`, where: ["--root", `${folder}/${name}`, "--state", `${folder}/${name}.state`] };
}

function discard({ root }: Machine): void {
  for (const path of [root, `${root}.state`]) Deno.removeSync(path, { recursive: true });
}

/** `fsync:17` and so on: every changing call of the main thread, in their order. */
function pointsOf(log: string): string[] {
  const lines = Deno.readTextFileSync(log).split("\n").map((line) => /^(\d+) +(\w+)\(/.exec(line)).filter((m) =>
    m !== null
  );
  const counts = new Map<string, number>();
  return lines.filter(([, pid]) => pid === lines[0]![1]).map(([, , name]) => {
    const count = (counts.get(name!) ?? 0) + 1;
    counts.set(name!, count);
    return `${name}:signal=KILL:when=${count}`;
  });
}

function chosen(points: readonly string[]): readonly string[] {
  if (Deno.env.get("NEURON_KILL_POINTS") === "all") return points;
  return Array.from({ length: 12 }, (_, i) => points[Math.floor(((i + 0.5) * points.length) / 12)]!);
}

/** The key is a new one each time, and files made anew are younger. */
function essential(tree: ReadonlyMap<string, string>): Map<string, string> {
  return new Map(
    [...tree].map(([path, line]) => [path, path === random ? "made" : line.replace(/ \d+(\.\d+)? \{/, " {")]),
  );
}

Deno.test("killed inside any changing call of apply or rollback, the next run ends as if nothing had happened", async () => {
  const folder = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "kill-" }));
  try {
    const template = `${folder}/template`;
    await layOutHost("intel-z690-rx6650xt", template);
    const original = snapshot(template);

    const first = await copyOf(template, folder, "uninterrupted");
    await traced(["apply", ...first.where, "--yes"], { log: `${folder}/apply.log` });
    const goal = essential(snapshot(first.root));
    await traced(["rollback", ...first.where, "--yes"], { log: `${folder}/rollback.log` });
    assertEquals(differences(original, snapshot(first.root)), []);
    const [applyPoints, rollbackPoints] = [pointsOf(`${folder}/apply.log`), pointsOf(`${folder}/rollback.log`)];
    assert(
      applyPoints.length > 100 && rollbackPoints.length > 50,
      `${applyPoints.length}, ${rollbackPoints.length} points`,
    );

    let killed = 0;
    for (const kill of chosen(applyPoints)) {
      const machine = await copyOf(template, folder, "machine");
      if ((await traced(["apply", ...machine.where, "--yes"], { kill })).signal === "SIGKILL") killed++;
      const again = await call("apply", ...machine.where, "--yes");
      assertEquals(again.code, 3, `apply after ${kill}: ${again.stderr}`);
      assertEquals(differences(goal, essential(snapshot(machine.root))), [], `apply after ${kill}`);
      assertEquals(await plannedChanges(...machine.where), [], `plan after ${kill}`);
      assertEquals((await call("rollback", ...machine.where, "--yes")).code, 0);
      assertEquals(differences(original, snapshot(machine.root)), [], `rollback after ${kill}`);
      discard(machine);
    }
    for (const kill of chosen(rollbackPoints)) {
      const machine = await copyOf(template, folder, "machine");
      assertEquals((await call("apply", ...machine.where, "--yes")).code, 3);
      if ((await traced(["rollback", ...machine.where, "--yes"], { kill })).signal === "SIGKILL") killed++;
      assertEquals((await call("rollback", ...machine.where, "--yes")).code, 0, `rollback after ${kill}`);
      assertEquals(differences(original, snapshot(machine.root)), [], `rollback after ${kill}`);
      discard(machine);
    }
    assert(killed >= 16, `only ${killed} runs were really killed`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
