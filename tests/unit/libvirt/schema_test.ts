import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { XdrError } from "../../../libvirt/errors.ts";
import { qemuProgram, qemuTypes } from "../../../libvirt/protocol/qemu.gen.ts";
import { remoteProgram, remoteTypes } from "../../../libvirt/protocol/remote.gen.ts";
import { rpcTypes } from "../../../libvirt/protocol/rpc.gen.ts";
import { Codecs } from "../../../libvirt/schema.ts";
import { XdrReader, XdrWriter } from "../../../libvirt/xdr.ts";
import { arbitraryOf } from "./arbitrary.ts";

const MAX_BYTES = 32 * 1024 * 1024;
const TABLES = { remote: remoteTypes, qemu: qemuTypes, rpc: rpcTypes };

function encoded(codecs: Codecs, type: string, value: unknown): Uint8Array {
  const writer = new XdrWriter(MAX_BYTES);
  codecs.of(type).encode(writer, value);
  return writer.bytes();
}

function decoded(codecs: Codecs, type: string, bytes: Uint8Array): unknown {
  const reader = new XdrReader(bytes);
  const value = codecs.of(type).decode(reader);
  reader.end();
  return value;
}

for (const [name, types] of Object.entries(TABLES)) {
  const codecs = new Codecs(types);

  Deno.test(`every type of the ${name} protocol decodes to what was encoded`, () => {
    let count = 0;
    for (const type of Object.keys(types)) {
      const property = fc.property(arbitraryOf(types, type), (value) => {
        assertEquals(decoded(codecs, type, encoded(codecs, type, value)), value);
      });
      fc.assert(property, { numRuns: 8 });
      count++;
    }
    assert(count >= 10);
  });

  Deno.test(`no type of the ${name} protocol takes a message that was cut short, or one with bytes left over`, () => {
    for (const type of Object.keys(types)) {
      const property = fc.property(arbitraryOf(types, type), fc.nat(), (value, cut) => {
        const bytes = encoded(codecs, type, value);
        if (bytes.length === 0) return;
        assertThrows(() => decoded(codecs, type, bytes.subarray(0, cut % bytes.length)), XdrError);
        assertThrows(() => decoded(codecs, type, Uint8Array.from([...bytes, 0, 0, 0, 0])), XdrError);
      });
      fc.assert(property, { numRuns: 4 });
    }
  });

  Deno.test(`any bytes as any type of the ${name} protocol give a value or XdrError`, () => {
    for (const type of Object.keys(types)) {
      const property = fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decoded(codecs, type, bytes);
        } catch (error) {
          assert(error instanceof XdrError, `${type}: ${error}`);
        }
      });
      fc.assert(property, { numRuns: 10 });
    }
  });
}

Deno.test("every procedure's types are there, and numbers are used once", () => {
  for (const program of [remoteProgram, qemuProgram]) {
    const codecs = new Codecs(program.types);
    const numbers = new Set<number>();
    for (const { number, args, ret, msg } of Object.values(program.procedures)) {
      assert(!numbers.has(number));
      numbers.add(number);
      for (const type of [args, ret, msg]) codecs.of(type);
    }
  }
  assertEquals(Object.keys(remoteProgram.procedures).length, 453);
  assertEquals(Object.keys(qemuProgram.procedures).length, 7);
});

Deno.test("an announced length takes no memory when the bytes are not there", () => {
  const codecs = new Codecs(remoteTypes);
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setUint32(0, 16384); // As many domains as the protocol allows, and four bytes of them.
  const error = assertThrows(() => decoded(codecs, "remote_connect_list_all_domains_ret", bytes), XdrError);
  assertEquals(error.message, "domains: 16384 elements announced, and only 4 bytes left");
});

Deno.test("a length above the protocol's bound is refused though the bytes were there", () => {
  const codecs = new Codecs({ few: "opaque<3>" });
  assertThrows(() => decoded(codecs, "few", Uint8Array.of(0, 0, 0, 4, 1, 2, 3, 4)), XdrError, "allows 3");
  assertThrows(() => encoded(codecs, "few", new Uint8Array(4)), XdrError, "allows 3");
});

Deno.test("an error says which field of which struct it is about", () => {
  const codecs = new Codecs(remoteTypes);
  const dom = { name: "x", uuid: "not a uuid", id: 1 };
  assertThrows(
    () => encoded(codecs, "remote_domain_get_xml_desc_args", { dom, flags: 0 }),
    XdrError,
    'dom: uuid: "not a uuid" is not a UUID',
  );
  assertThrows(() => encoded(codecs, "remote_domain_get_xml_desc_args", { dom }), XdrError, "dom: uuid");
});

Deno.test("values that are none of the type are refused before anything is sent", () => {
  const codecs = new Codecs(remoteTypes);
  for (
    const [type, value] of [
      ["int", 1.5],
      ["int", 2 ** 31],
      ["uint", -1],
      ["hyper", 1],
      ["uhyper", -1n],
      ["string<10>", "a\0b"],
      ["string<2>", "abc"],
      ["remote_auth_type", 7],
      ["remote_typed_param_value", { type: 99, value: 1 }],
      ["uchar[2]", [1]],
      ["remote_nonnull_domain", null],
    ] as const
  ) assertThrows(() => encoded(codecs, type, value), XdrError);
});
