/**
 * Reads the generated description of libvirt's messages and builds a codec for each type the first time it is used. Pure.
 *
 * A type expression is a name followed by what surrounds it: `int`, `string<4194304>`, `opaque[16]`,
 * `remote_typed_param<16>` (an array of at most 16), `char[32]` (exactly 32), `remote_nonnull_domain*` (or null).
 *
 * How XDR's types read in TypeScript: `hyper` and `unsigned hyper` are always `bigint`, since libvirt uses their full range
 * (sizes of -1 among them); every smaller integer and `double` is `number`; a 16-byte UUID is its text; a union is
 * `{type, value}`; an optional is `T | null`.
 */
import { XdrError } from "./errors.ts";
import type { XdrReader, XdrWriter } from "./xdr.ts";

export type TypeExpression = string;

export type TypeSchema =
  /** A typedef. */
  | TypeExpression
  | { struct: Readonly<Record<string, TypeExpression>> }
  | { enum: readonly number[] }
  | { union: TypeExpression; cases: Readonly<Record<string, TypeExpression | null>> };

export type Types = Readonly<Record<string, TypeSchema>>;

export interface ProcedureSchema {
  number: number;
  /** The types of its arguments, its reply and, when it is a message from the daemon, its payload; absent when void. */
  args?: string;
  ret?: string;
  msg?: string;
  /** The direction of the stream that the call opens, seen from the client. */
  stream?: "read" | "write";
  /** It passes file descriptors, which Deno cannot receive. */
  descriptors?: true;
}

export interface Program {
  id: number;
  version: number;
  types: Types;
  procedures: Readonly<Record<string, ProcedureSchema>>;
}

export interface Codec<T = unknown> {
  /** Throws XdrError, with the field's path, when the bytes do not hold a value of the type. */
  decode(reader: XdrReader): T;
  /** Throws XdrError, with the field's path, when the value is not one of the type. */
  encode(writer: XdrWriter, value: T): void;
  /** The fewest bytes a value can take; bounds an array's length by the bytes that are there. */
  readonly minBytes: number;
}

const NOTHING: Codec = { decode: () => undefined, encode: () => {}, minBytes: 0 };

/** The codecs of a program live in one table, so their value types are gone; what each takes it checks when it encodes. */
function codec(
  minBytes: number,
  decode: (reader: XdrReader) => unknown,
  encode: (writer: XdrWriter, value: never) => void,
): Codec {
  return { minBytes, decode, encode: encode as (writer: XdrWriter, value: unknown) => void };
}

const small = (min: number, max: number) =>
  codec(4, (r) => r.intWithin(min, max), (w, v: number) => w.intWithin(v, min, max));

const PRIMITIVES: ReadonlyMap<string, Codec> = new Map(Object.entries({
  int: codec(4, (r) => r.int(), (w, v: number) => w.int(v)),
  uint: codec(4, (r) => r.uint(), (w, v: number) => w.uint(v)),
  hyper: codec(8, (r) => r.hyper(), (w, v: bigint) => w.hyper(v)),
  uhyper: codec(8, (r) => r.uhyper(), (w, v: bigint) => w.uhyper(v)),
  double: codec(8, (r) => r.double(), (w, v: number) => w.double(v)),
  bool: codec(4, (r) => r.bool(), (w, v: boolean) => w.bool(v)),
  char: small(-0x80, 0x7f),
  uchar: small(0, 0xff),
  short: small(-0x8000, 0x7fff),
  ushort: small(0, 0xffff),
  uuid: codec(16, (r) => r.uuid(), (w, v: string) => w.uuid(v)),
}));

const EXPRESSION = /^(\w+)(?:<(\d+)>|\[(\d+)\]|(\*))?$/;

/** The codecs of one table of types, built when first asked for. */
export class Codecs {
  readonly #types: Types;
  readonly #built = new Map<TypeExpression, Codec>();

  constructor(types: Types) {
    this.#types = types;
  }

  /** The codec of a type expression; of nothing when there is none (a void argument or reply). */
  of(expression: TypeExpression | undefined): Codec {
    if (expression === undefined) return NOTHING;
    let found = this.#built.get(expression);
    if (found === undefined) this.#built.set(expression, found = this.#build(expression));
    return found;
  }

  #build(expression: TypeExpression): Codec {
    const match = EXPRESSION.exec(expression);
    if (match === null) throw new XdrError(`the schema has an unreadable type ${JSON.stringify(expression)}`);
    const [, base = "", bound, length, star] = match;
    if (star !== undefined) return optional(this.of(base));
    if (base === "string" || base === "opaque") return bytes(base, bound, length);
    if (bound !== undefined) return array(this.of(base), Number(bound), false);
    if (length !== undefined) return array(this.of(base), Number(length), true);
    return PRIMITIVES.get(base) ?? this.#declared(base);
  }

  #declared(name: string): Codec {
    const schema = Object.hasOwn(this.#types, name) ? this.#types[name] : undefined;
    if (schema === undefined) throw new XdrError(`the schema has no type ${name}`);
    if (typeof schema === "string") return this.of(schema);
    if ("enum" in schema) return enumeration(name, schema.enum);
    if ("union" in schema) return this.#union(name, schema.union, schema.cases);
    return struct(Object.entries(schema.struct).map(([field, type]) => [field, this.of(type)]));
  }

  #union(name: string, discriminant: TypeExpression, cases: Readonly<Record<string, TypeExpression | null>>): Codec {
    const tag = this.of(discriminant);
    const arms = new Map(Object.entries(cases).map(([value, type]) => [Number(value), this.of(type ?? undefined)]));
    const armOf = (type: unknown): Codec => {
      const arm = arms.get(Number(type));
      if (arm === undefined) throw new XdrError(`${name} has no case ${type}`);
      return arm;
    };
    const decode = (reader: XdrReader) => {
      const type = tag.decode(reader);
      return { type, value: armOf(type).decode(reader) };
    };
    const encode = (writer: XdrWriter, given: unknown) => {
      const { type, value } = asRecord(given);
      const arm = armOf(type);
      tag.encode(writer, type);
      arm.encode(writer, value);
    };
    return codec(tag.minBytes + Math.min(...[...arms.values()].map((arm) => arm.minBytes)), decode, encode);
  }
}

function asRecord(value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null) throw new XdrError(`${value} is not an object`);
  return value as Record<string, unknown>;
}

function bytes(base: "string" | "opaque", bound: string | undefined, length: string | undefined): Codec {
  if (length !== undefined) {
    const exact = Number(length);
    const padded = exact + (-exact & 3);
    return codec(padded, (r) => r.fixedOpaque(exact), (w, v: Uint8Array) => w.fixedOpaque(asBytes(v), exact));
  }
  const most = Number(bound);
  return base === "string"
    ? codec(4, (r) => r.string(most), (w, v: string) => w.string(v, most))
    : codec(4, (r) => r.opaque(most), (w, v: Uint8Array) => w.opaque(asBytes(v), most));
}

function asBytes(value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new XdrError(`${value} is not a Uint8Array`);
  return value;
}

function optional(inner: Codec): Codec {
  return codec(4, (r) => r.bool() ? inner.decode(r) : null, (w, v: unknown) => {
    w.bool(v !== null);
    if (v !== null) inner.encode(w, v);
  });
}

function array(element: Codec, bound: number, exactly: boolean): Codec {
  const decode = (reader: XdrReader) => {
    const length = exactly ? bound : reader.count(bound, element.minBytes);
    const values: unknown[] = [];
    for (let i = 0; i < length; i++) values.push(element.decode(reader));
    return values;
  };
  const encode = (writer: XdrWriter, values: readonly unknown[]) => {
    if (!Array.isArray(values)) throw new XdrError(`${values} is not an array`);
    if (!exactly) writer.count(values.length, bound);
    else if (values.length !== bound) throw new XdrError(`${values.length} elements where the protocol wants ${bound}`);
    for (const value of values) element.encode(writer, value);
  };
  return codec(exactly ? bound * element.minBytes : 4, decode, encode);
}

function enumeration(name: string, values: readonly number[]): Codec {
  const known = new Set(values);
  const check = (value: number) => {
    if (!known.has(value)) throw new XdrError(`${name} has no value ${value}`);
    return value;
  };
  return codec(4, (r) => check(r.int()), (w, v: number) => w.int(check(v)));
}

function struct(fields: readonly (readonly [string, Codec])[]): Codec {
  const names = fields.map(([name]) => name);
  const codecs = fields.map(([, each]) => each);
  const count = fields.length;
  const decode = (reader: XdrReader) => {
    const value: Record<string, unknown> = {};
    let i = 0;
    try {
      for (; i < count; i++) value[names[i]!] = codecs[i]!.decode(reader);
    } catch (error) {
      throw within(names[i]!, error);
    }
    return value;
  };
  const encode = (writer: XdrWriter, value: unknown) => {
    const record = asRecord(value);
    let i = 0;
    try {
      for (; i < count; i++) codecs[i]!.encode(writer, record[names[i]!]);
    } catch (error) {
      throw within(names[i]!, error);
    }
  };
  return codec(codecs.reduce((sum, each) => sum + each.minBytes, 0), decode, encode);
}

/** The same error with the field it happened in before it. */
function within(field: string, error: unknown): unknown {
  return error instanceof XdrError ? new XdrError(`${field}: ${error.message}`) : error;
}
