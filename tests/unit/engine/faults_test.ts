/** Every failure at every call: the machine ends as it was or as it shall be, never between. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { AppError } from "../../../model/errors.ts";
import { failure } from "../../../provision/host/memory_disk.ts";
import { applyTo, countCalls, killAt, Killed, type Kind, newMachine, rollBack, treeOf } from "./machine.ts";

const kinds: readonly Kind[] = ["running machine", "copy"];

async function applied(kind: Kind) {
  const machine = newMachine(kind);
  const original = treeOf(machine);
  const calls = await countCalls(machine, applyTo);
  return { machine, original, goal: treeOf(machine), calls };
}

for (const kind of kinds) {
  Deno.test(`a failing call leaves a ${kind} as it was, and the next run finishes`, async () => {
    const { original, goal, calls } = await applied(kind);
    assert(calls > 100, `only ${calls} calls were made`);
    for (const code of ["ENOSPC", "EIO", "EROFS", "EACCES"]) {
      for (let n = 1; n <= calls; n++) {
        const machine = newMachine(kind);
        let at = 0;
        let failed = "";
        machine.disk.before = (call, path, changes) => {
          if (!changes || ++at !== n) return;
          failed = `${call} ${path}`;
          throw failure(code, path);
        };
        const error = await assertRejects(() => applyTo(machine), AppError);
        assertEquals(error.code, "file-access", `${failed}: ${error.message}`);
        assert(error.hint !== undefined, `${failed}: no hint`);
        machine.disk.before = () => {};
        assertEquals(withoutTemps(treeOf(machine)), original, `after ${code} at ${failed}`);
        await applyTo(machine);
        assertEquals(treeOf(machine), goal, `after ${code} at ${failed} and another run`);
        await rollBack(machine);
        assertEquals(treeOf(machine), original, `after ${code} at ${failed}, another run and a rollback`);
      }
    }
  });

  Deno.test(`a disk of a ${kind} that fails for good at any call loses nothing, and the next run finishes`, async () => {
    const { original, goal, calls } = await applied(kind);
    for (let n = 1; n <= calls; n++) {
      const machine = newMachine(kind);
      let at = 0;
      machine.disk.before = (_call, path, changes) => {
        if (changes && ++at >= n) throw failure("EIO", path);
      };
      await assertRejects(() => applyTo(machine), AppError);
      machine.disk.before = () => {};
      for (const [path, line] of Object.entries(withoutTemps(treeOf(machine)))) {
        assert(
          line === original[path] || line === goal[path],
          `${path} is torn after failures from call ${n} on: ${line}`,
        );
      }
      await applyTo(machine);
      assertEquals(treeOf(machine), goal, `failing from call ${n} on`);
      await rollBack(machine);
      assertEquals(treeOf(machine), original, `failing from call ${n} on, then rolled back`);
    }
  });

  Deno.test(`a state folder that is full from any call on keeps no file of a ${kind} from coming back`, async () => {
    const { original, goal, calls } = await applied(kind);
    for (let n = 1; n <= calls; n++) {
      const machine = newMachine(kind);
      let at = 0;
      machine.disk.before = (_call, path, changes) => {
        if (changes && ++at >= n && path.startsWith("/state/")) throw failure("ENOSPC", path);
      };
      const error = await applyTo(machine).then(() => null, (reason) => reason);
      machine.disk.before = () => {};
      if (error !== null) assertEquals(treeOf(machine), original, `full from call ${n} on`);
      await applyTo(machine);
      assertEquals(treeOf(machine), goal, `full from call ${n} on, then emptied`);
      await rollBack(machine);
      assertEquals(treeOf(machine), original, `full from call ${n} on, then rolled back`);
    }
  });

  for (const end of ["kill", "cutPower"] as const) {
    Deno.test(`a ${kind} survives ${end} at any call of apply: the next run ends as an uninterrupted one`, async () => {
      const { original, goal, calls } = await applied(kind);
      for (let n = 1; n <= calls; n++) {
        const machine = newMachine(kind);
        killAt(machine, n);
        await assertRejects(() => applyTo(machine), Killed);
        machine.disk[end]();
        await applyTo(machine);
        // Done means durable.
        machine.disk.cutPower();
        assertEquals(treeOf(machine), goal, `${end} at call ${n}`);
        await rollBack(machine);
        machine.disk.cutPower();
        assertEquals(treeOf(machine), original, `${end} at call ${n}, then finished and rolled back`);
      }
    });

    Deno.test(`a ${kind} survives ${end} at any call of apply: a rollback brings everything back`, async () => {
      const { original, calls } = await applied(kind);
      for (let n = 1; n <= calls; n++) {
        const machine = newMachine(kind);
        killAt(machine, n);
        await assertRejects(() => applyTo(machine), Killed);
        machine.disk[end]();
        await rollBack(machine);
        machine.disk.cutPower();
        assertEquals(treeOf(machine), original, `${end} at call ${n}`);
      }
    });

    Deno.test(`a ${kind} survives ${end} at any call of rollback: the next one finishes`, async () => {
      const { machine: first, original } = await applied(kind);
      const calls = await countCalls(first, rollBack);
      assertEquals(treeOf(first), original);
      for (let n = 1; n <= calls; n++) {
        const { machine } = await applied(kind);
        killAt(machine, n);
        await assertRejects(() => rollBack(machine), Killed);
        machine.disk[end]();
        await rollBack(machine);
        machine.disk.cutPower();
        assertEquals(treeOf(machine), original, `${end} at call ${n}`);
      }
    });
  }

  Deno.test(`a ${kind} survives any series of interrupted runs and rollbacks`, async () => {
    const { original, goal } = await applied(kind);
    const act = fc.record({
      work: fc.constantFrom("apply", "rollback"),
      callsUntilEnd: fc.integer({ min: 1, max: 220 }),
      end: fc.constantFrom("kill" as const, "cutPower" as const),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 5 }), async (acts) => {
        const machine = newMachine(kind);
        for (const { work, callsUntilEnd, end } of acts) {
          killAt(machine, callsUntilEnd);
          await (work === "apply" ? applyTo : rollBack)(machine).catch((error) => {
            if (!(error instanceof Killed)) throw error;
          });
          machine.disk[end]();
        }
        await applyTo(machine);
        machine.disk.cutPower();
        assertEquals(treeOf(machine), goal);
        await rollBack(machine);
        machine.disk.cutPower();
        assertEquals(treeOf(machine), original);
      }),
      { numRuns: 200 },
    );
  });
}

/** A temp file whose removal failed as well is swept by the next run. */
function withoutTemps(tree: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(tree).filter(([path]) => !path.endsWith(".neuron-tmp")));
}
