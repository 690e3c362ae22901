import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { isPublic, routeTable } from "../../../server/app.ts";
import { cookieName } from "../../../server/auth/cookie.ts";
import { codeLifeMs, sessionIdleMs, sessionLifeMs } from "../../../server/auth/sessions.ts";
import { uuidOf } from "./fake_hypervisor.ts";
import { origin, port, withApp } from "./harness.ts";

const concrete = (path: string) => path.replace(":uuid", uuidOf(1)).replace(":action", "start");
const host = { host: `127.0.0.1:${port}` };
const change = { ...host, origin, "x-neuron-request": "1" };

Deno.test("without a session every route but the public ones answers 401, whatever way its path is written", async () => {
  await withApp(async ({ app, hypervisor }) => {
    const table = routeTable(app);
    assert(table.length >= 12, `only ${table.length} routes were found`);
    for (const { method, path } of table) {
      const at = concrete(path);
      const status = (await app.request(origin + at, { method, headers: change })).status;
      if (isPublic(method, at)) assert(status !== 401, `${method} ${at} is public`);
      else assertEquals(status, 401, `${method} ${at} without a session`);
      const spellings = ["/api//", "/api%2f", "/api%5c", "//api/"];
      for (const odd of spellings.map((spelling) => at.replace("/api/", spelling))) {
        const oddStatus = (await app.request(origin + odd, { method, headers: change })).status;
        assert([400, 401, 404].includes(oddStatus), `${method} ${odd} gave ${oddStatus}`);
      }
    }
    assertEquals(hypervisor.calls.filter((call) => call.startsWith("perform")), []);
  });
});

Deno.test("the list of what is public is exactly sign-in, the OpenAPI document and the page", async () => {
  await withApp((harness) => {
    const open = routeTable(harness.app).filter(({ method, path }) => isPublic(method, concrete(path)));
    assertEquals(open.map(({ method, path }) => `${method} ${path}`), [
      "POST /api/v1/session",
      "GET /api/openapi.json",
    ]);
    return Promise.resolve();
  });
});

Deno.test("an expired, idle or signed-out session is no session", async () => {
  await withApp(async (harness) => {
    const ask = (cookie: string) => harness.app.request(`${origin}/api/v1/domains`, { headers: { ...host, cookie } });
    const idle = harness.signIn();
    assertEquals((await ask(idle)).status, 200);
    harness.clockMs += sessionIdleMs;
    assertEquals((await ask(idle)).status, 401);

    const used = harness.signIn();
    for (let passed = 0; passed < sessionLifeMs; passed += sessionIdleMs / 2) {
      assertEquals((await ask(used)).status, 200);
      harness.clockMs += sessionIdleMs / 2;
    }
    assertEquals((await ask(used)).status, 401, "in use all the time, but a week old");

    const ended = harness.signIn();
    assertEquals(
      (await harness.app.request(`${origin}/api/v1/session`, {
        method: "DELETE",
        headers: { ...change, cookie: ended },
      })).status,
      204,
    );
    assertEquals((await ask(ended)).status, 401);
  });
});

Deno.test("a clock that jumps ten years does not bring a session back", async () => {
  await withApp(async (harness) => {
    const cookie = harness.signIn();
    const ask = () => harness.app.request(`${origin}/api/v1/domains`, { headers: { ...host, cookie } });
    const start = harness.clockMs;
    harness.clockMs = start - 10 * 365 * 86_400_000;
    assertEquals((await ask()).status, 401, "made in the future");
    harness.clockMs = start;
    assertEquals((await ask()).status, 401, "and it stays ended");
  });
});

Deno.test("a sign-in code works once, for fifteen minutes, and gives a cookie no script can read", async () => {
  await withApp(async (harness) => {
    const signIn = (code: string) =>
      harness.app.request(`${origin}/api/v1/session`, {
        method: "POST",
        headers: { ...change, "content-type": "application/json" },
        body: JSON.stringify({ code }),
      });
    const code = harness.sessions.mintCode();
    assertMatch(code, /^[\w-]{22}$/);
    const first = await signIn(code);
    assertEquals(first.status, 200);
    const cookie = first.headers.get("set-cookie") ?? "";
    assertStringIncludes(cookie, `${cookieName(port)}=`);
    for (const attribute of ["HttpOnly", "Secure", "SameSite=Strict", "Path=/"]) {
      assertStringIncludes(cookie, attribute);
    }
    assertEquals((await signIn(code)).status, 401, "a second time");

    const late = harness.sessions.mintCode();
    harness.clockMs += codeLifeMs;
    assertEquals((await signIn(late)).status, 401, "too late");
    assertEquals((await signIn("x".repeat(22))).status, 401, "unknown");
  });
});

Deno.test("neither codes nor session tokens lie in the database", async () => {
  await withApp((harness) => {
    const code = harness.sessions.mintCode();
    const { token } = harness.sessions.signIn(harness.sessions.mintCode(), "test");
    const rows = ["sessions", "sign_in_codes", "audit"].flatMap((table) =>
      harness.database.prepare(`select * from ${table}`).all()
    );
    const text = JSON.stringify(rows);
    assert(rows.length >= 2 && !text.includes(code) && !text.includes(token));
    return Promise.resolve();
  });
});

Deno.test("a foreign Host is answered with 421 before anything else, also for the page", async () => {
  await withApp(async ({ app, signIn }) => {
    for (
      const foreign of [
        "evil.example",
        `evil.example:${port}`,
        "127.0.0.1",
        "127.0.0.1:1",
        `127.0.0.1:${port}.evil`,
        "",
      ]
    ) {
      for (const path of ["/", "/api/v1/domains", "/api/v1/session"]) {
        const response = await app.request(origin + path, { headers: { host: foreign, cookie: signIn() } });
        assertEquals(response.status, 421, `Host "${foreign}" at ${path}`);
      }
    }
    const rebound = await app.request(`http://evil.example:${port}/`, { headers: host });
    assertEquals(rebound.status, 421, "an absolute request target for another host");
    assertEquals((await app.request(`${origin}/`, { headers: { host: `LOCALHOST:${port}` } })).status, 200);
  });
});

Deno.test("a change needs our Origin and our header, whatever the cookie", async () => {
  await withApp(async ({ app, signIn, hypervisor, domains }) => {
    const uuid = hypervisor.add(1, "a");
    await domains.refresh(uuid);
    const ask = (headers: Record<string, string>) =>
      app.request(`${origin}/api/v1/domains/${uuid}/start`, {
        method: "POST",
        headers: { ...host, cookie: signIn(), ...headers },
      });
    const ours = { origin, "x-neuron-request": "1" };
    assertEquals((await ask({})).status, 403);
    assertEquals((await ask({ origin })).status, 403);
    assertEquals((await ask({ "x-neuron-request": "1" })).status, 403);
    assertEquals((await ask({ ...ours, origin: "null" })).status, 403);
    assertEquals((await ask({ ...ours, origin: "http://evil.example" })).status, 403);
    assertEquals((await ask({ ...ours, origin: `https://127.0.0.1:${port}` })).status, 403);
    assertEquals((await ask({ ...ours, "sec-fetch-site": "cross-site" })).status, 403);
    assertEquals(hypervisor.calls.filter((call) => call.startsWith("perform")), []);
    assertEquals((await ask({ ...ours, "sec-fetch-site": "same-origin" })).status, 200);
  });
});

Deno.test("every answer tells the browser what it must not do", async () => {
  await withApp(async ({ ask }) => {
    for (const path of ["/", "/assets/main-0123456789ab.js", "/api/v1/domains", "/api/v1/nothing", "/assets/none.js"]) {
      const { headers } = await ask("GET", path);
      const policy = headers.get("content-security-policy") ?? "";
      assertStringIncludes(policy, "default-src 'none'");
      assertStringIncludes(policy, "frame-ancestors 'none'");
      assert(!policy.includes("unsafe"), policy);
      assertEquals(headers.get("x-content-type-options"), "nosniff");
      assertEquals(headers.get("referrer-policy"), "no-referrer");
      if (path.startsWith("/api/")) assertEquals(headers.get("cache-control"), "no-store", path);
    }
  });
});

Deno.test("a body larger than 64 KiB is refused", async () => {
  await withApp(async ({ ask }) => {
    const headers = { "content-length": "70000" };
    const response = await ask("POST", "/api/v1/session", { headers, body: { code: "x".repeat(69_000) } });
    assertEquals([response.status, (await response.json()).code], [413, "too-large"]);
    const chunked = await ask("POST", "/api/v1/session", {
      headers: { "transfer-encoding": "chunked" },
      body: { code: "x" },
    });
    assertEquals(chunked.status, 411);
  });
});

Deno.test("every change is on record in one line, the refused ones too", async () => {
  await withApp(async ({ ask, app, audit, hypervisor, domains }) => {
    const uuid = hypervisor.add(1, "a");
    await domains.refresh(uuid);
    await ask("POST", `/api/v1/domains/${uuid}/start`);
    await ask("POST", `/api/v1/domains/${uuid}/reboot%0a%1b%5b31mforged`);
    await app.request(`${origin}/api/v1/domains/${uuid}`, { method: "DELETE", headers: change });
    const lines = audit.read(10);
    assertEquals(lines.length, 3);
    assertEquals(lines[0]!.result, "401 unauthenticated");
    assertEquals(lines[0]!.session, "-");
    assertStringIncludes(lines[1]!.request, "reboot\\u{a}\\u{1b}[31mforged");
    assertEquals(lines[2]!.result, "200");
    assertMatch(lines[2]!.session, /^[0-9a-f]{8}$/);
  });
});
