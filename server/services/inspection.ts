/** What the machine is and what would be done to it: asked for anew each time, but never twice at once. Only reads. */
import type { Detection, Plan } from "../dto.ts";

export interface InspectionSource {
  readDetection(): Detection;
  readPlan(): Promise<Plan>;
}

export class Inspection {
  readonly #source: InspectionSource;
  #planning: Promise<Plan> | undefined;

  constructor(source: InspectionSource) {
    this.#source = source;
  }

  readDetection(): Detection {
    return this.#source.readDetection();
  }

  /** Throws AppError `hardware-unsuitable` and whatever else the plan stops for. */
  readPlan(): Promise<Plan> {
    this.#planning ??= this.#source.readPlan().finally(() => this.#planning = undefined);
    return this.#planning;
  }
}
