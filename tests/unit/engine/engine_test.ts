import { assert, assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../../model/errors.ts";
import { apply, type ApplyEvent, isRebootNeeded, plan, rollback, status, verify } from "../../../provision/engine.ts";
import { fakeHost } from "../../../provision/host/fake.ts";
import type { Step } from "../../../provision/step.ts";
import { applyTo, type Machine, newMachine, open, rollBack, spec, steps, treeOf } from "./machine.ts";

const planOf = async (machine: Machine) => (await plan(open(machine), steps, spec, "host")).plan;
const changesOf = async (machine: Machine) =>
  (await planOf(machine)).steps.flatMap(({ changes }) => changes.map(({ action, target }) => `${action} ${target}`));

Deno.test("plan only reads, and says the same twice", async () => {
  const machine = newMachine("running machine");
  const before = machine.disk.snapshot();
  assertEquals(await planOf(machine), await planOf(machine));
  assertEquals(machine.disk.snapshot(), before);
});

Deno.test("a command that two steps want runs once, after the later one", async () => {
  const machine = newMachine("running machine");
  await applyTo(machine);
  assertEquals(machine.ran, ["derive", "start"]);
});

Deno.test("a shared command keeps its place in the later step: behind what that one lists before it", async () => {
  const machine = newMachine("running machine");
  const command = (id: string) => ({ id, argv: [id] as const, reason: "r", due: true, derives: [] });
  const step = (name: Step["name"], ids: readonly string[]): Step => ({
    name,
    title: name,
    phase: "host",
    inspect: () => Promise.resolve(null),
    wants: () => ({ nodes: [], commands: ids.map(command) }),
    verify: () => [],
  });
  const two = [step("libvirt", ["reload"]), step("trial_boot", ["stop", "reload"])];
  const { work } = await plan(open(machine), two, spec, "host");
  assertEquals(work.map(({ change }) => change.target), ["stop", "reload"]);
});

Deno.test("after apply there is nothing to change, also without the state folder", async () => {
  for (const kind of ["running machine", "copy"] as const) {
    const machine = newMachine(kind);
    await applyTo(machine);
    assertEquals(await changesOf(machine), []);
    const forgetful = fakeHost(machine.disk, { root: kind === "copy" ? "/machine" : "/", state: "/elsewhere" });
    assertEquals((await plan(forgetful, steps, spec, "host")).work, []);
  }
});

Deno.test("an altered file comes back as one change on a copy, with its command on a running machine", async () => {
  const copy = newMachine("copy");
  await applyTo(copy);
  copy.disk.put("/machine/etc/a/b/new", "altered\n");
  assertEquals(await changesOf(copy), ["update /etc/a/b/new"]);
  const running = newMachine("running machine");
  await applyTo(running);
  running.disk.put("/etc/a/b/new", "altered\n");
  assertEquals(await changesOf(running), ["update /etc/a/b/new", "run derive"]);
});

Deno.test("on a running machine a file of another user is taken over, and rollback gives it back", async () => {
  const machine = newMachine("running machine");
  machine.disk.lchown("/etc/replaced", 1234, 1234);
  const before = machine.disk.snapshot("/state");
  await applyTo(machine);
  assertEquals(open(machine).stat("/etc/replaced")?.uid, 0);
  machine.disk.lchown("/etc/key", 1234, 1234);
  assertEquals(await changesOf(machine), ["update /etc/key"]);
  await applyTo(machine);
  assertEquals([open(machine).stat("/etc/key")?.uid, open(machine).stat("/etc/key")?.gid], [0, 0]);
  await rollBack(machine);
  assertEquals(machine.disk.snapshot("/state"), before);
});

Deno.test("apply stops when the machine moved since the plan was shown", async () => {
  const machine = newMachine("running machine");
  const { digest } = await planOf(machine);
  machine.disk.put("/etc/replaced", "somebody was faster\n");
  const before = treeOf(machine);
  const options = { steps, spec, phase: "host", origin: null, tell: () => {}, digest } as const;
  const error = await assertRejects(() => apply(open(machine), options), AppError);
  assertEquals(error.code, "plan-changed");
  assertEquals(treeOf(machine), before);
});

Deno.test("every blocker of every step is told at once, and nothing is written", async () => {
  const machine = newMachine("running machine");
  const blocking = (name: string, base: Step): Step => ({
    ...base,
    blockers: () => [{ code: name, severity: "blocker", title: `${name} is in the way`, hint: `remove ${name}` }],
  });
  const blocked = [blocking("one", steps[0]!), blocking("two", steps[2]!)];
  machine.disk.put("/etc/wants/unit/inside", "a folder where a link shall be");
  const before = machine.disk.snapshot("/state");
  const error = await assertRejects(
    () => apply(open(machine), { steps: blocked, spec, phase: "host", origin: null, tell: () => {} }),
    AppError,
  );
  for (const words of ["one is in the way", "two is in the way", "/etc/wants/unit"]) {
    assert(error.message.includes(words));
  }
  assert(error.hint?.includes("remove one") && error.hint.includes("remove two"));
  assertEquals(machine.disk.snapshot("/state"), before);
});

Deno.test("a failing command takes everything back, derived files included, and names itself", async () => {
  const machine = newMachine("running machine");
  const original = treeOf(machine);
  const events: ApplyEvent[] = [];
  const run = (argv: readonly string[]) => {
    if (argv[0] === "derive") machine.disk.replaceDurably("/boot/derived", "half");
    return argv[0] === "start" ? 3 : 0;
  };
  const host = fakeHost(machine.disk, { run });
  const error = await assertRejects(
    () => apply(host, { steps, spec, phase: "host", origin: null, tell: (event) => void events.push(event) }),
    AppError,
    "Cannot finish start: code 3",
  );
  assertEquals(error.code, "command-failed");
  assertEquals(treeOf(machine), original);
  assertEquals(events.at(-1)?.type, "rolled-back");
});

Deno.test("a step whose result is not what it wrote is taken back", async () => {
  const machine = newMachine("running machine");
  const original = treeOf(machine);
  const lying: Step = {
    ...steps[0]!,
    verify: () => [{ code: "no", severity: "blocker", title: "it does not work" }],
  };
  const error = await assertRejects(
    () => apply(open(machine), { steps: [lying], spec, phase: "host", origin: null, tell: () => {} }),
    AppError,
    "it does not work",
  );
  assertEquals(error.code, "verification-failed");
  assertEquals(treeOf(machine), original);
});

Deno.test("an interruption takes back what this run did, and exits as interrupted", async () => {
  const machine = newMachine("running machine");
  const original = treeOf(machine);
  const controller = new AbortController();
  const tell = (event: ApplyEvent) => void (event.type === "change-applied" && controller.abort());
  const error = await assertRejects(
    () => apply(open(machine), { steps, spec, phase: "host", origin: null, tell, signal: controller.signal }),
    AppError,
  );
  assertEquals(error.code, "interrupted");
  assertEquals(treeOf(machine), original);
});

Deno.test("a command that the same Ctrl-C ended counts as interrupted, not as failed", async () => {
  const machine = newMachine("running machine");
  const original = treeOf(machine);
  const controller = new AbortController();
  const host = fakeHost(machine.disk, {
    run: ([word]) => {
      if (word === "start") controller.abort();
      return word === "start" ? 130 : 0;
    },
  });
  const options = { steps, spec, phase: "host", origin: null, tell: () => {}, signal: controller.signal } as const;
  assertEquals((await assertRejects(() => apply(host, options), AppError)).code, "interrupted");
  assertEquals(treeOf(machine), original);
});

Deno.test("a second writer is refused while the first is at work", async () => {
  const machine = newMachine("running machine");
  using _lock = open(machine).state.lock();
  for (const work of [applyTo, rollBack]) {
    assertEquals((await assertRejects(() => work(machine), AppError)).code, "locked");
  }
});

Deno.test("rollback leaves alone what somebody changed, shows the difference, and takes back the rest", async () => {
  const machine = newMachine("running machine");
  const original = treeOf(machine);
  await applyTo(machine);
  machine.disk.put("/etc/a/b/new", "new\nand mine\n");
  const { kept } = await rollBack(machine);
  assertEquals(kept.map(({ target, reason }) => ({ target, reason })), [
    { target: "/etc/a/b/new", reason: "somebody changed it since" },
  ]);
  assert(kept[0]!.diff?.includes("+and mine"), kept[0]!.diff);
  const tree = treeOf(machine);
  assertEquals(tree["/etc/a/b/new"], "file 644 0:0 {} new\nand mine\n");
  assertEquals(tree["/etc/replaced"], original["/etc/replaced"]);
  machine.disk.put("/etc/a/b/new", "new\n");
  assertEquals((await rollBack(machine)).kept, []);
  // What is derived was made from the half that was back; now it is made from the whole.
  assertEquals({ ...treeOf(machine), "/boot/derived": "" }, { ...original, "/boot/derived": "" });
});

Deno.test("after several repairs a rollback still brings back the first original", async () => {
  const machine = newMachine("running machine");
  const original = treeOf(machine);
  for (const text of ["first\n", "second\n"]) {
    await applyTo(machine);
    machine.disk.put("/etc/replaced", text);
  }
  await applyTo(machine);
  await rollBack(machine);
  assertEquals(treeOf(machine), original);
});

Deno.test("rollback to a step keeps it, and runs shared commands for what is left", async () => {
  const machine = newMachine("running machine");
  const original = treeOf(machine);
  await applyTo(machine);
  await rollback(open(machine), steps, "kernel_parameters");
  const tree = treeOf(machine);
  assertEquals(tree["/etc/replaced"], original["/etc/replaced"]);
  assertEquals(tree["/etc/a/b/new"], "file 644 0:0 {} new\n");
  assertEquals(machine.ran, ["derive", "start", "stop", "derive"]);
  assert(tree["/boot/derived"]!.includes("new\n") && tree["/boot/derived"]!.includes("theirs"), tree["/boot/derived"]);
  await rollBack(machine);
  assertEquals({ ...treeOf(machine), "/boot/derived": "" }, { ...original, "/boot/derived": "" });
});

Deno.test("a derived file that was made anew since is derived again instead of restored", async () => {
  const machine = newMachine("running machine");
  await applyTo(machine);
  machine.disk.replaceDurably("/boot/derived", "by a kernel update");
  await rollBack(machine);
  assertEquals(machine.ran, ["derive", "start", "stop", "derive"]);
  assert(treeOf(machine)["/boot/derived"]!.includes("theirs"));
});

Deno.test("on a copy the inverse commands are recorded, and the plan is whole again after a rollback", async () => {
  const machine = newMachine("copy");
  const first = await changesOf(machine);
  await applyTo(machine);
  await rollBack(machine);
  const lines = new TextDecoder().decode(open(machine).state.read("commands.jsonl")!).trim().split("\n");
  assertEquals(lines.map((line) => JSON.parse(line).argv[0]), ["derive", "start", "stop", "derive"]);
  assertEquals(await changesOf(machine), first);
});

Deno.test("a damaged journal stops plan, apply and rollback by name", async () => {
  const machine = newMachine("running machine");
  await applyTo(machine);
  machine.disk.put("/state/journal.jsonl", "rubbish\nrubbish\n");
  for (const work of [planOf, applyTo, rollBack]) {
    assertEquals((await assertRejects(() => work(machine), AppError)).code, "journal-damaged");
  }
});

Deno.test("a damaged copy of an original is not restored", async () => {
  const machine = newMachine("running machine");
  await applyTo(machine);
  const saved = Object.keys(machine.disk.snapshot()).filter((path) => path.startsWith("/state/saved/"));
  for (const path of saved) machine.disk.put(path, "damaged");
  const before = treeOf(machine);
  assertEquals((await assertRejects(() => rollBack(machine), AppError)).code, "journal-damaged");
  assertEquals(treeOf(machine)["/etc/replaced"], before["/etc/replaced"]);
});

Deno.test("a reboot is needed until there was one", async () => {
  const machine = newMachine("running machine");
  machine.disk.put("/proc/sys/kernel/random/boot_id", "first\n");
  assertEquals((await applyTo(machine)).rebootNeeded, true);
  assertEquals((await applyTo(machine)).rebootNeeded, true);
  machine.disk.put("/proc/sys/kernel/random/boot_id", "second\n");
  assertEquals(isRebootNeeded(open(machine)), false);
  await rollBack(machine);
  assertEquals(isRebootNeeded(open(machine)), true, "what was effective is so until the next start");
});

Deno.test("verify names each path that is not as it shall be", async () => {
  const machine = newMachine("running machine");
  await applyTo(machine);
  assertEquals(await verify(open(machine), steps, spec, "written"), []);
  machine.disk.chmod("/etc/a/script", 0o644);
  const findings = await verify(open(machine), steps, spec, "written");
  assertEquals(findings.map(({ target, severity }) => ({ target, severity })), [
    { target: "/etc/a/script", severity: "blocker" },
  ]);
});

Deno.test("status lists what stands, and that a run was cut short", async () => {
  const machine = newMachine("running machine");
  assertEquals(status(open(machine)).standing, []);
  await applyTo(machine);
  const { standing, interrupted } = status(open(machine));
  assert(!interrupted);
  assertEquals(standing.find(({ target }) => target === "/etc/key"), {
    step: "initramfs",
    target: "/etc/key",
    halfDone: false,
  });
});
