/** Strict reading of XML that people and hypervisors wrote. Pure. */
import { type Document, DOMParser } from "@xmldom/xmldom";
import { AppError } from "../../model/errors.ts";

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
  let problem: string | null = null;
  try {
    const parser = new DOMParser({
      onError(level, message, context) {
        if (level === "warning") return;
        const { lineNumber, columnNumber } = context.locator ?? {};
        problem ??= lineNumber === undefined ? message : `line ${lineNumber}, column ${columnNumber}: ${message}`;
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
