import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { XdrError } from "../../../libvirt/errors.ts";
import { frame, FRAME_HEAD_BYTES, FrameReader } from "../../../libvirt/wire.ts";

const head = { program: 0x20008086, version: 1, procedure: 273, type: 1, serial: 7, status: 0 } as const;

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function feed(reader: FrameReader, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    const part = bytes.subarray(at, at + reader.space().length);
    reader.space().set(part);
    reader.filled(part.length);
    at += part.length;
  }
}

/** Bytes that are different for each serial and position. */
function pattern(serial: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + serial) & 0xff);
}

Deno.test("messages come out whole and in order, however the bytes were cut", () => {
  const lengths = fc.array(fc.nat({ max: 300_000 }), { minLength: 1, maxLength: 5 });
  const cuts = fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1 });
  const property = fc.property(lengths, cuts, (lengths, cuts) => {
    const frames = lengths.map((length, serial) => frame({ ...head, serial }, (w) => w.raw(pattern(serial, length))));
    const bytes = new Uint8Array(frames.reduce((sum, each) => sum + each.length, 0));
    frames.reduce((at, each) => (bytes.set(each, at), at + each.length), 0);
    const reader = new FrameReader();
    let received = 0;
    for (let at = 0, turn = 0; at < bytes.length; turn++) {
      const part = bytes.subarray(at, at + cuts[turn % cuts.length]!);
      feed(reader, part);
      at += part.length;
      for (let message = reader.next(); message !== undefined; message = reader.next()) {
        assert(message.serial === received);
        assert(equal(message.payload, pattern(received, lengths[received]!)));
        received++;
      }
    }
    assert(received === lengths.length);
  });
  fc.assert(property, { numRuns: 20 });
});

Deno.test("a message is the bytes of libvirt's protocol", () => {
  assertEquals([...frame(head, (writer) => writer.uint(5))], [
    ...[0, 0, 0, 32, 0x20, 0, 0x80, 0x86, 0, 0, 0, 1, 0, 0, 1, 17, 0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 5],
  ]);
});

Deno.test("a length that no message has is refused at once", () => {
  for (const length of [0, 4, FRAME_HEAD_BYTES - 1, 32 * 1024 * 1024 + 5, 0xffffffff]) {
    const reader = new FrameReader();
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, length);
    feed(reader, bytes);
    assertThrows(() => reader.next(), XdrError, `a message of ${length} bytes`);
  }
});

Deno.test("a long message takes memory as its bytes come, not when its length is announced", () => {
  const reader = new FrameReader();
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, 32 * 1024 * 1024);
  feed(reader, bytes);
  assertEquals(reader.next(), undefined);
  assertEquals(reader.space().byteLength < 1024 * 1024, true);
});

Deno.test("a type or status that libvirt has not is refused", () => {
  for (const [at, what] of [[19, "message type"], [27, "message status"]] as const) {
    const bytes = frame(head, () => {});
    bytes[at] = 9;
    const reader = new FrameReader();
    feed(reader, bytes);
    assertThrows(() => reader.next(), XdrError, `9 is no ${what}`);
  }
});

Deno.test("the longest message comes through, and the buffer for it is made a few times only", () => {
  const bytes = new Uint8Array(32 * 1024 * 1024 + 4);
  bytes.set(frame({ ...head, serial: 9 }, () => {}));
  new DataView(bytes.buffer).setUint32(0, bytes.length);
  const reader = new FrameReader();
  const buffers = new Set<ArrayBufferLike>();
  for (let at = 0; at < bytes.length;) {
    assert(reader.next() === undefined);
    const space = reader.space();
    buffers.add(space.buffer);
    const part = bytes.subarray(at, at + Math.min(space.length, 200_000));
    space.set(part);
    reader.filled(part.length);
    at += part.length;
  }
  const message = reader.next();
  assertEquals([message?.serial, message?.payload.length], [9, bytes.length - FRAME_HEAD_BYTES]);
  assert(buffers.size <= 11, `${buffers.size} buffers`);
});
