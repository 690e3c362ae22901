/** A block of ours in somebody else's file, and what they do to that file afterwards. */
import { assertEquals } from "@std/assert";
import { readShared, wantedBlock } from "../../../provision/block.ts";
import { apply, plan, rollback } from "../../../provision/engine.ts";
import { fakeHost } from "../../../provision/host/fake.ts";
import { MemoryDisk } from "../../../provision/host/memory_disk.ts";
import type { SharedFile } from "../../../provision/block.ts";
import type { Step } from "../../../provision/step.ts";
import { spec } from "./machine.ts";

const path = "/etc/default/grub";
const step: Step<SharedFile> = {
  name: "kernel_parameters",
  title: "a block in a file of the person's",
  phase: "host",
  inspect: (host) => Promise.resolve(readShared(host, path)),
  wants: (_spec, seen) => ({ nodes: [{ ...wantedBlock(seen, "kernel parameters", "A=1\n"), reason: "r" }] }),
  verify: () => [],
};

async function applied(theirs: string | null): Promise<MemoryDisk> {
  const disk = MemoryDisk.from({ "/etc/default/other": "", ...(theirs === null ? {} : { [path]: theirs }) });
  const options = { steps: [step], spec, phase: "host", origin: null, tell: () => {} } as const;
  await apply(fakeHost(disk), options);
  assertEquals((await plan(fakeHost(disk), [step], spec, "host")).work, []);
  return disk;
}

const text = (disk: MemoryDisk) => fakeHost(disk).readText(path);
const rollBack = (disk: MemoryDisk) => rollback(fakeHost(disk), [step], null);

Deno.test("a file nobody touched comes back byte for byte, also without a newline at its end", async () => {
  for (const theirs of ["quiet\n", "quiet", "", null]) {
    const disk = await applied(theirs);
    assertEquals((await rollBack(disk)).kept, []);
    assertEquals(text(disk), theirs);
  }
});

Deno.test("what somebody wrote before and behind our block since stays, only the block goes", async () => {
  const disk = await applied("quiet\n");
  disk.put(path, { text: `first\n${text(disk)}last\n`, mode: 0o600 });
  assertEquals((await rollBack(disk)).kept, []);
  assertEquals(text(disk), "first\nquiet\nlast\n");
  assertEquals(fakeHost(disk).stat(path)?.mode, 0o600, "their mode stays too");
});

Deno.test("a block that somebody took out themselves is taken back", async () => {
  const disk = await applied("quiet\n");
  disk.put(path, "mine alone\n");
  assertEquals((await rollBack(disk)).kept, []);
  assertEquals(text(disk), "mine alone\n");
});

Deno.test("a block that somebody edited is left alone and told", async () => {
  const disk = await applied("quiet\n");
  const edited = text(disk)!.replace("A=1", "A=2");
  disk.put(path, edited);
  assertEquals((await rollBack(disk)).kept.map(({ target }) => target), [path]);
  assertEquals(text(disk), edited);
});

Deno.test("killed at any call while only the block is taken out, the next rollback finishes", async () => {
  class Killed extends Error {}
  let calls = 0;
  for (let killedAt = 1; calls === 0; killedAt++) {
    const disk = await applied("quiet\n");
    disk.put(path, `${text(disk)}last\n`);
    let at = 0;
    disk.before = (_call, _path, changes) => {
      if (changes && ++at === killedAt) throw new Killed();
    };
    await rollBack(disk).then(() => calls = at, (error) => {
      if (!(error instanceof Killed)) throw error;
      disk.kill();
    });
    disk.before = () => {};
    assertEquals((await rollBack(disk)).kept, [], `killed at call ${killedAt}`);
    assertEquals(text(disk), "quiet\nlast\n", `killed at call ${killedAt}`);
  }
  assertEquals(calls > 5, true);
});
