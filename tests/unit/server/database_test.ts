import { assert, assertEquals, assertThrows } from "@std/assert";
import { AppError } from "../../../model/errors.ts";
import { Sessions } from "../../../server/auth/sessions.ts";
import { AuditLog, escapeControl, noSession } from "../../../server/store/audit.ts";
import { openDatabase } from "../../../server/store/database.ts";
import { SessionStore } from "../../../server/store/sessions.ts";

async function withFolder(run: (folder: string) => void): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a second start keeps people signed in, and nobody else can read the file", async () => {
  await withFolder((folder) => {
    const first = openDatabase(folder, Date.now);
    const sessions = new Sessions(new SessionStore(first), Date.now);
    const { token } = sessions.signIn(sessions.mintCode(), "test");
    first.close();
    assertEquals(Deno.statSync(`${folder}/server.sqlite`).mode! & 0o777, 0o600);
    const second = openDatabase(folder, Date.now);
    assert(new Sessions(new SessionStore(second), Date.now).find(token) !== null);
    second.close();
  });
});

Deno.test("a damaged database is set aside and a new one made", async () => {
  const damages: Record<string, (path: string) => void> = {
    garbled: (path) => Deno.writeFileSync(path, crypto.getRandomValues(new Uint8Array(8192))),
    truncated: (path) => Deno.truncateSync(path, 5000),
    empty: (path) => Deno.truncateSync(path, 0),
    foreign: (path) => Deno.writeTextFileSync(path, "SQLite format 3\0 but not really"),
  };
  for (const [name, damage] of Object.entries(damages)) {
    await withFolder((folder) => {
      openDatabase(folder, Date.now).close();
      damage(`${folder}/server.sqlite`);
      const database = openDatabase(folder, Date.now);
      const sessions = new Sessions(new SessionStore(database), Date.now);
      assert(sessions.find(sessions.signIn(sessions.mintCode(), "test").token) !== null, name);
      database.close();
    });
  }
});

Deno.test("a state folder that cannot be made is a plain error with a hint", async () => {
  await withFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/file`, "");
    const error = assertThrows(() => openDatabase(`${folder}/file/state`, Date.now), AppError);
    assertEquals(error.code, "file-access");
    assert(error.hint !== undefined);
  });
});

Deno.test("an audit line stays one line, whatever the words", () => {
  assertEquals(escapeControl("a\nb\x1b[0m\u202ec\u2028d"), "a\\u{a}b\\u{1b}[0m\\u{202e}c\\u{2028}d");
  assertEquals(escapeControl("x".repeat(10_000)).length, 500);
});

Deno.test("who is refused without end fills no disk and pushes nothing of the signed-in out", async () => {
  await withFolder((folder) => {
    const database = openDatabase(folder, Date.now);
    const audit = new AuditLog(database, 50);
    const line = { atMs: 0, address: "-", result: "401" };
    audit.record({ ...line, session: "0123abcd", request: "DELETE it" });
    for (let each = 0; each < 1_000; each++) audit.record({ ...line, session: noSession, request: `guess ${each}` });
    const kept = audit.read(2_000);
    assert(kept.length <= 56, `${kept.length} lines`);
    assertEquals([kept[0]!.request, kept.at(-1)!.request], ["guess 999", "DELETE it"]);
    database.close();
  });
});
