/** Parses JSON with comments and trailing commas. Throws SyntaxError. */
export function parse(text: string): unknown;
