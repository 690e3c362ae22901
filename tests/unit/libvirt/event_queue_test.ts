import { assertEquals, assertRejects } from "@std/assert";
import { EventQueue } from "../../../libvirt/event_queue.ts";

const overflow = (dropped: number) => `dropped ${dropped}`;

Deno.test("events come in their order, waited for or not", async () => {
  const queue = new EventQueue<string>({ capacity: 10, overflow });
  const first = queue.next();
  queue.push("a");
  queue.push("b");
  queue.end();
  assertEquals((await first).value, "a");
  assertEquals(await Array.fromAsync(queue), ["b"]);
});

Deno.test("a consumer that is too slow gets one marker in place of what it missed", async () => {
  const queue = new EventQueue<string>({ capacity: 2, overflow });
  for (const each of ["a", "b", "c"]) queue.push(each);
  assertEquals((await queue.next()).value, "dropped 3");
  queue.push("d");
  assertEquals((await queue.next()).value, "d");
});

Deno.test("a queue stays bounded however many events nobody reads", async () => {
  const queue = new EventQueue<string>({ capacity: 100, overflow });
  for (let i = 0; i < 10_000; i++) queue.push(`${i}`);
  queue.end();
  const left = await Array.fromAsync(queue);
  assertEquals(left.length <= 100, true);
  assertEquals(left[0]!.startsWith("dropped"), true);
  assertEquals(Number(left[0]!.split(" ")[1]) + left.length - 1, 10_000);
});

Deno.test("a consumer that wants no gaps hears an error instead, once", async () => {
  let done = 0;
  const queue = new EventQueue<string>({ capacity: 1, overflow: () => new Error("too slow"), onDone: () => done++ });
  queue.push("a");
  queue.push("b");
  queue.push("c");
  await assertRejects(() => queue.next(), Error, "too slow");
  assertEquals((await queue.next()).done, true);
  assertEquals(done, 1);
});

Deno.test("the end's error comes after what was there, and leaving early is told once", async () => {
  const queue = new EventQueue<string>({ capacity: 10, overflow });
  queue.push("a");
  queue.end(new Error("gone"));
  assertEquals((await queue.next()).value, "a");
  await assertRejects(() => queue.next(), Error, "gone");

  let done = 0;
  const other = new EventQueue<string>({ capacity: 10, overflow, onDone: () => done++ });
  other.push("a");
  for await (const _ of other) break;
  other.push("b");
  assertEquals((await other.next()).done, true);
  assertEquals(done, 1);
});
