import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../../model/errors.ts";
import { EventHub } from "../../../server/events.ts";
import { DomainService } from "../../../server/services/domains.ts";
import type { HypervisorSession } from "../../../server/services/hypervisor.ts";
import { FakeHypervisor } from "./fake_hypervisor.ts";

/** Tests end when the test ends: a promise that hangs would fail it by its leftover or by this deadline. */
async function soon<T>(promise: Promise<T>, what: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`Waited in vain for ${what}`)), 3_000);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function service(open: (uri: string) => Promise<HypervisorSession>, firstAnswerMs = 60_000) {
  const events = new EventHub({ heartbeatMs: 1_000_000 });
  const domains = new DomainService({ uri: "fake:///", open, events, now: Date.now, retryMs: [5, 10], firstAnswerMs });
  const end = async () => {
    events.close();
    await soon(domains.stop(), "the end");
  };
  return { domains, end };
}

Deno.test("the first list waits for the first answer", async () => {
  const hypervisor = new FakeHypervisor();
  hypervisor.add(1, "a");
  const reached = Promise.withResolvers<void>();
  const { domains, end } = service(async (uri) => {
    await reached.promise;
    return await hypervisor.open(uri);
  });
  domains.start();
  const list = domains.list();
  reached.resolve();
  assertEquals((await soon(list, "the list")).map((each) => each.name), ["a"]);
  await end();
});

Deno.test("with libvirt down at the start the first list comes at once, and the status says why it is empty", async () => {
  const hypervisor = new FakeHypervisor();
  hypervisor.reachable = false;
  const { domains, end } = service(hypervisor.open);
  domains.start();
  assertEquals(await soon(domains.list(), "the list"), []);
  assertEquals([domains.status.state, domains.status.problem?.message], ["disconnected", "nobody listens"]);
  await end();
});

Deno.test("a libvirt that accepts and stays silent makes the list an error, not an empty one", async () => {
  const { domains, end } = service(() => new Promise(() => {}), 20);
  domains.start();
  const error = await assertRejects(() => soon(domains.list(), "the list"), AppError, "has not answered yet");
  assertEquals(error.code, "hypervisor");
  await end();
});

Deno.test("ending during the wait ends the wait, and a connection that comes too late is closed", async () => {
  const late = Promise.withResolvers<HypervisorSession>();
  const { domains, end } = service(() => late.promise);
  domains.start();
  const list = domains.list();
  await end();
  assertEquals(await soon(list, "the list"), []);
  const closed = Promise.withResolvers<void>();
  const session = await new FakeHypervisor().open("fake:///");
  late.resolve({
    ...session,
    close: () => {
      closed.resolve();
      return Promise.resolve();
    },
  });
  await soon(closed.promise, "the late connection's end");
});
