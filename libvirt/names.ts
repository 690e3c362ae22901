/**
 * libvirt's constants in TypeScript's manner, derived from the generated tables: a set of flags is `{ resetNvram: true }`,
 * a value of an enum is `"running"`. What libvirt adds to a table is there without a line of code. Pure.
 */
import { LibvirtError } from "./errors.ts";

type Table = Readonly<Record<string, number>>;

type Camel<S extends string> = S extends `${infer Head}_${infer Tail}` ? `${Lowercase<Head>}${Capitalize<Camel<Tail>>}`
  : Lowercase<S>;
type Kebab<S extends string> = S extends `${infer Head}_${infer Tail}` ? `${Lowercase<Head>}-${Kebab<Tail>}`
  : Lowercase<S>;

/** `{ startPaused?: boolean, … }` for a table's names without their prefix. */
export type FlagsOf<T, Prefix extends string> = {
  readonly [K in keyof T as K extends `${Prefix}${infer Name}` ? Camel<Name> : never]?: boolean;
};

/** `"running" | "shutoff" | …` for a table's names without their prefix; `unknown-<number>` for a newer daemon's value. */
export type NameIn<T, Prefix extends string> =
  | (keyof T extends infer K ? K extends `${Prefix}${infer Name}` ? Kebab<Name> : never : never)
  | `unknown-${number}`;

/** A function that turns a flags object into libvirt's bits. A name that is no flag is an error, as a typo would be silent. */
export function flagSet<const T extends Table, const Prefix extends string>(
  table: T,
  prefix: Prefix,
): (flags?: FlagsOf<T, Prefix>) => number {
  const bits = new Map<string, number>();
  for (const [name, bit] of Object.entries(table)) {
    if (name.startsWith(prefix)) bits.set(camel(name.slice(prefix.length)), bit);
  }
  return (flags = {}) => {
    let sum = 0;
    for (const [name, on] of Object.entries(flags)) {
      const bit = bits.get(name);
      if (bit === undefined) {
        const known = [...bits.keys()].join(", ");
        throw new LibvirtError({ code: "VIR_ERR_INVALID_ARG", message: `${name} is no flag here; there are ${known}` });
      }
      if (on) sum |= bit;
    }
    return sum >>> 0;
  };
}

/** A function that turns libvirt's number into its name. */
export function nameSet<const T extends Table, const Prefix extends string>(
  table: T,
  prefix: Prefix,
): (value: number) => NameIn<T, Prefix> {
  const names = new Map<number, string>();
  for (const [name, value] of Object.entries(table)) {
    if (name.startsWith(prefix)) names.set(value, kebab(name.slice(prefix.length)));
  }
  // The map's values are what the type computes from the same table.
  return (value) => (names.get(value) ?? `unknown-${value}`) as NameIn<T, Prefix>;
}

function camel(name: string): string {
  return name.toLowerCase().replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function kebab(name: string): string {
  return name.toLowerCase().replaceAll("_", "-");
}
