/** The document as JSON text that may be printed on any terminal: names in it come from firmware and plugs. Pure. */

/** C1 controls and writing-direction marks, which JSON.stringify leaves as they are, become escapes; the value stays. */
export function renderJson(value: unknown, indent: number): string {
  return JSON.stringify(value, null, indent).replace(
    /[\u007f-\u009f]|[\p{Cf}\p{Zl}\p{Zp}]/gu,
    (char) => [...Array(char.length).keys()].map((i) => `\\u${hex(char.charCodeAt(i))}`).join(""),
  );
}

function hex(code: number): string {
  return code.toString(16).padStart(4, "0");
}
