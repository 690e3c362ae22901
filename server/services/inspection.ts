/** What the machine is and what would be done to it: asked for anew each time, but never twice at once. Only reads. */
import type { Detection, Plan, TrialReport } from "../dto.ts";

export interface InspectionSource {
  readDetection(): Detection;
  readPlan(): Promise<Plan>;
  readTrial(): TrialReport;
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

  readTrial(): TrialReport {
    return this.#source.readTrial();
  }

  /** Throws AppError `hardware-unsuitable` and whatever else the plan stops for. */
  readPlan(): Promise<Plan> {
    this.#planning ??= this.#source.readPlan().finally(() => this.#planning = undefined);
    return this.#planning;
  }
}
