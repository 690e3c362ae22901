/** What the doctor looked at, and what it found. */
import { AppError, errorMessage } from "../../model/errors.ts";
import type { Checked, DoctorFinding } from "./trouble.ts";

/** Collects what was looked at and what was found, the same trouble once. */
export class Looked {
  readonly checked: Checked[] = [];
  readonly #findings = new Map<string, DoctorFinding>();

  findings(): DoctorFinding[] {
    const order = ["blocker", "warning", "info"];
    return [...this.#findings.values()].sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
  }

  #add(finding: DoctorFinding): void {
    const key = `${finding.code} ${finding.target ?? ""}`;
    if (!this.#findings.has(key)) this.#findings.set(key, finding);
  }

  tell(code: string, what: string, findings: readonly DoctorFinding[]): void {
    for (const finding of findings) this.#add(finding);
    this.checked.push({ code, what, result: findings.length === 0 ? "fine" : "found" });
  }

  skip(code: string, what: string, why: string): void {
    this.checked.push({ code, what, result: "not-looked", why });
  }

  /** What throws could not be looked at; an AppError about the machine is a finding. */
  ask<T>(code: string, what: string, look: () => T): T | null {
    try {
      const value = look();
      this.tell(code, what, []);
      return value;
    } catch (error) {
      this.#failed(code, what, error);
      return null;
    }
  }

  async askFor(
    code: string,
    what: string,
    look: () => Promise<readonly DoctorFinding[]> | readonly DoctorFinding[],
  ): Promise<void> {
    try {
      this.tell(code, what, await look());
    } catch (error) {
      this.#failed(code, what, error);
    }
  }

  #failed(code: string, what: string, error: unknown): void {
    if (!(error instanceof AppError) || error.code === "file-access") return this.skip(code, what, errorMessage(error));
    const { message, hint } = error;
    this.tell(code, what, [{ code: error.code, severity: "blocker", title: message, ...(hint ? { hint } : {}) }]);
  }
}
