import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { type Connection, LibvirtError, open, XdrError } from "../../../libvirt/mod.ts";
import { remoteProgram } from "../../../libvirt/protocol/remote.gen.ts";
import { Codecs } from "../../../libvirt/schema.ts";
import { frame } from "../../../libvirt/wire.ts";
import { XdrWriter } from "../../../libvirt/xdr.ts";
import fc from "fast-check";
import { arbitraryOf } from "../../unit/libvirt/arbitrary.ts";
import { type Client, type Message, withFakeDaemon } from "./fake_daemon.ts";

const codecs = new Codecs(remoteProgram.types);
const REPLY_DEADLINE_MS = 5000;

/** Every procedure that answers something and that Deno can call, with arguments made up for it. */
const CALLS = Object.entries(remoteProgram.procedures)
  .filter(([name, { ret, descriptors }]) => ret !== undefined && !descriptors && !name.startsWith("AUTH_LIST"))
  .map(([name, { args, ret }]) => ({
    name,
    ret: ret!,
    args: args === undefined
      ? undefined
      : fc.sample(arbitraryOf(remoteProgram.types, args), { numRuns: 1, seed: 7 })[0],
  }));

/** Calls by name, arguments unchecked by the compiler: they were made from the same schema. */
function call(connection: Connection, name: string, args: unknown): Promise<unknown> {
  const untyped: { call(name: string, args: unknown, options: object): Promise<unknown> } = connection as never;
  return untyped.call(name, args, { timeoutMs: REPLY_DEADLINE_MS });
}

function payloadOf(ret: string): Uint8Array {
  const writer = new XdrWriter(1024 * 1024);
  codecs.of(ret).encode(writer, fc.sample(arbitraryOf(remoteProgram.types, ret), { numRuns: 1, seed: 11 })[0]);
  return writer.bytes();
}

const bytes = (length: number, fill: number) => new Uint8Array(length).fill(fill);

/** Ways a payload can be bad, from a good one. */
const SPOILT: Record<string, (good: Uint8Array) => Uint8Array> = {
  "all ones": (good) => bytes(Math.max(4, good.length), 0xff),
  "cut short": (good) => good.subarray(0, good.length - 1),
  "empty": () => new Uint8Array(),
  "too long": (good) => Uint8Array.from([...good, ...bytes(64, 1)]),
};

for (const [way, spoil] of Object.entries(SPOILT)) {
  Deno.test(`replies whose payload is ${way} fail only their own call, for every procedure`, async () => {
    const answer = (message: Message, client: Client) => {
      const found = CALLS.find(({ name }) => remoteProgram.procedures[name]!.number === message.procedure);
      return client.reply(message, {}, (writer) => writer.raw(spoil(payloadOf(found!.ret))));
    };
    await withFakeDaemon(answer, async ({ uri }) => {
      await using connection = await open(uri);
      let failed = 0;
      for (const { name, args } of CALLS) {
        if (name === "CONNECT_SUPPORTS_FEATURE") continue; // The fake answers it well, for the opening.
        const outcome = await call(connection, name, args).catch((error: unknown) => error);
        // Numbers of all ones are numbers: where a payload has nothing else, there is nothing wrong with it.
        if (way === "all ones" && !(outcome instanceof Error)) continue;
        assertInstanceOf(outcome, XdrError, `${name}: ${outcome}`);
        failed++;
      }
      assert(failed >= 150, `only ${failed} procedures`);
      assert(connection.isOpen);
    });
  });
}

Deno.test("an error reply that is garbage is an error all the same", async () => {
  await withFakeDaemon(
    (message, client) => client.reply(message, { status: 1 }, (w) => w.raw(bytes(40, 0xee))),
    async ({ uri }) => {
      await using connection = await open(uri);
      await assertRejects(() => connection.hostname(), XdrError, "the error of CONNECT_GET_HOSTNAME");
      assert(connection.isOpen);
    },
  );
});

Deno.test("a list that announces more than the protocol allows takes no memory", async () => {
  const answer = (message: Message, client: Client) =>
    client.reply(message, {}, (w) => (w.uint(0xfffffff0), w.raw(bytes(400, 1))));
  await withFakeDaemon(answer, async ({ uri }) => {
    await using connection = await open(uri);
    const before = Deno.memoryUsage().rss;
    for (let i = 0; i < 100; i++) {
      await assertRejects(() => connection.listDomains(), XdrError, "the protocol allows 16384");
    }
    assert(Deno.memoryUsage().rss - before < 64 * 1024 * 1024);
  });
});

/** Bytes after which nothing that follows can be trusted: the connection ends, once, and says why. */
const FATAL: Record<string, (call: Message) => Uint8Array> = {
  "no libvirt at all": () => new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"),
  "a length of 4 GiB": () => bytes(64, 0xff),
  "a length of 0": () => bytes(64, 0),
  "an unknown message type": (call) => frame({ ...call, type: 99 as never, status: 0 }, () => {}),
  "an unknown status": (call) => frame({ ...call, type: 1, status: 77 as never }, () => {}),
  "a reply to a call never made": (call) => frame({ ...call, type: 1, status: 0, serial: 12345 }, () => {}),
  "a reply for another procedure": (call) => frame({ ...call, type: 1, status: 0, procedure: 1 }, () => {}),
  "a call to us": (call) => frame({ ...call, type: 0, status: 0 }, () => {}),
  "a garbled event": (call) => frame({ ...call, type: 2, status: 0, procedure: 318 }, (w) => w.raw(bytes(30, 0xff))),
};

for (const [what, make] of Object.entries(FATAL)) {
  Deno.test(`${what} ends the connection with one error`, async () => {
    await withFakeDaemon((message, client) => client.raw(make(message)), async ({ uri }) => {
      await using connection = await open(uri);
      let ends = 0;
      const ended = connection.closed.then((reason) => (ends++, reason));
      const error = await assertRejects(() => connection.hostname(), LibvirtError, "what is not libvirt's protocol");
      assertEquals([error.code, error.isConnectionLost], ["VIR_ERR_INVALID_CONN", true]);
      assertInstanceOf((await ended).cause, XdrError);
      await assertRejects(() => connection.hostname(), LibvirtError, "what is not libvirt's protocol");
      assertEquals(ends, 1);
    });
  });
}

Deno.test("any bytes after a good opening end in a LibvirtError or in silence until the deadline", async () => {
  const run = fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.boolean(), async (payload, framed) => {
    const answer = (message: Message, client: Client) =>
      framed ? client.reply(message, { type: (payload[0] ?? 1) as never }, (w) => w.raw(payload)) : client.raw(payload);
    await withFakeDaemon(answer, async ({ uri }) => {
      await using connection = await open(uri, { callTimeoutMs: 20 });
      const outcome = await connection.listDomainsWithState().catch((error: unknown) => error);
      assert(Array.isArray(outcome) || outcome instanceof LibvirtError, `${outcome}`);
    });
  });
  await fc.assert(run, { numRuns: 60 });
});

Deno.test("a daemon that pings without end and never reads takes no memory", async () => {
  const ping = frame({ program: 0x6b656570, version: 1, procedure: 1, type: 2, serial: 0, status: 0 }, () => {});
  const many = new Uint8Array(ping.length * 10_000);
  for (let i = 0; i < 10_000; i++) many.set(ping, i * ping.length);
  const answer = async (message: Message, client: Client) => {
    for (let i = 0; i < 40; i++) await client.raw(many);
    await client.reply(message, {}, (w) => w.string("host", 10));
  };
  await withFakeDaemon(answer, async ({ uri }) => {
    const before = Deno.memoryUsage().rss;
    await using connection = await open(uri);
    assertEquals(await connection.hostname(), "host");
    assert(Deno.memoryUsage().rss - before < 100 * 1024 * 1024);
  });
});

Deno.test("a reply with file descriptors is refused by name, and the connection goes on", async () => {
  await withFakeDaemon((message, client) => client.reply(message, { type: 5 }), async ({ uri }) => {
    await using connection = await open(uri);
    const error = await assertRejects(() => connection.hostname(), LibvirtError, "file descriptors");
    assertEquals(error.code, "VIR_ERR_NO_SUPPORT");
    await assertRejects(() => connection.hostname(), LibvirtError, "file descriptors");
  });
});

Deno.test("a procedure that passes file descriptors is refused before anything is sent", async () => {
  await withFakeDaemon(() => {}, async ({ uri, heard }) => {
    await using connection = await open(uri);
    const before = heard.length;
    const dom = { name: "x", uuid: "00000000-0000-4000-8000-000000000000", id: 1 };
    const error = await assertRejects(
      () => connection.call("DOMAIN_OPEN_GRAPHICS_FD", { dom, idx: 0, flags: 0 }),
      LibvirtError,
      "unsupported",
    );
    assertEquals(error.code, "VIR_ERR_NO_SUPPORT");
    assertEquals(heard.length, before);
  });
});

Deno.test("a daemon that wants SASL is refused with what this client can do", async () => {
  const folder = await Deno.makeTempDir();
  const listener = Deno.listen({ transport: "unix", path: `${folder}/sock` });
  const serving = (async () => {
    const connection = await listener.accept();
    await connection.read(new Uint8Array(100));
    const head = { program: remoteProgram.id, version: 1, procedure: 66, type: 1, serial: 1, status: 0 } as const;
    await connection.write(frame(head, (writer) => (writer.uint(1), writer.int(1))));
    await connection.read(new Uint8Array(100));
    connection.close();
  })();
  const error = await assertRejects(
    () => open(`qemu:///system?socket=${folder}/sock`),
    LibvirtError,
    "none and polkit",
  );
  assertEquals(error.code, "VIR_ERR_AUTH_UNAVAILABLE");
  await serving;
  listener.close();
  await Deno.remove(folder, { recursive: true });
});
