import { assert, assertEquals, assertRejects } from "@std/assert";
import { LibvirtError, open } from "../../../libvirt/mod.ts";
import { KEEPALIVE_PROGRAM } from "../../../libvirt/protocol/rpc.gen.ts";
import { remoteProgram } from "../../../libvirt/protocol/remote.gen.ts";
import { frame } from "../../../libvirt/wire.ts";
import { type Client, type Message, withFakeDaemon } from "./fake_daemon.ts";

const HOSTNAME = remoteProgram.procedures["CONNECT_GET_HOSTNAME"]!.number;
const hostname = (name: string) => (writer: { string(value: string, bound: number): void }) => writer.string(name, 100);

Deno.test("replies find their calls whatever their order", async () => {
  const waiting: [Message, Client][] = [];
  const answer = async (message: Message, client: Client) => {
    waiting.push([message, client]);
    if (waiting.length < 4) return;
    for (const [each] of waiting.splice(0).reverse()) await client.reply(each, {}, hostname(`${each.serial}`));
  };
  await withFakeDaemon(answer, async ({ uri }) => {
    await using connection = await open(uri);
    const names = await Promise.all(Array.from({ length: 40 }, () => connection.hostname()));
    const serials = names.map(Number);
    assertEquals(serials, [...serials].sort((a, b) => a - b));
    assertEquals(new Set(serials).size, 40);
  });
});

Deno.test("the daemon is never given more calls at once than it reads", async () => {
  let unanswered = 0;
  let most = 0;
  const answer = (message: Message, client: Client) => {
    most = Math.max(most, ++unanswered);
    setTimeout(() => {
      unanswered--;
      client.reply(message, {}, hostname("x"));
    }, 1);
  };
  await withFakeDaemon(answer, async ({ uri }) => {
    await using connection = await open(uri);
    await Promise.all(Array.from({ length: 50 }, () => connection.hostname()));
    assertEquals(most, 4);
  });
});

Deno.test("a call that is not answered in time fails alone, and its late answer harms nobody", async () => {
  const late: (() => Promise<void>)[] = [];
  const answer = (message: Message, client: Client) =>
    late.length === 0
      ? void late.push(() => client.reply(message, {}, hostname("late")))
      : client.reply(message, {}, hostname("prompt"));
  await withFakeDaemon(answer, async ({ uri }) => {
    await using connection = await open(uri);
    const error = await assertRejects(() => connection.with({ timeoutMs: 30 }).hostname(), LibvirtError, "in time");
    assertEquals([error.code, error.procedure], ["VIR_ERR_OPERATION_TIMEOUT", "CONNECT_GET_HOSTNAME"]);
    await late[0]!();
    assertEquals(await connection.hostname(), "prompt");
  });
});

Deno.test("a signal gives a call up, at once when it has come before", async () => {
  await withFakeDaemon(() => {}, async ({ uri }) => {
    await using connection = await open(uri);
    const controller = new AbortController();
    const call = connection.with({ signal: controller.signal }).hostname();
    controller.abort(new Error("enough"));
    const error = await assertRejects(() => call, LibvirtError, "given up");
    assertEquals([error.code, (error.cause as Error).message], ["VIR_ERR_OPERATION_ABORTED", "enough"]);
    await assertRejects(() => connection.with({ signal: controller.signal }).hostname(), LibvirtError, "given up");
  });
});

Deno.test("a daemon that goes away fails every pending call, and `closed` tells once", async () => {
  const answer = (message: Message, client: Client) => {
    if (message.procedure === HOSTNAME) client.connection.close();
  };
  await withFakeDaemon(answer, async ({ uri }) => {
    await using connection = await open(uri);
    const calls = await Promise.allSettled([
      connection.hostname(),
      connection.libvirtVersion(),
      connection.listDomains(),
    ]);
    for (const call of calls) {
      assert(call.status === "rejected" && call.reason instanceof LibvirtError);
      assertEquals(call.reason.code, "VIR_ERR_INVALID_CONN");
    }
    assertEquals((await connection.closed).code, "VIR_ERR_INVALID_CONN");
    assertEquals(connection.isOpen, false);
    await assertRejects(() => connection.hostname(), LibvirtError, "lost");
  });
});

Deno.test("closing fails what is pending and frees everything", async () => {
  await withFakeDaemon(() => {}, async ({ uri }) => {
    const connection = await open(uri);
    const call = connection.hostname();
    await Promise.all([connection.close(), assertRejects(() => call, LibvirtError, "closed by this program")]);
    await connection.close();
  });
});

Deno.test("a PING is answered, and a daemon that answers none of ours counts as gone", async () => {
  const heard: Message[] = [];
  const answer = (message: Message, client: Client) => {
    heard.push(message);
    if (message.procedure !== HOSTNAME || message.program === KEEPALIVE_PROGRAM) return;
    const ping = { program: KEEPALIVE_PROGRAM, version: 1, procedure: 1, type: 2, serial: 0, status: 0 } as const;
    return client.raw(frame(ping, () => {}));
  };
  await withFakeDaemon(answer, async ({ uri }) => {
    await using connection = await open(uri, { keepalive: { intervalMs: 20, count: 3 } });
    await assertRejects(() => connection.hostname(), LibvirtError, "none of 3 keepalive messages");
    const keepalive = heard.filter(({ program }) => program === KEEPALIVE_PROGRAM).map(({ procedure }) => procedure);
    assertEquals(keepalive, [2, 1, 1, 1]);
  });
});

Deno.test("any answer keeps the connection alive", async () => {
  const answer = (message: Message, client: Client) => {
    if (message.program !== KEEPALIVE_PROGRAM) return;
    return client.raw(frame({ ...message, procedure: 2 }, () => {}));
  };
  await withFakeDaemon(answer, async ({ uri, heard }) => {
    await using connection = await open(uri, { keepalive: { intervalMs: 5, count: 2 } });
    const pings = heard.length + 12;
    const deadline = Date.now() + 5000;
    while (heard.length < pings && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
    assert(heard.length >= pings && connection.isOpen);
  });
});

Deno.test("a stream that is over before its call is answered is read whole all the same", async () => {
  const { number } = remoteProgram.procedures["DOMAIN_SCREENSHOT"]!;
  const answer = async (message: Message, client: Client) => {
    if (message.procedure !== number || message.type !== 0) return;
    const packet = { ...message, type: 3, status: 2 } as const;
    await client.raw(frame(packet, (writer) => writer.raw(Uint8Array.of(1, 2, 3))));
    await client.raw(frame(packet, () => {}));
    await client.raw(frame({ ...packet, status: 0 }, () => {}));
    setTimeout(() => client.reply(message, {}, (writer) => writer.int(0)), 20);
  };
  await withFakeDaemon(answer, async ({ uri }) => {
    await using connection = await open(uri);
    const dom = { name: "x", uuid: "00000000-0000-4000-8000-000000000000", id: 1 };
    const { reply, stream } = await connection.stream("DOMAIN_SCREENSHOT", { dom, screen: 0, flags: 0 });
    assertEquals([reply.mime, [...await stream.bytes()]], [null, [1, 2, 3]]);
  });
});

Deno.test("nobody at the socket is an error that names it", async () => {
  const error = await assertRejects(() => open("qemu:///system?socket=/nowhere/sock"), LibvirtError, "/nowhere/sock");
  assertEquals([error.code, error.isConnectionLost], ["VIR_ERR_NO_CONNECT", true]);
});

Deno.test("a daemon that accepts and says nothing does not hold up opening for ever", async () => {
  const folder = await Deno.makeTempDir();
  using _listener = Deno.listen({ transport: "unix", path: `${folder}/sock` });
  const error = await assertRejects(
    () => open(`qemu:///system?socket=${folder}/sock`, { callTimeoutMs: 50 }),
    LibvirtError,
  );
  assertEquals(error.code, "VIR_ERR_OPERATION_TIMEOUT");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a subscriber that reads nothing does not hold up replies", async () => {
  const lifecycle = remoteProgram.procedures["DOMAIN_EVENT_CALLBACK_LIFECYCLE"]!.number;
  const EVENTS = 50_000;
  const event = { program: remoteProgram.id, version: 1, procedure: lifecycle, type: 2, serial: 0, status: 0 } as const;
  const bytes = frame(event, (writer) => {
    writer.int(1);
    writer.string("machine", 100);
    writer.uuid("00000000-0000-4000-8000-000000000001");
    for (const value of [1, 2, 0]) writer.int(value);
  });
  const answer = async (message: Message, client: Client) => {
    if (message.procedure !== HOSTNAME) return await client.reply(message, {}, (writer) => writer.int(1));
    const many = new Uint8Array(bytes.length * 1000);
    for (let i = 0; i < 1000; i++) many.set(bytes, i * bytes.length);
    for (let i = 0; i < EVENTS / 1000; i++) await client.raw(many);
    await client.reply(message, {}, hostname("still here"));
  };
  await withFakeDaemon(answer, async ({ uri }) => {
    await using connection = await open(uri);
    await using lazy = await connection.subscribe(["domain.lifecycle"], { capacity: 100 });
    const strict = await connection.subscribe(["domain.lifecycle"], { capacity: 100, onOverflow: "close" });
    assertEquals(await connection.hostname(), "still here");
    const first = await lazy.next();
    assert(!first.done && first.value.kind === "overflow" && first.value.dropped > EVENTS - 200);
    await assertRejects(() => strict.next(), LibvirtError, "faster than they were read");
  });
});
