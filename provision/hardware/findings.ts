import type { Detection } from "../../model/detection.ts";
import type { Finding } from "../../model/errors.ts";
import type { UnreadableFile } from "./reading.ts";
export function findingsOf(
  _seen: Omit<Detection, "schema" | "findings">,
  _unreadable: readonly UnreadableFile[],
): Finding[] {
  return [];
}
