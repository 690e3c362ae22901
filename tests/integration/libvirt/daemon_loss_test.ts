import { assert, assertEquals, assertRejects } from "@std/assert";
import { type ConnectionChange, LibvirtError, open, reconnecting } from "../../../libvirt/mod.ts";
import { withPrivateLibvirtd } from "../private_libvirtd.ts";
import { guestXml } from "./guest_xml.ts";

async function next<K extends ConnectionChange["kind"]>(
  changes: AsyncGenerator<ConnectionChange, void>,
  kind: K,
): Promise<Extract<ConnectionChange, { kind: K }>> {
  const { value } = await changes.next();
  assertEquals(value?.kind, kind);
  return value as Extract<ConnectionChange, { kind: K }>;
}

Deno.test("a daemon that is killed and started again is noticed once each, and its guest lives on", async () => {
  await withPrivateLibvirtd(async (daemon) => {
    const stop = new AbortController();
    const changes = reconnecting(daemon.uri(), { signal: stop.signal, minDelayMs: 10, maxDelayMs: 100 });
    const { connection: first } = await next(changes, "connected");
    const guest = await first.createDomain(guestXml({ name: "survivor" }));
    const events = await first.subscribe();
    assert(events.unsupported.every((kind) => kind === "domain.nic-mac-change"), events.unsupported.join());

    const disconnected = next(changes, "disconnected");
    await daemon.kill9();
    assertEquals((await disconnected).reason.code, "VIR_ERR_INVALID_CONN");
    await assertRejects(() => events.next(), LibvirtError, "lost");
    assertEquals((await events.next()).done, true);
    await assertRejects(() => guest.state(), LibvirtError, "lost");
    assertEquals(await daemon.guestCount(), 1);

    const connected = next(changes, "connected");
    await daemon.restart();
    const { connection: second } = await connected;
    const again = await second.listDomainsWithState();
    assertEquals(again.map(({ domain, state }) => [domain.uuid, state]), [[guest.uuid, "running"]]);

    const over = changes.next();
    stop.abort();
    assertEquals((await over).done, true);
    assertEquals(second.isOpen, false);
  });
});

Deno.test("a daemon killed in the middle of calls fails them all", async () => {
  await withPrivateLibvirtd(async (daemon) => {
    await using connection = await open(daemon.uri());
    const calls = Promise.allSettled(Array.from({ length: 500 }, () => connection.capabilities()));
    await daemon.kill9();
    const failed = (await calls).flatMap((call) => call.status === "rejected" ? [call.reason] : []);
    assert(failed.length > 0);
    assert(failed.every((error) => error instanceof LibvirtError && error.isConnectionLost));
  });
});

Deno.test("calls to a daemon that hangs time out, and work again when it goes on", async () => {
  await withPrivateLibvirtd(async (daemon) => {
    await using connection = await open(daemon.uri());
    await daemon.freeze();
    const impatient = connection.with({ timeoutMs: 50 });
    const calls = await Promise.allSettled(Array.from({ length: 10 }, () => impatient.hostname()));
    for (const call of calls) {
      assert(call.status === "rejected" && call.reason instanceof LibvirtError);
      assertEquals(call.reason.code, "VIR_ERR_OPERATION_TIMEOUT");
    }
    await daemon.thaw();
    assertEquals(typeof await connection.hostname(), "string");
  });
});

Deno.test("a daemon that hangs for good is given up by keepalive", async () => {
  await withPrivateLibvirtd(async (daemon) => {
    await using connection = await open(daemon.uri(), { keepalive: { intervalMs: 20, count: 3 } });
    await daemon.freeze();
    await assertRejects(() => connection.hostname(), LibvirtError, "keepalive");
    await daemon.thaw();
  });
});

Deno.test("faults that time does not heal end reconnecting at once", async () => {
  const error = await assertRejects(() => reconnecting("qemu+tcp://host/system").next(), LibvirtError);
  assertEquals(error.code, "VIR_ERR_NO_SUPPORT");
});

Deno.test("reconnecting tells once that nobody is there, however often it tries", async () => {
  const stop = new AbortController();
  const changes = reconnecting("qemu:///system?socket=/nowhere", { signal: stop.signal, minDelayMs: 1, maxDelayMs: 2 });
  assertEquals((await next(changes, "disconnected")).reason.code, "VIR_ERR_NO_CONNECT");
  const over = changes.next();
  setTimeout(() => stop.abort(), 50);
  assertEquals((await over).done, true);
});
