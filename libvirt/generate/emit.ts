/**
 * Turns parsed protocol declarations into a generated TypeScript module: interfaces for the compiler, and the same shapes
 * as compact data for the codec (../schema.ts says how that data reads). Pure: declarations in, text out.
 */
import type { Declaration, EnumValue, Field, TypeUse } from "./x_parser.ts";

/** Everything known so far about names: the constants' values and which types exist. */
export class Names {
  readonly constants = new Map<string, number>();
  readonly types = new Map<string, Declaration>();

  add(declarations: readonly Declaration[]): void {
    for (const declaration of declarations) {
      if (declaration.kind === "const") this.constants.set(declaration.name, this.number(declaration.value));
      else this.types.set(declaration.name, declaration);
      if (declaration.kind === "enum") {
        for (const { name, value } of declaration.values) this.constants.set(name, value);
      }
    }
  }

  number(text: string): number {
    const value = /^[A-Za-z_]/.test(text) ? this.constants.get(text) : Number(text);
    if (value === undefined || Number.isNaN(value)) throw new SyntaxError(`${text} has no known value`);
    return value;
  }
}

const TYPESCRIPT: Record<string, string> = {
  int: "number",
  uint: "number",
  short: "number",
  ushort: "number",
  char: "number",
  uchar: "number",
  hyper: "bigint",
  uhyper: "bigint",
  double: "number",
  bool: "boolean",
  string: "string",
  opaque: "Uint8Array",
  uuid: "string",
};

/** `remote_nonnull_domain` and `virNetMessageError` as interface names. */
export function pascal(name: string): string {
  return name.replace(/(^|_)([a-zA-Z0-9])/g, (_, __, letter: string) => letter.toUpperCase());
}

/** libvirt's UUID types are 16 opaque bytes; the codec carries them as text. */
function isUuid(type: TypeUse): boolean {
  return type.base === "opaque" && type.shape === "fixed" && type.bound === "VIR_UUID_BUFLEN";
}

function typescriptOf(type: TypeUse, names: Names): string {
  if (isUuid(type)) return "string";
  const known = TYPESCRIPT[type.base];
  if (known === undefined && !names.types.has(type.base)) throw new SyntaxError(`${type.base} is not declared`);
  const base = known ?? pascal(type.base);
  if (type.shape === "optional") return `${base} | null`;
  if (type.shape === "plain" || type.base === "string" || type.base === "opaque") return base;
  return `${base}[]`;
}

/** A type as the codec reads it: `remote_typed_param<16>`, `opaque[16]`, `remote_nonnull_domain*`. */
function schemaOf(type: TypeUse, names: Names): string {
  if (isUuid(type)) return "uuid";
  if (type.shape === "plain") return type.base;
  if (type.shape === "optional") return `${type.base}*`;
  const bound = names.number(type.bound!);
  return type.shape === "fixed" ? `${type.base}[${bound}]` : `${type.base}<${bound}>`;
}

function interfaceOf(name: string, fields: readonly Field[], names: Names): string {
  const lines = fields.map((field) => `  ${field.name}: ${typescriptOf(field.type, names)};`);
  return `export interface ${pascal(name)} {\n${lines.join("\n")}\n}`;
}

/** The TypeScript type of one declaration, or nothing for a const. */
function typescriptDeclaration(declaration: Declaration, names: Names): string | undefined {
  switch (declaration.kind) {
    case "const":
      return undefined;
    case "enum": {
      const values = declaration.values.map(({ name, value }) => `  ${name}: ${value},`);
      const name = pascal(declaration.name);
      return `export const ${name} = {\n${values.join("\n")}\n} as const;\n` +
        `export type ${name} = ${declaration.values.map(({ value }) => value).join(" | ")};`;
    }
    case "struct":
      return interfaceOf(declaration.name, declaration.fields, names);
    case "typedef":
      return `export type ${pascal(declaration.name)} = ${typescriptOf(declaration.type, names)};`;
    case "union": {
      const arms = declaration.cases.map(({ value, arm }) =>
        `  | { type: ${names.number(value)}; value: ${arm === null ? "null" : typescriptOf(arm.type, names)} }`
      );
      return `export type ${pascal(declaration.name)} =\n${arms.join("\n")};`;
    }
  }
}

/** The codec's data for one declaration, or nothing for a const. */
function schemaDeclaration(declaration: Declaration, names: Names): string | undefined {
  switch (declaration.kind) {
    case "const":
      return undefined;
    case "enum":
      return `{ enum: [${declaration.values.map(({ value }) => value).join(", ")}] }`;
    case "typedef":
      return `"${schemaOf(declaration.type, names)}"`;
    case "struct":
      return `{ struct: { ${
        declaration.fields.map((field) => `${field.name}: "${schemaOf(field.type, names)}"`).join(", ")
      } } }`;
    case "union":
      return `{ union: "${schemaOf(declaration.discriminant, names)}", cases: { ${
        declaration.cases.map(({ value, arm }) =>
          `"${names.number(value)}": ${arm === null ? "null" : `"${schemaOf(arm.type, names)}"`}`
        ).join(", ")
      } } }`;
  }
}

/** Procedures whose calls or replies carry file descriptors; the protocol file does not mark them. */
const PASSES_DESCRIPTORS = /_WITH_FILES$|_OPEN_GRAPHICS(_FD)?$|_FD_ASSOCIATE$/;

interface Procedure {
  /** Without the program's prefix: `CONNECT_OPEN`. */
  name: string;
  number: number;
  args: string | undefined;
  ret: string | undefined;
  msg: string | undefined;
  stream: "read" | "write" | undefined;
}

function proceduresOf(program: string, values: readonly EnumValue[], names: Names): Procedure[] {
  const prefix = `${program.toUpperCase()}_PROC_`;
  return values.map(({ name, value, annotations }) => {
    if (!name.startsWith(prefix)) throw new SyntaxError(`${name} does not begin with ${prefix}`);
    const stem = `${program}_${name.slice(prefix.length).toLowerCase()}`;
    const declared = (suffix: string) => names.types.has(stem + suffix) ? stem + suffix : undefined;
    const stream = annotations.some((each) => each.name === "readstream")
      ? "read"
      : annotations.some((each) => each.name === "writestream")
      ? "write"
      : undefined;
    return {
      name: name.slice(prefix.length),
      number: value,
      args: declared("_args"),
      ret: declared("_ret"),
      msg: declared("_msg"),
      stream,
    };
  });
}

function procedureEntry(procedure: Procedure): string {
  const parts = [`number: ${procedure.number}`];
  for (const key of ["args", "ret", "msg", "stream"] as const) {
    if (procedure[key] !== undefined) parts.push(`${key}: "${procedure[key]}"`);
  }
  if (PASSES_DESCRIPTORS.test(procedure.name)) parts.push("descriptors: true");
  return `    ${procedure.name}: { ${parts.join(", ")} },`;
}

function programText(program: string, declarations: readonly Declaration[], names: Names): string {
  const values = declarations.find((each) => each.kind === "enum" && each.name === `${program}_procedure`);
  if (values?.kind !== "enum") throw new SyntaxError(`no enum ${program}_procedure`);
  const procedures = proceduresOf(program, values.values, names);
  const calls = procedures.filter((each) => each.msg === undefined);
  const events = procedures.filter((each) => each.msg !== undefined);
  const Program = pascal(program);
  const typeOr = (name: string | undefined) => name === undefined ? "void" : pascal(name);
  return [
    `/** What each call takes and answers. */\nexport interface ${Program}Calls {`,
    ...calls.map((each) => `  ${each.name}: { args: ${typeOr(each.args)}; ret: ${typeOr(each.ret)} };`),
    `}`,
    `/** What each message from the daemon carries. */\nexport interface ${Program}Events {`,
    ...events.map((each) => `  ${each.name}: ${typeOr(each.msg)};`),
    `}`,
    `export const ${program}Program: Program = {`,
    `  id: 0x${names.number(`${program.toUpperCase()}_PROGRAM`).toString(16)},`,
    `  version: ${names.number(`${program.toUpperCase()}_PROTOCOL_VERSION`)},`,
    `  types: ${program}Types,`,
    `  procedures: {`,
    ...procedures.map(procedureEntry),
    `  },`,
    `};`,
  ].join("\n");
}

export interface EmitOptions {
  /** The first lines: that the file is generated, by what, from what. */
  header: string;
  /** Prefix of the types table and, where there is a procedure enum, of the program: `remote`, `qemu`, `rpc`. */
  name: string;
  declarations: readonly Declaration[];
  names: Names;
  /** Whether the declarations define a program with procedures. */
  isProgram: boolean;
  /** Names of types that live in remote.gen.ts. */
  importedFromRemote: readonly string[];
}

/** The text of one generated protocol module. */
export function emitProtocol(options: EmitOptions): string {
  const { header, name, declarations, names, isProgram, importedFromRemote } = options;
  // The procedure enum is the program's table; as a type of its own it would say the same again.
  const shown = declarations.filter((each) => each.name !== `${name}_procedure`);
  const imports = [`import type { ${isProgram ? "Program, " : ""}Types } from "../schema.ts";`];
  if (importedFromRemote.length > 0) {
    imports.push(`import { remoteTypes } from "./remote.gen.ts";`);
    imports.push(`import type { ${importedFromRemote.map(pascal).join(", ")} } from "./remote.gen.ts";`);
  }
  const constants = declarations.flatMap((each) =>
    each.kind === "const" ? [`export const ${each.name} = ${names.number(each.value)};`] : []
  );
  const types = shown.flatMap((each) => typescriptDeclaration(each, names) ?? []);
  const schema = shown.flatMap((each) => {
    const text = schemaDeclaration(each, names);
    return text === undefined ? [] : [`  ${each.name}: ${text},`];
  });
  const table = [
    `export const ${name}Types: Types = {`,
    ...(importedFromRemote.length > 0 ? ["  ...remoteTypes,"] : []),
    ...schema,
    "};",
  ].join("\n");
  return [
    header,
    imports.join("\n"),
    constants.join("\n"),
    types.join("\n\n"),
    table,
    ...(isProgram ? [programText(name, declarations, names)] : []),
  ].filter((part) => part !== "").join("\n\n") + "\n";
}
