/**
 * Who is signed in. A one-time code (128 bit, shown where the server was started) buys a session (256 bit, in a cookie
 * no script can read). Both are kept as hashes only. A code works once; a session ends by signing out, after a time
 * without use, and in any case after a week.
 */
import { Buffer } from "node:buffer";
import { AppError } from "../../model/errors.ts";
import { hashSecret } from "../store/secret.ts";
import type { SessionRow, SessionStore } from "../store/sessions.ts";

const minute = 60_000;
export const codeLifeMs = 15 * minute;
export const sessionIdleMs = 12 * 60 * minute;
export const sessionLifeMs = 7 * 24 * 60 * minute;
/** A clock that jumped back must not make an old session young again; this much is forgiven. */
const clockSlackMs = 2 * minute;

export class Sessions {
  readonly #store: SessionStore;
  readonly #now: () => number;

  constructor(store: SessionStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** A new one-time code; earlier ones stay good for their time. */
  mintCode(): string {
    const code = randomToken(16);
    this.#store.deleteCodesBefore(this.#now() - codeLifeMs);
    this.#store.insertCode(hashSecret(code), this.#now());
    return code;
  }

  /** Returns the token for the cookie. Throws AppError `unauthenticated` for a code that is unknown, used or too old. */
  signIn(code: string, client: string): { token: string; session: SessionRow } {
    const now = this.#now();
    const createdMs = this.#store.takeCode(hashSecret(code));
    if (createdMs === null || !within(createdMs, codeLifeMs, now)) {
      throw new AppError("unauthenticated", "This sign-in link has been used already or is too old", {
        hint: "Press Enter in the terminal where Neuron runs: it prints a new link",
      });
    }
    this.#store.deleteStale(now - sessionLifeMs, now - sessionIdleMs);
    const token = randomToken(32);
    const session = { tokenHash: hashSecret(token), createdMs: now, usedMs: now };
    this.#store.insertSession(session, client);
    return { token, session };
  }

  /** The session a cookie stands for, which is hereby used; null when there is none or it has ended. */
  find(token: string | undefined): SessionRow | null {
    if (token === undefined || token.length > 100) return null;
    const session = this.#findLiving(hashSecret(token));
    const now = this.#now();
    if (session !== null && now - session.usedMs > minute) this.#store.touchSession(session.tokenHash, now);
    return session;
  }

  /** Whether a session goes on, without using it: a stream that is merely open keeps nobody signed in. */
  isLiving({ tokenHash }: SessionRow): boolean {
    return this.#findLiving(tokenHash) !== null;
  }

  #findLiving(tokenHash: string): SessionRow | null {
    const now = this.#now();
    const session = this.#store.findSession(tokenHash);
    if (session === null) return null;
    if (within(session.createdMs, sessionLifeMs, now) && within(session.usedMs, sessionIdleMs, now)) return session;
    this.#store.deleteSession(tokenHash);
    return null;
  }

  signOut(session: SessionRow): void {
    this.#store.deleteSession(session.tokenHash);
  }
}

export function sessionEndsMs(session: SessionRow): number {
  return session.createdMs + sessionLifeMs;
}

function within(sinceMs: number, lifeMs: number, nowMs: number): boolean {
  const age = nowMs - sinceMs;
  return age >= -clockSlackMs && age < lifeMs;
}

function randomToken(bytes: number): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString("base64url");
}
