/**
 * What says that two answers are parts of the same file: a strong ETag, else Last-Modified with the size. Without one
 * nothing is resumed: half of yesterday's file and half of today's make a file of the right length.
 * Source: RFC 9110, 8.8.1 (strong and weak), 8.8.2.2 (a Last-Modified younger than a second before Date is weak),
 * 13.1.5 (If-Range takes strong validators only).
 */
import type { Answer } from "./http.ts";

export type Validator = { readonly etag: string } | { readonly lastModified: string };

export function validatorOf(answer: Pick<Answer, "header">): Validator | null {
  const etag = answer.header("etag");
  if (etag !== null && /^"[^"]*"$/.test(etag)) return { etag };
  const lastModified = answer.header("last-modified");
  const modifiedMs = Date.parse(lastModified ?? "");
  const dateMs = Date.parse(answer.header("date") ?? "");
  if (lastModified === null || !(dateMs - modifiedMs >= 1000)) return null;
  return { lastModified };
}

export function sameValidator(a: Validator, b: Validator | null): boolean {
  if (b === null) return false;
  return "etag" in a ? "etag" in b && a.etag === b.etag : "lastModified" in b && a.lastModified === b.lastModified;
}

/** The value of If-Range. */
export function ifRange(validator: Validator): string {
  return "etag" in validator ? validator.etag : validator.lastModified;
}

/** `bytes 0-99/1234`; null when it is not that. A total of `*` is null. */
export function parseContentRange(text: string | null): { start: number; end: number; total: number | null } | null {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec(text?.trim() ?? "");
  if (match === null) return null;
  const [start, last] = [Number(match[1]), Number(match[2])];
  const total = match[3] === "*" ? null : Number(match[3]);
  return last < start || (total !== null && last >= total) ? null : { start, end: last + 1, total };
}
