/**
 * The conversation with Microsoft's download service against a stand-in that follows the published steps, and fails in
 * the published ways. What the real one does today cannot be tried here.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { createServer } from "node:http";
import { Http } from "../../../provision/media/http.ts";
import { askForLink, type Endpoints } from "../../../provision/media/windows/microsoft.ts";
import { keepLink, keptLink } from "../../../provision/media/windows/link_cache.ts";
import { talkOver } from "../../../provision/media/windows/talk.ts";
import { place, refusal } from "./place.ts";

interface StandIn extends AsyncDisposable {
  readonly endpoints: Endpoints;
  readonly asked: string[];
}

interface Mood {
  readonly sentinel?: "skus" | "links";
  readonly edition?: string;
  readonly emptyFirst?: number;
  readonly challenge?: string;
  readonly status?: number;
  readonly noX64?: boolean;
}

/** Remembers for each session which steps it saw, as the real one does, and refuses what comes out of turn. */
async function standIn(mood: Mood = {}): Promise<StandIn> {
  const asked: string[] = [];
  const steps = new Map<string, string[]>();
  let empty = mood.emptyFirst ?? 0;
  const sentinel = { Errors: [{ Key: "x", Value: "Sentinel marked this request as rejected.", Type: 9 }] };
  const server = createServer((request, response) => {
    const url = new URL(request.url!, "http://stand-in");
    const session = url.searchParams.get("session_id") ?? url.searchParams.get("sessionID") ?? "";
    const seen = steps.get(session) ?? [];
    asked.push(url.pathname);
    const answer = (body: unknown) => {
      steps.set(session, [...seen, url.pathname]);
      response.writeHead(mood.status ?? 200).end(typeof body === "string" ? body : JSON.stringify(body));
    };
    const q = url.searchParams;
    switch (url.pathname) {
      case "/tags":
        return answer(q.get("org_id") === "y6jn8c31" && /^[0-9a-f-]{36}$/.test(session) ? "ok" : "bad");
      case "/df/mdt.js":
        return answer(mood.challenge ?? 'var u="https://x/?y=1&w=8DA1C0FFEE";window.rticks="+638765";');
      case "/df/": {
        const right = q.get("w") === "8DA1C0FFEE" && q.get("rticks") === "638765" &&
          /^\d{13}$/.test(q.get("mdt") ?? "");
        if (right) steps.set(session, [...seen, "answered"]);
        return response.writeHead(200).end("");
      }
      case "/api/getskuinformationbyproductedition": {
        if (mood.sentinel === "skus" || !seen.includes("answered")) return answer(sentinel);
        if (q.get("productEditionId") !== (mood.edition ?? "3321")) {
          return answer({ Errors: [{ Type: 1, Value: "unknown" }] });
        }
        if (empty-- > 0) return answer({ Skus: [] });
        return answer({ Skus: [{ Id: 17, Language: "English" }, { Id: "18", Language: "German" }] });
      }
      case "/api/GetProductDownloadLinksBySku": {
        if (mood.sentinel === "links" || request.headers.referer === undefined || q.get("SKU") !== "18") {
          return answer(sentinel);
        }
        const uri = (arch: string) =>
          `https://software.download.prss.microsoft.com/dbazure/Win11_25H2_German_${arch}.iso?t=1&h=2`;
        const options = [{ DownloadType: 2, Uri: uri("Arm64") }, { DownloadType: 1, Uri: uri("x64") }];
        return answer({ ProductDownloadOptions: mood.noX64 === true ? options.slice(0, 1) : options });
      }
      case "/page/windows11":
        return answer(
          '<select><option value="">Select</option><option value="4000"> Windows 11 (x64)</option></select>',
        );
    }
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  return {
    asked,
    endpoints: { tags: `${base}/tags`, challenge: `${base}/df/`, connector: `${base}/api/`, page: `${base}/page/` },
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

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
