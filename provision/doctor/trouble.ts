/** What a known trouble is: either words that a log holds, or a state the machine is in. Data; finds nothing by itself. */
import type { Finding, Severity } from "../../model/errors.ts";
import type { Evidence } from "./evidence.ts";

interface Trouble {
  /** kebab-case, stable. The same code as a finding of detect or verify means the same trouble. */
  readonly code: string;
  readonly severity: Severity;
  readonly title: string;
  /** The cure. */
  readonly hint: string;
  /** Where it is written down, or whose code says the message. */
  readonly source: string;
}

/** Which log says it. */
export type Where = "kernel" | "qemu" | "libvirt";

/** Words of a log that are known, and what they mean. */
export interface KnownMessage extends Trouble {
  readonly where: Where;
  readonly pattern: RegExp;
  /** A line as it is really written; the tests hold the pattern against it. */
  readonly example: string;
}

/** A state of the machine that is known to be trouble. */
export interface KnownState extends Trouble {
  /** What is looked at, for people. */
  readonly looks: string;
  /** Pure. */
  judge(evidence: Evidence): Judgement;
}

/** One hit: what it is about, and what was read there. */
export interface Hit {
  readonly target?: string;
  readonly seen?: string;
}

export type Judgement = { readonly hits: readonly Hit[] } | { readonly notLooked: string };

/** A finding with where it is known from and, where there is one, the line that was read. */
export interface DoctorFinding extends Finding {
  readonly source?: string;
  readonly seen?: string;
}

/** One thing that was looked at. */
export interface Checked {
  readonly code: string;
  readonly what: string;
  readonly result: "fine" | "found" | "not-looked";
  /** Why it could not be looked at. */
  readonly why?: string;
}
