/** A file that is one kernel command line, without place for marks: which words at its end are ours. Pure. */
import { isAlmost } from "../block.ts";
import type { Missing } from "./boot_loader.ts";
import type { OwnParameters } from "./own_parameters.ts";

/** Our words before the white space at the end, with a space before them. */
export function withWords(theirs: string, parameters: readonly string[]): { text: string; words: string } {
  const body = theirs.trimEnd();
  const words = parameters.length === 0 ? "" : `${body === "" ? "" : " "}${parameters.join(" ")}`;
  return { text: body + words + theirs.slice(body.length), words };
}

/**
 * Where our words are: those of the list, also with a damaged byte among them; of a damaged list, those at the end that
 * are wanted.
 */
export function findOwnWords(text: string, own: OwnParameters, missing: Missing): readonly [number, number] | null {
  if (!own.exists) return null;
  if (own.listed !== null) {
    const words = ` ${own.listed.join(" ")}`;
    const exact = text.lastIndexOf(words);
    if (exact !== -1) return [exact, exact + words.length];
    for (let at = text.length - words.length; at >= 0; at--) {
      if (isAlmost(text, at, words)) return [at, at + words.length];
    }
    return null;
  }
  const wanted = missing([]);
  const end = text.trimEnd().length;
  let from = end;
  for (;;) {
    const word = /\s(\S+)$/.exec(text.slice(0, from));
    if (word === null || !wanted.includes(word[1]!)) break;
    from -= word[0].length;
  }
  return from === end ? null : [from, end];
}
