/**
 * The forms that words from people may have before they reach XML, file names or commands.
 * Each schema's description is what an error message calls "allowed".
 */
import { z } from "zod";
import { tryParsePciAddress } from "./pci_address.ts";

// deno-lint-ignore no-control-regex -- refusing control characters is the purpose
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]/;
/** Characters that turn the direction of text around: they make one name look like another. */
const BIDI = /[\u202a-\u202e\u2066-\u2069]/;

/** One line for people. */
export function lineSchema(maxLength: number) {
  return z.string().max(maxLength)
    .refine((text) => !CONTROL.test(text) && !BIDI.test(text) && !/[\n\r\t]/.test(text) && text.isWellFormed())
    .describe(`one line of text, up to ${maxLength} characters, without control characters`);
}

/** Several lines for people. */
export function textSchema(maxLength: number) {
  return z.string().max(maxLength)
    .refine((text) => !CONTROL.test(text) && !BIDI.test(text) && text.isWellFormed())
    .describe(`text up to ${maxLength} characters, without control characters`);
}

/** Names of domains, pools, networks, volumes: safe as one part of a path and as an argument. */
export const nameSchema = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}$/)
  .describe("1 to 63 letters, digits, - _ or . (the first a letter, a digit or _)");

/** Kernel network interface names (IFNAMSIZ leaves 15 characters). */
export const interfaceNameSchema = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}$/)
  .describe("the name of a network, a bridge or a network device");

export const absolutePathSchema = z.string().max(4096)
  .refine((path) =>
    path.startsWith("/") && !CONTROL.test(path) && !path.split("/").includes("..") && path.isWellFormed()
  )
  .describe('an absolute path without ".." and without control characters');

/** Lower-cased, so that it compares equal with what the kernel writes. */
export const pciAddressSchema = z.string()
  .refine((text) => tryParsePciAddress(text) !== null)
  .transform((text) => text.toLowerCase())
  .describe("a PCI address such as 0000:01:00.0");

export const hexIdSchema = z.string().regex(/^[0-9a-fA-F]{4}$/).transform((text) => text.toLowerCase())
  .describe("four hex digits without 0x");

export function integerSchema(minimum: number, maximum: number, unit = "") {
  return z.number().int().min(minimum).max(maximum)
    .describe(`a whole number from ${minimum} to ${maximum}${unit === "" ? "" : ` ${unit}`}`);
}

export const switchSchema = z.boolean().describe("true or false");

/** An enumeration whose description lists its words. */
export function wordSchema<const Words extends readonly [string, ...string[]]>(...words: Words) {
  return z.enum(words).describe(words.map((word) => `"${word}"`).join(", "));
}
