/** Links from Microsoft are asked for as seldom as can be, and refusals are not asked away. Against a stand-in. */
import { assertEquals, assertMatch } from "@std/assert";
import { findWindows } from "../../../provision/media/windows/find.ts";
import { standIn } from "./microsoft.ts";
import { discImage, refusal, sha256, unhurried } from "./place.ts";
import { german, obtain, shelf } from "./windows_shelf.ts";

Deno.test("a refusal is remembered: the next run does not ask, a day later or by the person's word it does", async () => {
  let nowMs = Date.now();
  await using server = await standIn({ sentinel: "links" });
  using where = shelf(() => nowMs);
  const options = { http: unhurried.http!, endpoints: server.endpoints };
  const ask = (more: { askAgain?: true } = {}) =>
    refusal(findWindows(where.host, "11", "de-DE", { ...options, ...more }));
  assertMatch((await ask()).message, /no link \(715-123130\)/);
  assertEquals(server.asked.length, 5);
  const remembered = await ask();
  assertMatch(remembered.message, /gave this network address no link at 20\d\d-.* UTC/);
  assertMatch(remembered.hint!, /--ask-again/);
  assertEquals(server.asked.length, 5);
  await ask({ askAgain: true });
  assertEquals(server.asked.length, 10);
  nowMs += 25 * 3_600_000;
  assertMatch((await ask()).message, /no link \(715-123130\)/);
  assertEquals(server.asked.length, 15);
});

Deno.test("a link is asked for once a day, and anew when it has expired", async () => {
  let nowMs = Date.now();
  await using server = await standIn();
  using where = shelf(() => nowMs);
  const ask = () => findWindows(where.host, "11", "de-DE", { http: unhurried.http!, endpoints: server.endpoints });
  const first = await ask();
  assertEquals([server.asked.length, (await ask()).link, server.asked.length], [5, first.link, 5]);
  nowMs += 22 * 3_600_000;
  await ask();
  assertEquals(server.asked.length, 5);
  nowMs += 2 * 3_600_000;
  await ask();
  assertEquals(server.asked.length, 10);
});

Deno.test("a kept link that the server calls spent is asked for anew, once", async () => {
  const iso = discImage(300_000);
  let links = 0;
  const mood: { files: Record<string, Uint8Array>; isoLink?: () => string } = { files: { "/iso/2/x.iso": iso } };
  await using server = await standIn(mood);
  mood.isoLink = () => `${server.base}/iso/${++links}/x.iso`;
  using where = shelf();
  const { path, record, source } = await obtain(where, server, german);
  assertEquals([source, links, sha256(Deno.readFileSync(path))], ["api", 2, sha256(iso)]);
  assertEquals([record.verifiedAgainst, record.windows?.language], ["kind", "de-de"]);
  assertEquals((await obtain(where, server, german)).already, true);
  assertEquals(links, 2);
});
