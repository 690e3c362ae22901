/**
 * The conversation with Microsoft's download service against a stand-in that follows the published steps, and fails in
 * the published ways. What the real one does today cannot be tried here.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Http } from "../../../provision/media/http.ts";
import { askForLink } from "../../../provision/media/windows/microsoft.ts";
import { keepLink, keptLink } from "../../../provision/media/windows/link_cache.ts";
import { talkOver } from "../../../provision/media/windows/talk.ts";
import { type StandIn, standIn } from "./microsoft.ts";
import { place, refusal } from "./place.ts";

async function ask(server: StandIn, language = "de-DE") {
  await using http = new Http({ trustedHosts: ["127.0.0.1"] });
  const talk = { ...talkOver(http), wait: () => Promise.resolve() };
  return await askForLink(talk, "11", language, server.endpoints);
}

const whole = [
  "/tags",
  "/df/mdt.js",
  "/df/",
  "/api/getskuinformationbyproductedition",
  "/api/GetProductDownloadLinksBySku",
];

Deno.test("every step in its turn gives a link for a day", async () => {
  await using server = await standIn();
  const found = await ask(server);
  assertEquals(server.asked, whole);
  assertEquals([found.file, found.language], ["Win11_25H2_German_x64.iso", "German"]);
  assertMatch(found.link, /^https:\/\/software\.download\.prss\.microsoft\.com\/.*_x64\.iso\?t=1&h=2$/);
  const hours = (found.expiresMs - Date.now()) / 3_600_000;
  assert(hours > 22.9 && hours <= 23);
});

Deno.test("a refusal by Sentinel is explained, and nothing is asked again", async () => {
  for (const sentinel of ["skus", "links"] as const) {
    await using server = await standIn({ sentinel });
    const error = await refusal(ask(server));
    assertMatch(error.message, /no link \(715-123130\)/);
    assertMatch(error.hint!, /wait a day or two without trying.*media import/);
    assertEquals(server.asked.length, sentinel === "skus" ? 4 : 5);
  }
});

Deno.test("an empty answer is asked for three times, a new edition number is read from the page", async () => {
  await using slow = await standIn({ emptyFirst: 2 });
  assertEquals((await ask(slow)).language, "German");
  assertEquals(slow.asked.filter((path) => path.endsWith("edition")).length, 3);
  await using newer = await standIn({ edition: "4000" });
  assertEquals((await ask(newer)).language, "German");
  assertEquals(newer.asked.includes("/page/windows11"), true);
  await using never = await standIn({ edition: "9999" });
  assertMatch((await refusal(ask(never))).message, /it named no languages/);
});

Deno.test("what has changed is said, not guessed", async () => {
  await using challenge = await standIn({ challenge: "nothing of the kind" });
  assertMatch((await refusal(ask(challenge))).message, /its challenge has changed/);
  await using arm = await standIn({ noX64: true });
  assertMatch((await refusal(ask(arm))).message, /no link for a 64-bit PC/);
  await using down = await standIn({ status: 503 });
  assertMatch((await refusal(ask(down))).message, /^Cannot download a link from Microsoft: .* answers 503/);
  await using server = await standIn();
  const error = await refusal(ask(server, "Klingon"));
  assertEquals([error.code, error.hint], ["not-found", "It offers: English, German"]);
});

Deno.test("a link is kept for a day, for its language, and not beyond a turned clock", () => {
  using where = place();
  const { host } = where;
  const found = { link: "https://x/y.iso?t", file: "y.iso", language: "German", expiresMs: host.now() + 3_600_000 };
  assertEquals(keptLink(host, "11", "de-DE"), null);
  keepLink(host, "11", "de-DE", found);
  assertEquals(keptLink(host, "11", "de-de")?.link, found.link);
  assertEquals([keptLink(host, "10", "de-DE"), keptLink(host, "11", "fr-FR")], [null, null]);
  const at = (offsetMs: number) => ({ ...host, state: host.state, now: () => host.now() + offsetMs });
  assertEquals(keptLink(at(2 * 3_600_000) as never, "11", "de-DE"), null);
  assertEquals(keptLink(at(-48 * 3_600_000) as never, "11", "de-DE"), null);
});
