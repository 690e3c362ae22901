/**
 * The server's own memory: sessions, sign-in codes and the audit log, in one SQLite file only its owner may read.
 * A damaged file is set aside, never repaired and never a reason not to start: what it held can be made again.
 */
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { AppError, errorMessage } from "../../model/errors.ts";

const schemaVersion = 1;
const schema = `
  create table sessions (
    token_hash text primary key, created_ms integer not null, used_ms integer not null, client text not null
  ) strict, without rowid;
  create table sign_in_codes (code_hash text primary key, created_ms integer not null) strict, without rowid;
  create table audit (
    id integer primary key, at_ms integer not null, session text not null, address text not null,
    request text not null, result text not null
  ) strict;
`;

/** Opens `<folder>/server.sqlite`, making both as needed. Throws AppError `file-access`. */
export function openDatabase(folder: string, now: () => number): DatabaseSync {
  const path = join(folder, "server.sqlite");
  try {
    Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
    try {
      return open(path);
    } catch (error) {
      if (error instanceof Deno.errors.PermissionDenied) throw error;
      setAside(path, now());
      return open(path);
    }
  } catch (error) {
    throw new AppError("file-access", `Cannot open the server's database ${path}: ${errorMessage(error)}`, {
      hint: "Check that the state folder may be written to and has free space, or give another with --state",
      cause: error,
    });
  }
}

function open(path: string): DatabaseSync {
  // Made before SQLite does, which would leave it readable for everyone.
  Deno.openSync(path, { write: true, create: true, mode: 0o600 }).close();
  const database = new DatabaseSync(path);
  try {
    database.exec("pragma journal_mode = wal; pragma synchronous = normal; pragma busy_timeout = 2000");
    const row = database.prepare("pragma user_version").get();
    if (row?.user_version === 0) {
      database.exec(`begin immediate; ${schema} pragma user_version = ${schemaVersion}; commit`);
    } else if (row?.user_version !== schemaVersion) throw new Error(`unknown schema version ${row?.user_version}`);
    database.prepare("select count(*) from sessions, sign_in_codes, audit").get();
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function setAside(path: string, nowMs: number): void {
  Deno.renameSync(path, `${path}.damaged-${nowMs}`);
  for (const suffix of ["-wal", "-shm"]) {
    try {
      Deno.removeSync(path + suffix);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}
