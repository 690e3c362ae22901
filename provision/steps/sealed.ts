/** Text files of ours that hold what was seen once: a last line with the digest of the rest tells any altered byte. */
import { sha256 } from "../node.ts";

export const seal = (text: string): string => `${text}# sha256 ${sha256(text)}\n`;

/** What was sealed; null when it was altered, or nothing is there. */
export function unseal(text: string | null): string | null {
  const body = text?.replace(/# sha256 [0-9a-f]{64}\n$/, "") ?? "";
  return text !== null && seal(body) === text ? body : null;
}
