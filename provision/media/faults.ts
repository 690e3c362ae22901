/**
 * Everything that can go wrong with a download, and what follows: a table, so that no fault is retried by accident.
 * `again`: the same bytes once more, as long as there is progress. `fresh`: what is there cannot be trusted, from zero.
 * `relink`: the link itself is spent; a new one where its source can give one. `stop`: trying again changes nothing.
 */
import { AppError, type ErrorCode } from "../../model/errors.ts";

export type FaultKind = keyof typeof faults;

export interface Consequence {
  readonly then: "again" | "fresh" | "relink" | "stop";
  readonly code: ErrorCode;
  readonly hint: string;
  /** How often this fault may come in one download; absent: as often as the general limits let it. */
  readonly most?: number;
  /** What was received so far is worth nothing: it is removed when the download ends with this. */
  readonly worthless?: true;
}

const moment = "Run it again later: it goes on where it stopped";

const faults = {
  unreachable: {
    then: "again",
    code: "network",
    hint: "Check the network, the name server and the proxy (https_proxy); run it again: it goes on where it stopped",
  },
  untrusted: {
    then: "stop",
    code: "network",
    hint: "Check the clock of this machine and who signs TLS connections in your network",
  },
  stalled: { then: "again", code: "network", hint: moment },
  cut: { then: "again", code: "network", hint: moment },
  busy: { then: "again", code: "network", hint: moment },
  "server-error": { then: "again", code: "network", hint: moment },
  "link-spent": {
    then: "relink",
    code: "network",
    hint: "Get a new link and run it again with that: what was downloaded stays",
  },
  refused: { then: "stop", code: "network", hint: "Check the link in a browser" },
  "range-ignored": { then: "fresh", code: "network", hint: moment },
  "range-refused": { then: "fresh", code: "network", hint: moment },
  /** It broke off, and the server names nothing by which the rest could be trusted to belong to it. */
  unresumable: { then: "fresh", code: "network", hint: "Run it again: with this server it begins anew each time" },
  changed: {
    then: "fresh",
    code: "network",
    hint: "The file is being replaced at its source: run it again later",
  },
  encoded: {
    then: "stop",
    code: "network",
    hint: "Something between here and there compresses what it passes on; download without that proxy",
  },
  "redirect-loop": { then: "stop", code: "network", hint: "Check the link in a browser" },
  "redirect-insecure": {
    then: "stop",
    code: "forbidden",
    hint: "Use a link that stays on https; only a host named with --allow-host may be asked without",
  },
  "private-address": {
    then: "stop",
    code: "forbidden",
    hint: "If that host is yours and you trust it, name it with --allow-host HOST",
  },
  html: {
    then: "stop",
    code: "verification-failed",
    worthless: true,
    hint: "Open the link in a browser: it may ask for something. What you download there, take with media import",
  },
  "wrong-kind": {
    then: "stop",
    code: "verification-failed",
    worthless: true,
    hint: "Check that the link leads to the file itself",
  },
  "wrong-size": {
    then: "stop",
    code: "verification-failed",
    worthless: true,
    hint: "The file at that link is another one than expected: look for a newer version of it",
  },
  "wrong-hash": {
    then: "fresh",
    most: 1,
    code: "verification-failed",
    worthless: true,
    hint: "Twice the same says that the file there is another one; do not use it. Else check this machine's memory",
  },
  "too-long": {
    then: "stop",
    code: "too-large",
    worthless: true,
    hint: "Check that the link leads to the file itself",
  },
  "no-space": {
    then: "stop",
    code: "file-access",
    hint: "Make room on that disk and run it again: it goes on where it stopped",
  },
} as const satisfies Record<string, Consequence>;

export function consequenceOf(kind: FaultKind): Consequence {
  return faults[kind];
}

export const faultKinds = Object.keys(faults) as readonly FaultKind[];

/** Caught inside media/: what stood in the way, as a clause that follows "Cannot download X: ". */
export class Fault extends Error {
  override readonly name = "Fault";
  /** The server's Retry-After. */
  readonly retryAfterMs: number | undefined;

  constructor(readonly kind: FaultKind, message: string, options: { retryAfterMs?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** For people, when it is over. */
export function explain(what: string, fault: Fault, tries = 1): AppError {
  const { code, hint } = consequenceOf(fault.kind);
  const often = tries > 1 ? ` (${tries} tries)` : "";
  return new AppError(code, `Cannot download ${what}: ${fault.message}${often}`, { hint, cause: fault });
}
