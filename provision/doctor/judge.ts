/** How a row of the tables of states says what it found. Pure. */
import type { Seen } from "./evidence.ts";
import type { Hit, Judgement } from "./trouble.ts";

const KIB_PER_MIB = 1024;

/** Judges a value that may not be known. */
export function when<T>(seen: Seen<T>, judge: (value: T) => Judgement): Judgement {
  return "value" in seen ? judge(seen.value) : seen;
}

export const found = (...hits: readonly Hit[]): Judgement => ({ hits });
export const fine: Judgement = found();
export const foundIf = (is: boolean, hit: Hit = {}): Judgement => is ? found(hit) : fine;
export const mib = (kib: number) => `${Math.floor(kib / KIB_PER_MIB)} MiB`;
