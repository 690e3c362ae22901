import { assert, assertEquals } from "@std/assert";
import { AppError } from "../../../model/errors.ts";
import { domainActions, domainStates } from "../../../server/dto.ts";
import { judgeAction, judgeUndefine, permissionsOf } from "../../../server/services/domain_rules.ts";

Deno.test("for every action in every state there is one verdict, and whoever may not is told why", () => {
  for (const state of domainStates) {
    const permissions = permissionsOf(state, true);
    for (const action of domainActions) {
      const verdict = judgeAction(action, state, "vm");
      const { allowed, reason } = permissions[action];
      assertEquals(allowed, verdict === "go", `${action} in ${state}`);
      assertEquals(reason === null, allowed, `${action} in ${state}: ${reason}`);
      if (verdict instanceof AppError) assert(verdict.code === "conflict" && (verdict.hint ?? "").length > 0);
    }
  }
});

Deno.test("the usual way of a VM through its states is legal, its shortcuts are not", () => {
  assertEquals(judgeAction("start", "shutoff", "vm"), "go");
  assertEquals(judgeAction("start", "running", "vm"), "done");
  assertEquals(judgeAction("shutdown", "shutdown", "vm"), "done");
  assertEquals(judgeAction("resume", "pmsuspended", "vm"), "go");
  assertEquals(judgeAction("destroy", "crashed", "vm"), "go");
  assert(judgeAction("start", "paused", "vm") instanceof AppError);
  assert(judgeAction("reboot", "shutoff", "vm") instanceof AppError);
});

Deno.test("only a VM that is off and defined can be deleted", () => {
  assert(judgeUndefine("shutoff", true).allowed);
  for (const state of domainStates.filter((each) => each !== "shutoff" && each !== "nostate")) {
    assert(!judgeUndefine(state, true).allowed, state);
  }
  assert(!judgeUndefine("shutoff", false).allowed);
});
