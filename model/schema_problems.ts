/**
 * Turns what a schema refuses into sentences: the path, what was given, what is allowed. Knows no schema by name;
 * "allowed" is each schema's own description. Never repeats a value that may be a secret.
 */
import { closestString } from "@std/text/closest-string";
import { z } from "zod";
import { secretSchema } from "./secret.ts";

type Schema = z.core.$ZodType;
type Path = readonly PropertyKey[];

/** One sentence for each problem: unknown keys first, then the rest in the schema's order; none is said twice. */
export function describeProblems(schema: Schema, value: unknown, issues: readonly z.core.$ZodIssue[]): string[] {
  const unknown = unknownKeys(schema, value, []);
  const explained = (path: Path) => unknown.some((key) => isPrefix(path, key.path));
  const sentences = [
    ...unknown.map((key) => key.sentence),
    ...issues
      .filter((issue) =>
        issue.code !== "unrecognized_keys" && !(issue.code === "invalid_union" && explained(issue.path))
      )
      .map((issue) => describeIssue(schema, value, issue)),
  ];
  return [...new Set(sentences)];
}

function describeIssue(schema: Schema, value: unknown, issue: z.core.$ZodIssue): string {
  const { allowed, secret, isSecretItself } = schemaAt(schema, issue.path);
  const given = valueAt(value, issue.path);
  const name = renderPath(issue.path);
  if (isSecretItself && typeof given === "string") {
    return `${name} holds a secret as plain text; secrets are never written into an answers file: ` +
      `put it into a file and write { "file": "path" }, or into a variable and write { "env": "NAME" }`;
  }
  if (given === undefined) return `${name} is missing; allowed: ${allowed ?? issue.message}`;
  return `${name} is ${secret ? kindOf(given) : renderGiven(given)}; allowed: ${allowed ?? issue.message}`;
}

interface SchemaAt {
  readonly allowed: string | undefined;
  /** The value at the path is, lies in or may hold a secret: it is not repeated. */
  readonly secret: boolean;
  readonly isSecretItself: boolean;
}

/** Follows a path into a schema: the nearest description, and whether a secret was passed on the way. */
function schemaAt(schema: Schema, path: Path): SchemaAt {
  let at: readonly Schema[] = [unwrap(schema)];
  let secret = false;
  for (const key of path) {
    secret ||= at.some(isSecret);
    at = at.flatMap((one) => childrenOf(one, key)).map(unwrap);
  }
  const allowed = at.map((one) => z.globalRegistry.get(one)?.description).find((text) => text !== undefined);
  return {
    allowed: allowed ?? keysAllowed(at),
    secret: secret || at.some(holdsSecret),
    isSecretItself: at.some(isSecret),
  };
}

/** An object without a description of its own is described by its keys. */
function keysAllowed(schemas: readonly Schema[]): string | undefined {
  const names = schemas.flatMap(keysOf);
  return names.length === 0 ? undefined : `an object with the keys ${names.join(", ")}`;
}

function isSecret(schema: Schema): boolean {
  return schema === secretSchema;
}

function holdsSecret(schema: Schema): boolean {
  if (isSecret(schema)) return true;
  return schema instanceof z.ZodObject && Object.values(schema.shape).some((child) => holdsSecret(unwrap(child)));
}

/** Inside `optional`, where descriptions and shapes are. A nullable keeps its own description. */
function unwrap(schema: Schema): Schema {
  if (schema instanceof z.ZodOptional) return unwrap(schema.unwrap());
  return schema;
}

function childrenOf(schema: Schema, key: PropertyKey): Schema[] {
  if (schema instanceof z.ZodObject) {
    return typeof key === "string" && Object.hasOwn(schema.shape, key) ? [schema.shape[key]!] : [];
  }
  if (schema instanceof z.ZodArray) return [schema.element];
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => childrenOf(unwrap(option), key));
  return [];
}

interface UnknownKey {
  readonly path: Path;
  readonly sentence: string;
}

function unknownKeys(schema: Schema, value: unknown, path: Path): UnknownKey[] {
  const known = unwrap(schema);
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => {
      const child = childrenOf(known, index)[0];
      return child === undefined ? [] : unknownKeys(child, item, [...path, index]);
    });
  }
  if (typeof value !== "object" || value === null) return [];
  const names = keysOf(known);
  if (names.length === 0) return [];
  return Object.entries(value).flatMap(([key, item]) => {
    const child = childrenOf(known, key)[0];
    if (child !== undefined) return unknownKeys(child, item, [...path, key]);
    const nearest = renderPath([...path, closestString(key, names)]);
    const sentence = `${renderPath([...path, key])} is not a known answer; did you mean ${nearest}? ` +
      `Known here: ${names.join(", ")}`;
    return [{ path: [...path, key], sentence }];
  });
}

function keysOf(schema: Schema): string[] {
  if (schema instanceof z.ZodObject) return Object.keys(schema.shape);
  if (schema instanceof z.ZodUnion) return [...new Set(schema.options.flatMap((option) => keysOf(unwrap(option))))];
  return [];
}

function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return undefined;
    at = Reflect.get(at, key);
  }
  return at;
}

/** `vm.disks[0].sizeGib`; keys that are no plain words are quoted, so that what a file hides is seen. */
function renderPath(path: Path): string {
  if (path.length === 0) return "the file";
  return path.map((key, index) => {
    if (typeof key === "number") return `[${key}]`;
    const word = /^[\w$-]{1,60}$/.test(String(key)) ? String(key) : JSON.stringify(String(key).slice(0, 60));
    return index === 0 ? word : `.${word}`;
  }).join("");
}

function renderGiven(value: unknown): string {
  // JSON has no word for what a number too large becomes.
  if (typeof value === "number" && !Number.isFinite(value)) return "a number too large to be read";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function isPrefix(prefix: Path, path: Path): boolean {
  return prefix.length <= path.length && prefix.every((key, index) => key === path[index]);
}
