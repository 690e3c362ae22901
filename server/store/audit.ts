/** Who changed what, from where, with which result: one line each, whatever the words in it. Never a secret. */
import type { DatabaseSync } from "node:sqlite";

export interface AuditEntry {
  readonly atMs: number;
  /** First digits of the session's hash: tells sessions apart, opens none. */
  readonly session: string;
  readonly address: string;
  readonly request: string;
  readonly result: string;
}

/**
 * Anybody on this machine can be refused as often as they like; what they leave here is bounded. Lines of people who
 * were signed in are never dropped.
 */
const mostWithoutSession = 10_000;
export const noSession = "-";

export class AuditLog {
  readonly #database: DatabaseSync;

  readonly #most: number;
  #sinceTrimmed = 0;

  constructor(database: DatabaseSync, most = mostWithoutSession) {
    this.#database = database;
    this.#most = most;
    this.#trim();
  }

  record(entry: AuditEntry): void {
    this.#database.prepare("insert into audit (at_ms, session, address, request, result) values (?, ?, ?, ?, ?)").run(
      entry.atMs,
      escapeControl(entry.session),
      escapeControl(entry.address),
      escapeControl(entry.request),
      escapeControl(entry.result),
    );
    if (entry.session === noSession && ++this.#sinceTrimmed >= this.#most / 10) this.#trim();
  }

  #trim(): void {
    this.#sinceTrimmed = 0;
    this.#database.prepare(
      `delete from audit where session = ? and id <=
        (select id from audit where session = ? order by id desc limit 1 offset ?)`,
    ).run(noSession, noSession, this.#most);
  }

  /** Newest first. */
  read(limit: number): AuditEntry[] {
    return this.#database.prepare("select * from audit order by id desc limit ?").all(limit).map((row) => ({
      atMs: Number(row.at_ms),
      session: String(row.session),
      address: String(row.address),
      request: String(row.request),
      result: String(row.result),
    }));
  }
}

/** Control, format (bidi) and line-separator characters become `\u{…}`; the rest is cut at 500 characters. */
export function escapeControl(text: string): string {
  return text.slice(0, 500).replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}
