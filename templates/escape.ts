/** What may stand in XML, and how it is written there. Pure. */

export class TemplateError extends Error {
  override readonly name = "TemplateError";
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
  // As themselves, an attribute's reader would turn them into spaces (XML 1.0, 3.3.3).
  "\t": "&#9;",
  "\n": "&#10;",
  "\r": "&#13;",
  // Ends of lines in XML 1.1, which some readers make of them in 1.0 too.
  "\u0085": "&#133;",
  "\u2028": "&#8232;",
};

// deno-lint-ignore no-control-regex -- XML 1.0 has no way to write these, escaped or not
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

/**
 * Text for element content and for attributes in either kind of quotes.
 * @throws TemplateError for undefined, null, objects and numbers that are none: a template asked for what is not there;
 *   and for characters that no XML document can hold
 */
export function xmlEscape(value: unknown): string {
  if (typeof value !== "string" && typeof value !== "boolean" && !Number.isFinite(value)) {
    throw new TemplateError(
      `Cannot write ${value === null ? "null" : typeof value} into XML: the template's input lacks it`,
    );
  }
  const text = String(value);
  const forbidden = FORBIDDEN.exec(text)?.[0];
  if (forbidden !== undefined || !text.isWellFormed()) {
    const code = forbidden === undefined
      ? "half of a surrogate pair"
      : `U+${forbidden.charCodeAt(0).toString(16).padStart(4, "0")}`;
    throw new TemplateError(`Cannot write the text ${JSON.stringify(text.slice(0, 60))} into XML: it holds ${code}`);
  }
  return text.replace(/[&<>"'\t\n\r\u0085\u2028]/g, (character) => ENTITIES[character]!);
}
