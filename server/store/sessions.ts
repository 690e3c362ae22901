/** Rows of sessions and sign-in codes. Knows no secret, only hashes, and no rule about how long anything lives. */
import type { DatabaseSync } from "node:sqlite";

export interface SessionRow {
  readonly tokenHash: string;
  readonly createdMs: number;
  readonly usedMs: number;
}

export class SessionStore {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  insertSession(row: SessionRow, client: string): void {
    this.#database.prepare("insert into sessions (token_hash, created_ms, used_ms, client) values (?, ?, ?, ?)")
      .run(row.tokenHash, row.createdMs, row.usedMs, client);
  }

  findSession(tokenHash: string): SessionRow | null {
    const row = this.#database.prepare("select * from sessions where token_hash = ?").get(tokenHash);
    if (row === undefined) return null;
    return { tokenHash, createdMs: Number(row.created_ms), usedMs: Number(row.used_ms) };
  }

  touchSession(tokenHash: string, usedMs: number): void {
    this.#database.prepare("update sessions set used_ms = ? where token_hash = ?").run(usedMs, tokenHash);
  }

  deleteSession(tokenHash: string): void {
    this.#database.prepare("delete from sessions where token_hash = ?").run(tokenHash);
  }

  /** Sessions made before the one or last used before the other. */
  deleteStale(createdBeforeMs: number, usedBeforeMs: number): void {
    this.#database.prepare("delete from sessions where created_ms < ? or used_ms < ?")
      .run(createdBeforeMs, usedBeforeMs);
  }

  insertCode(codeHash: string, createdMs: number): void {
    this.#database.prepare("insert into sign_in_codes (code_hash, created_ms) values (?, ?)").run(codeHash, createdMs);
  }

  deleteCodesBefore(createdBeforeMs: number): void {
    this.#database.prepare("delete from sign_in_codes where created_ms < ?").run(createdBeforeMs);
  }

  /** Removes the code and says when it was made; null when it was not there. One statement: of two, one gets it. */
  takeCode(codeHash: string): number | null {
    const row = this.#database.prepare("delete from sign_in_codes where code_hash = ? returning created_ms")
      .get(codeHash);
    return row === undefined ? null : Number(row.created_ms);
  }
}
