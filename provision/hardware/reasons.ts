import type { Detection, GpuReason } from "../../model/detection.ts";
import type { JudgedGpu } from "./gpu.ts";
export type Machine = Omit<Detection, "schema" | "gpus" | "findings">;
export function reasonsOf(_gpu: JudgedGpu, _all: readonly JudgedGpu[], _machine: Machine): GpuReason[] {
  return [];
}
