import { assert, assertEquals } from "@std/assert";
import { EventHub } from "../../../server/events.ts";

interface Line {
  readonly id: string;
  readonly data: { readonly type: string; readonly scope: string; readonly id: string; readonly seq: number };
}

function follow(hub: EventHub, lastEventId?: string) {
  const reader = hub.subscribe(lastEventId, () => true)!.getReader();
  const decoder = new TextDecoder();
  return {
    reader,
    /** The events of the next chunk that has any. */
    async next(): Promise<Line[]> {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return [];
        const lines = decoder.decode(value).split("\n\n").filter((block) => block.startsWith("id:"));
        if (lines.length === 0) continue;
        return lines.map((block) => ({
          id: /^id: (.+)$/m.exec(block)![1]!,
          data: JSON.parse(/^data: (.+)$/m.exec(block)![1]!),
        }));
      }
    },
  };
}

const changed = (id: string) => ({ type: "changed", scope: "domain", id }) as const;

Deno.test("what changes within one tick is one batch, each thing once, numbered in order", async () => {
  const hub = new EventHub({ heartbeatMs: 1_000_000 });
  const client = follow(hub);
  for (const id of ["a", "b", "a", "a"]) hub.publish(changed(id));
  hub.publish({ type: "removed", scope: "domain", id: "b" });
  const batch = await client.next();
  assertEquals(batch.map(({ data }) => [data.type, data.id, data.seq]), [["changed", "a", 1], ["removed", "b", 2]]);
  hub.close();
});

Deno.test("a client that comes back gets what it missed, and only that", async () => {
  const hub = new EventHub({ heartbeatMs: 1_000_000 });
  const client = follow(hub);
  hub.publish(changed("a"));
  hub.flush();
  const [seen] = await client.next();
  await client.reader.cancel();
  assertEquals(hub.clientCount, 0);
  hub.publish(changed("b"));
  hub.flush();
  assertEquals((await follow(hub, seen!.id).next()).map(({ data }) => data.id), ["b"]);
  hub.close();
});

Deno.test("an id of another run, too old, from the future or garbled becomes one resync", async () => {
  const hub = new EventHub({ heartbeatMs: 1_000_000, history: 3 });
  const client = follow(hub);
  for (const id of ["a", "b", "c", "d", "e"]) {
    hub.publish(changed(id));
    hub.flush();
  }
  const [first] = await client.next();
  const epoch = first!.id.split("-")[0];
  for (const id of ["other-1", `${epoch}-1`, `${epoch}-99`, `${epoch}-x`, "", `${epoch}-1.5`]) {
    assertEquals((await follow(hub, id).next()).map(({ data }) => data.type), ["resync"], `Last-Event-ID: ${id}`);
  }
  assertEquals((await follow(hub, `${epoch}-2`).next()).map(({ data }) => data.id), ["c", "d", "e"]);
  hub.close();
});

Deno.test("a client that never reads costs a bounded queue and ends in one resync", async () => {
  const hub = new EventHub({ heartbeatMs: 1_000_000, queuePerClient: 50 });
  const sleeper = follow(hub);
  for (let number = 0; number < 5_000; number++) {
    hub.publish(changed(`vm-${number}`));
    if (number % 10 === 0) hub.flush();
  }
  hub.flush();
  let last: Line | undefined;
  let count = 0;
  while (last?.data.type !== "resync") {
    const batch = await sleeper.next();
    assert(batch.length > 0, "the stream ended without a resync");
    count += batch.length;
    last = batch.at(-1);
  }
  assert(count < 500, `${count} events were kept for a client that did not read`);
  assertEquals(last.data.seq, 5_000);
  hub.close();
});

Deno.test("there is a limit on clients, and closing ends every stream", async () => {
  const hub = new EventHub({ clients: 2 });
  const clients = [follow(hub), follow(hub)];
  assertEquals(hub.subscribe(undefined, () => true), null);
  hub.close();
  for (const client of clients) assertEquals(await client.next(), []);
  assertEquals(hub.subscribe(undefined, () => true), null);
});

Deno.test("whoever may no longer hear gets nothing more, and the stream ends", async () => {
  const hub = new EventHub({ heartbeatMs: 1_000_000 });
  let welcome = true;
  const reader = hub.subscribe(undefined, () => welcome)!.getReader();
  await reader.read();
  welcome = false;
  hub.publish(changed("secret"));
  hub.flush();
  assertEquals((await reader.read()).done, true);
  assertEquals(hub.clientCount, 0);
});
