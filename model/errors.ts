/**
 * The one error of the project and the one shape for facts about the world.
 * An error stops what was asked; a finding is shown and goes on. Neither ever decides an exit code.
 */

/** Every reason the program can stop for. Closed, so that a test can walk it and the page can translate it. */
export type ErrorCode =
  | "usage" // the words of the call are wrong
  | "answer-missing" // a question has no answer and nobody can be asked
  | "answer-invalid"
  | "hardware-unsuitable" // this machine cannot do it
  | "not-found"
  | "conflict" // the thing is in a state that forbids this
  | "plan-changed" // the machine moved between plan and apply
  | "locked" // another run holds the lock
  | "file-access" // permission, read-only, I/O error, no space
  | "command-failed"
  | "journal-damaged"
  | "verification-failed"
  | "template-invalid"
  | "xml-invalid"
  | "network" // another machine could not be reached, or did not answer as it must
  | "hypervisor" // libvirt refused or cannot be reached
  | "unauthenticated"
  | "forbidden"
  | "too-large"
  | "unsupported"
  | "interrupted"
  | "internal";

/** What was tried and what stood in the way (message), and what to do about it (hint). */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
  }
}

/** The message of anything that can be thrown, on one line. */
export function errorMessage(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s*\n\s*/g, " · ");
}

export type Severity = "blocker" | "warning" | "info";

/** A fact about the world that a person should know; never thrown. */
export interface Finding {
  /** kebab-case, stable: scripts and translations key on it. */
  readonly code: string;
  readonly severity: Severity;
  readonly title: string;
  readonly hint?: string;
  /** What it is about: a PCI address, a path, a unit, a domain. */
  readonly target?: string;
}
