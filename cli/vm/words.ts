/** Reads the words and flags that several verbs take. Pure. */
import { AppError } from "../../model/errors.ts";
import type { Invocation } from "../command.ts";

/** @throws AppError `usage` when there is not exactly one word */
export function oneWord({ words }: Invocation, verb: string, what: string): string {
  const [word, surplus] = words;
  if (word !== undefined && surplus === undefined) return word;
  throw new AppError(
    "usage",
    word === undefined ? `vm ${verb} needs ${what}` : `vm ${verb} takes ${what} only, but "${surplus}" was given too`,
    { hint: `Write neuron-setup vm ${verb} ${what.toUpperCase().replace(/^(A|THE) /, "").replaceAll(" ", "-")}` },
  );
}

/** @throws AppError `usage` unless the flag is absent or a whole number in the range */
export function integerFlag({ flags }: Invocation, name: string, minimum: number, maximum: number): number | undefined {
  const text = flags[name];
  if (typeof text !== "string") return undefined;
  const value = Number(text);
  if (/^\d{1,9}$/.test(text) && value >= minimum && value <= maximum) return value;
  throw new AppError("usage", `--${name} is "${text}"`, { hint: `Give a whole number from ${minimum} to ${maximum}` });
}

export function textFlag({ flags }: Invocation, name: string): string | undefined {
  const value = flags[name];
  return typeof value === "string" ? value : undefined;
}

/** Values of a flag that may be given more than once, each also a list with commas. */
export function listFlag({ flags }: Invocation, name: string): string[] {
  const value = flags[name];
  const given = typeof value === "string" ? [value] : Array.isArray(value) ? value : [];
  return given.flatMap((one) => String(one).split(",")).map((one) => one.trim());
}
