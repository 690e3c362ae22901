/**
 * The real program on a real disk, killed with SIGKILL inside a system call that changes something: strace injects the
 * signal at the Nth call of a kind, so every point can be named and tried again. A dozen points each for apply and
 * rollback, evenly spread; NEURON_KILL_POINTS=all tries every one (about ten minutes).
 * What a power cut does beyond a kill, losing what was not fsynced, is tried in tests/unit/engine/faults_test.ts.
 */
import { assert, assertEquals } from "@std/assert";
import { layOutHost } from "../../fixtures/hosts.ts";
import { call, plannedChanges } from "./command_line.ts";
import { chosen, copyOf, discard, pointsOf, traced } from "./traced.ts";
import { differences, essential, snapshot } from "./trees.ts";

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
    const [applyPoints, rollbackPoints] = ["apply", "rollback"].map((name) =>
      pointsOf(`${folder}/${name}.log`).map(({ call, count }) => `${call}:signal=KILL:when=${count}`)
    ) as [string[], string[]];
    assert(
      applyPoints.length > 100 && rollbackPoints.length > 50,
      `${applyPoints.length}, ${rollbackPoints.length} points`,
    );

    let killed = 0;
    for (const kill of chosen(applyPoints)) {
      const machine = await copyOf(template, folder, "machine");
      if ((await traced(["apply", ...machine.where, "--yes"], { inject: kill })).signal === "SIGKILL") killed++;
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
      if ((await traced(["rollback", ...machine.where, "--yes"], { inject: kill })).signal === "SIGKILL") killed++;
      assertEquals((await call("rollback", ...machine.where, "--yes")).code, 0, `rollback after ${kill}`);
      assertEquals(differences(original, snapshot(machine.root)), [], `rollback after ${kill}`);
      discard(machine);
    }
    assert(killed >= 16, `only ${killed} runs were really killed`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
