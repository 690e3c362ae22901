/** Bytes as lower-case hex, and the hash under which secrets are kept. Pure. */
import { createHash } from "node:crypto";

export function encodeHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Secrets here are 128 random bits or more, so a plain hash keeps them: nothing can be guessed through it, and finding
 * a row by its hash tells nothing by its timing.
 */
export function hashSecret(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}
