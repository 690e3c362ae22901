/**
 * How much memory Looking Glass shares between guest and host. The formulas are those of its documentation; the larger
 * of the two is taken, so that the release in the guest may be either.
 */
import type { LookingGlassSpec } from "../../model/vm_spec.ts";

const MIB = 1024 * 1024;

/** A power of two in MiB: 1920 × 1080 gives 32, 2560 × 1440 64, 3840 × 2160 128. */
export function lookingGlassMib(spec: Pick<LookingGlassSpec, "width" | "height" | "hdr">): number {
  // Up to release B7: two frames of 4 bytes a pixel (8 with HDR) and 10 MiB for the cursor and the queues.
  const bytesB7 = spec.width * spec.height * (spec.hdr ? 8 : 4) * 2 + 10 * MIB;
  // Since then: three frames whose rows are aligned to 256 bytes, and 4 MiB; HDR needs no more.
  const bytesNow = Math.ceil(spec.width * 4 / 256) * 256 * spec.height * 3 + 4 * MIB;
  return 2 ** Math.ceil(Math.log2(Math.max(bytesB7, bytesNow) / MIB));
}
