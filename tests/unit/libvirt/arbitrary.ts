/** Arbitrary values of any type of the generated schema, for property tests. */
import fc from "fast-check";
import type { TypeExpression, Types } from "../../../libvirt/schema.ts";

const INTEGERS: Record<string, [number, number]> = {
  int: [-0x80000000, 0x7fffffff],
  uint: [0, 0xffffffff],
  char: [-0x80, 0x7f],
  uchar: [0, 0xff],
  short: [-0x8000, 0x7fff],
  ushort: [0, 0xffff],
};
/** Arrays in a test are short, however much the protocol allows. */
const MOST_ELEMENTS = 3;

/** A value that the codec of `expression` must carry unchanged. */
export function arbitraryOf(types: Types, expression: TypeExpression): fc.Arbitrary<unknown> {
  const [, base = "", bound, length, star] = /^(\w+)(?:<(\d+)>|\[(\d+)\]|(\*))?$/.exec(expression) ?? [];
  if (star !== undefined) return fc.option(arbitraryOf(types, base), { nil: null });
  if (base === "string") {
    return fc.string({ maxLength: Math.min(Number(bound), 40), unit: "grapheme" }).filter((text) =>
      !text.includes("\0") && new TextEncoder().encode(text).length <= Number(bound)
    );
  }
  if (base === "opaque") {
    return length === undefined
      ? fc.uint8Array({ maxLength: Math.min(Number(bound), 40) })
      : fc.uint8Array({ minLength: Number(length), maxLength: Number(length) });
  }
  if (bound !== undefined) {
    return fc.array(arbitraryOf(types, base), { maxLength: Math.min(Number(bound), MOST_ELEMENTS) });
  }
  if (length !== undefined) {
    return fc.array(arbitraryOf(types, base), { minLength: Number(length), maxLength: Number(length) });
  }
  const range = INTEGERS[base];
  if (range !== undefined) return fc.integer({ min: range[0], max: range[1] });
  if (base === "hyper") return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  if (base === "uhyper") return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  if (base === "double") return fc.double();
  if (base === "bool") return fc.boolean();
  if (base === "uuid") return fc.uuid({ version: [1, 4, 7] });
  const schema = types[base];
  if (schema === undefined) throw new Error(`no type ${base}`);
  if (typeof schema === "string") return arbitraryOf(types, schema);
  if ("enum" in schema) return fc.constantFrom(...schema.enum);
  if ("struct" in schema) {
    const fields = Object.entries(schema.struct).map(([name, type]) => [name, arbitraryOf(types, type)] as const);
    return fc.record(Object.fromEntries(fields));
  }
  const arms = Object.entries(schema.cases).map(([type, arm]) =>
    (arm === null ? fc.constant(undefined) : arbitraryOf(types, arm)).map((value) => ({ type: Number(type), value }))
  );
  return fc.oneof(...arms);
}
