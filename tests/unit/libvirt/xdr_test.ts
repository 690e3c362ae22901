import { assertEquals, assertThrows } from "@std/assert";
import { XdrError } from "../../../libvirt/errors.ts";
import { XdrReader, XdrWriter } from "../../../libvirt/xdr.ts";

function written(write: (writer: XdrWriter) => void): number[] {
  const writer = new XdrWriter(1000, 4);
  write(writer);
  return [...writer.bytes()];
}

Deno.test("the bytes are those of RFC 4506", () => {
  assertEquals(written((w) => w.int(-2)), [255, 255, 255, 254]);
  assertEquals(written((w) => w.uint(0xdeadbeef)), [0xde, 0xad, 0xbe, 0xef]);
  assertEquals(written((w) => w.hyper(-1n)), [255, 255, 255, 255, 255, 255, 255, 255]);
  assertEquals(written((w) => w.bool(true)), [0, 0, 0, 1]);
  assertEquals(written((w) => w.string("sillyprog", 255)), [
    0,
    0,
    0,
    9,
    ...new TextEncoder().encode("sillyprog"),
    0,
    0,
    0,
  ]);
  assertEquals(written((w) => w.double(1)), [0x3f, 0xf0, 0, 0, 0, 0, 0, 0]);
});

Deno.test("a UUID is sixteen bytes, with and without its dashes", () => {
  const bytes = written((w) => w.uuid("c7a5fdbd-edaf-9455-926a-d65c16db1809"));
  assertEquals(bytes, written((w) => w.uuid("C7A5FDBDEDAF9455926AD65C16DB1809")));
  assertEquals(new XdrReader(Uint8Array.from(bytes)).uuid(), "c7a5fdbd-edaf-9455-926a-d65c16db1809");
});

Deno.test("padding that is not zero is refused", () => {
  assertThrows(() => new XdrReader(Uint8Array.of(0, 0, 0, 1, 65, 0, 1, 0)).string(10), XdrError, "padding");
  assertThrows(() => new XdrReader(Uint8Array.of(0, 0, 0, 1, 65, 0, 0)).string(10), XdrError);
});

Deno.test("a boolean is 0 or 1", () => {
  assertThrows(() => new XdrReader(Uint8Array.of(0, 0, 0, 2)).bool(), XdrError, "outside");
});

Deno.test("strings that are not UTF-8 read with a replacement character, whatever their length", () => {
  for (const length of [4, 400]) {
    const bytes = new Uint8Array(4 + length);
    new DataView(bytes.buffer).setUint32(0, length);
    bytes.fill(65, 4).set([0xff], 6);
    assertEquals(new XdrReader(bytes).string(1000), `AA\ufffd${"A".repeat(length - 3)}`);
  }
});

Deno.test("a writer does not grow above its bound", () => {
  const writer = new XdrWriter(8);
  writer.hyper(1n);
  assertThrows(() => writer.int(1), XdrError, "more than 8 bytes");
});
