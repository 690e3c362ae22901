/** The steps after the host's, in their order. This list is their only registration. */
import type { Step } from "../step.ts";
import { guestInstallStep } from "./guest_install.ts";
import { mediaStep } from "./media.ts";
import type { WorkloadSpec } from "./spec.ts";
import type { WorkloadTools } from "./tools.ts";
import { vmStep } from "./vm.ts";

/** @param answersPath where the answers are kept: what a person would give the same commands by hand */
export function workloadSteps(tools: WorkloadTools, answersPath: string): readonly Step<unknown, WorkloadSpec>[] {
  return [mediaStep(tools), vmStep(tools, answersPath), guestInstallStep(tools, answersPath)];
}
