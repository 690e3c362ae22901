/** Text in base64, as UTF-8. */
export const encodeBase64 = (text: string): string => new TextEncoder().encode(text).toBase64();
export const decodeBase64 = (text: string): string => new TextDecoder().decode(Uint8Array.fromBase64(text));
