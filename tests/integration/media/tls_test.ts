/** What only real TLS and real name lookups show: who is trusted, where a redirect may lead, what a name may mean. */
import { assertEquals, assertMatch } from "@std/assert";
import type { Resolve } from "../../../provision/media/http.ts";
import { makeCertificates } from "./certificates.ts";
import { faultyServer } from "./faulty_server.ts";
import { assertFinished, discImage, fetchInto, place, refusal, sha256 } from "./place.ts";

const content = discImage(300_000);
const certificates = await makeCertificates();
const https = { authorities: certificates.authority };

Deno.test("https with an authority that is trusted", async () => {
  await using server = await faultyServer(content, () => ({}), certificates);
  using where = place();
  await fetchInto(where, { link: server.url, sha256: sha256(content) }, { http: https });
  assertFinished(where, content);
});

Deno.test("https with an authority nobody knows is refused at once", async () => {
  await using server = await faultyServer(content, () => ({}), certificates);
  using where = place();
  const error = await refusal(fetchInto(where, { link: server.url }));
  assertMatch(error.message, /the certificate of 127\.0\.0\.1:\d+ cannot be trusted/);
  assertEquals(server.asked, []);
});

Deno.test("a redirect from https to http is refused, even on a trusted host", async () => {
  await using plain = await faultyServer(content);
  await using server = await faultyServer(
    content,
    () => ({ status: 302, headers: { location: plain.url } }),
    certificates,
  );
  using where = place();
  const error = await refusal(fetchInto(where, { link: server.url }, { http: https }));
  assertMatch(error.message, /redirects from https to http:/);
  assertEquals(plain.asked, []);
});

Deno.test("a redirect to loopback is refused where only the first host is trusted", async () => {
  await using target = await faultyServer(content, () => ({}), certificates);
  await using server = await faultyServer(
    content,
    () => ({ status: 302, headers: { location: target.url } }),
    certificates,
  );
  using where = place();
  const link = server.url.replace("127.0.0.1", "localhost");
  const error = await refusal(fetchInto(where, { link }, { http: { ...https, trustedHosts: ["localhost"] } }));
  assertEquals(error.code, "forbidden");
  assertMatch(error.message, /redirects to 127\.0\.0\.1:\d+, a private address/);
  assertEquals(target.asked, []);
});

Deno.test("a name that turns private between two lookups is refused when connecting", async () => {
  await using server = await faultyServer(content, () => ({}), certificates);
  using where = place();
  for (const address of ["127.0.0.1", "::ffff:127.0.0.1", "169.254.169.254"]) {
    const resolve: Resolve = (_name, _options, answer) =>
      answer(null, [{ address, family: address.includes(":") ? 6 : 4 }]);
    const link = `https://iso.example:${server.port}/file.iso`;
    const error = await refusal(fetchInto(where, { link }, { http: { ...https, trustedHosts: [], resolve } }));
    assertMatch(error.message, /iso\.example has a private address/);
  }
  assertEquals(server.asked, []);
});

Deno.test("a private address among public ones is left out", async () => {
  await using server = await faultyServer(content, () => ({}), certificates);
  using where = place();
  const asked: string[] = [];
  const resolve: Resolve = (name, _options, answer) => {
    asked.push(name);
    answer(null, [{ address: "127.0.0.1", family: 4 }, { address: "192.0.2.1", family: 4 }]);
  };
  const link = `https://iso.example:${server.port}/file.iso`;
  const error = await refusal(fetchInto(where, { link }, { http: { ...https, trustedHosts: [], resolve } }));
  assertMatch(error.message, /private address/);
  assertEquals(server.asked, []);
});

Deno.test("plain http, a password in the link, and other schemes are refused", async () => {
  using where = place();
  for (const link of ["http://example.org/a.iso", "ftp://example.org/a.iso", "file:///etc/shadow"]) {
    assertMatch((await refusal(fetchInto(where, { link }))).message, /is not https/);
  }
  assertMatch(
    (await refusal(fetchInto(where, { link: "https://me:secret@example.org/a" }))).message,
    /has a password in it/,
  );
});

Deno.test("a proxy carries the request, and what no_proxy names goes past it", async () => {
  const seen: string[] = [];
  await using server = await faultyServer(content, () => ({}), certificates);
  const proxy = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const client of proxy) void tunnel(client, seen);
  })();
  const http = { ...https, proxies: { https: `http://127.0.0.1:${proxy.addr.port}` } };
  using where = place();
  await fetchInto(where, { link: server.url }, { http });
  assertFinished(where, content);
  assertEquals(new Set(seen), new Set([`CONNECT 127.0.0.1:${server.port} HTTP/1.1`]));
  seen.length = 0;
  using second = place();
  await fetchInto(second, { link: server.url }, {
    http: { ...https, proxies: { ...http.proxies, except: "127.0.0.1" } },
  });
  assertEquals(seen, []);
  proxy.close();
  await serving.catch(() => {});
});

/** As much of a proxy as CONNECT needs. */
async function tunnel(client: Deno.Conn, seen: string[]): Promise<void> {
  try {
    const buffer = new Uint8Array(4096);
    const count = await client.read(buffer) ?? 0;
    const line = new TextDecoder().decode(buffer.subarray(0, count)).split("\r\n")[0]!;
    seen.push(line);
    const target = new URL(`http://${line.split(" ")[1]}`);
    const server = await Deno.connect({ hostname: target.hostname, port: Number(target.port) });
    await client.write(new TextEncoder().encode("HTTP/1.1 200 Connection established\r\n\r\n"));
    await Promise.all([
      client.readable.pipeTo(server.writable),
      server.readable.pipeTo(client.writable),
    ]);
  } catch {
    // Either side went away.
  }
}
