/** Strict reading of XML that people and hypervisors wrote. Pure. */
import { type Document, DOMParser } from "@xmldom/xmldom";
import { AppError } from "../../model/errors.ts";

// deno-lint-ignore no-control-regex -- XML 1.0 has no way to write these
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;
/** The same written as character references. */
const FORBIDDEN_REFERENCE = /&#(x0*([0-8bcef]|1[0-9a-f])|0*([0-8]|1[124-9]|2\d|3[01]));/i;

/**
 * @throws AppError `xml-invalid` with line and column when the text is not well-formed, or when it declares entities:
 *   no libvirt document needs them, and they can make a small file huge
 */
export function parseXml(text: string): Document {
  if (/<!DOCTYPE[^>]*\[/i.test(withoutComments(text))) {
    throw new AppError("xml-invalid", "Cannot read the XML: it declares its own entities in a DOCTYPE", {
      hint: "Remove the DOCTYPE; libvirt's documents have none",
    });
  }
  // xmldom lets them through; libvirt does not.
  const forbidden = FORBIDDEN.exec(text) ?? FORBIDDEN_REFERENCE.exec(text);
  let problem = forbidden === null
    ? null
    : `line ${text.slice(0, forbidden.index).split("\n").length}: a control character`;
  try {
    const parser = new DOMParser({
      // Its warnings (an attribute without quotes) are errors of XML too.
      onError(_level, message, context) {
        const { lineNumber, columnNumber } = context.locator ?? {};
        problem ??= lineNumber === undefined || lineNumber === 0
          ? message
          : `line ${lineNumber}, column ${columnNumber}: ${message}`;
      },
    });
    const document = parser.parseFromString(text.replace(/^\ufeff/, ""), "text/xml");
    if (problem === null && document.documentElement !== null) return document;
  } catch (error) {
    problem ??= error instanceof Error ? error.message : String(error);
  }
  throw new AppError("xml-invalid", `Cannot read the XML: ${problem ?? "it has no element"}`, {
    hint: "The file must be one well-formed XML document, as virsh dumpxml prints it",
  });
}

function withoutComments(text: string): string {
  return text.replace(/<!--[\s\S]*?-->/g, "");
}
