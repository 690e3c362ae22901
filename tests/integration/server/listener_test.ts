import { assert, assertEquals, assertMatch } from "@std/assert";
import { listen } from "../../../server/listener.ts";
import { withServer } from "./running_server.ts";

/** Sends bytes and reads what comes until the server ends the connection, or the deadline. */
async function raw(
  port: number,
  text: string,
  deadlineMs = 5_000,
): Promise<{ answer: string; ended: boolean; tookMs: number }> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const start = performance.now();
  let ended = true;
  const deadline = setTimeout(() => {
    ended = false;
    connection.close();
  }, deadlineMs);
  await connection.write(new TextEncoder().encode(text)).catch(() => {});
  let answer = "";
  try {
    for await (const chunk of connection.readable) answer += new TextDecoder().decode(chunk);
  } catch {
    // A reset ends it as well.
  }
  clearTimeout(deadline);
  return { answer, ended, tookMs: performance.now() - start };
}

const limits = {
  headersTimeoutMs: 400,
  requestTimeoutMs: 800,
  keepAliveTimeoutMs: 300,
  maxHeaderBytes: 8_192,
  maxConnections: 20,
};

Deno.test("slow, idle and greedy clients are ended, and the rest is served meanwhile", async () => {
  const listener = await listen({ hostname: "127.0.0.1", port: 0 }, async (request: Request) => {
    await request.text();
    return new Response("fine");
  }, limits);
  const { port } = listener.address;
  try {
    const slow = raw(port, "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ");
    const stalled = raw(port, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nonly this");
    const idle = raw(port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    const huge = await raw(port, `GET / HTTP/1.1\r\nHost: x\r\nX: ${"y".repeat(200_000)}\r\n\r\n`);
    assertMatch(huge.answer, /^HTTP\/1\.1 431 /);
    assertMatch((await raw(port, "NONSENSE\r\n\r\n")).answer, /^HTTP\/1\.1 400 /);
    assertEquals(await (await fetch(`http://127.0.0.1:${port}/`)).text(), "fine");
    for (
      const [name, one] of [["half a header", await slow], ["half a body", await stalled], [
        "kept alive",
        await idle,
      ]] as const
    ) {
      assert(one.ended, `${name}: the connection stayed open for ${Math.round(one.tookMs)} ms`);
    }
  } finally {
    await listener.close();
  }
});

Deno.test("odd Host headers and targets are refused over a real socket, and nothing breaks", async () => {
  await withServer("test:///default?socket=/nonexistent", async ({ server }) => {
    const { port } = server.address;
    const status = async (target: string, host: string) =>
      Number(
        /^HTTP\/1\.1 (\d+)/.exec(
          (await raw(port, `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)).answer,
        )?.[1],
      );
    const own = `127.0.0.1:${port}`;
    assertEquals(await status("/", own), 200);
    assertEquals(await status(`http://${own}/vms/x?y=//../%2e`, own), 200, "a proxy's way to write it");
    for (const host of ["evil.example", "ui/pub?", "a b", `${own}/x?`, `x@${own}`, "", "[::1", `${own}, evil`]) {
      assert([400, 421].includes(await status("/api/v1/domains", host)), `Host: ${host}`);
    }
    assertEquals(await status("http://evil.example/", own), 421);
    for (
      const target of [
        "/../../etc/passwd",
        "/assets/../../../etc/passwd",
        "/assets/%2e%2e/%2e%2e/etc/passwd",
        "/\\etc",
        "//api/v1/domains",
        "/x/../api/v1/session",
        "/%2e%2e/x",
        "/x%00y",
        `http://${own}/x/../api/v1/session`,
      ]
    ) {
      const { answer } = await raw(port, `GET ${target} HTTP/1.1\r\nHost: ${own}\r\nConnection: close\r\n\r\n`);
      assert(!answer.includes("root:"), target);
      assertMatch(answer, /^HTTP\/1\.1 (404|401|400) /, target);
    }
    assertEquals(await status("/api/v1/domains", own), 401);
  });
});

Deno.test("a server with open event streams ends within a second", async () => {
  let started = 0;
  await withServer("test:///default?socket=/nonexistent", async ({ ask }) => {
    for (let streams = 0; streams < 10; streams++) {
      const response = await ask("GET", "/api/v1/events");
      assertEquals(response.headers.get("content-type"), "text/event-stream; charset=utf-8");
      response.body!.pipeTo(new WritableStream()).catch(() => {});
    }
    started = performance.now();
  });
  const tookMs = performance.now() - started;
  assert(tookMs < 1_000, `it took ${Math.round(tookMs)} ms`);
});

Deno.test("a body larger than 64 KiB, or of unknown length, is refused before it is read", async () => {
  await withServer("test:///default?socket=/nonexistent", async ({ server }) => {
    const { port } = server.address;
    const head = (length: string) =>
      `POST /api/v1/session HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nOrigin: http://127.0.0.1:${port}\r\n` +
      `x-neuron-request: 1\r\nContent-Type: application/json\r\nConnection: close\r\n${length}\r\n\r\n`;
    assertMatch((await raw(port, head("Content-Length: 10737418240") + "x")).answer, /^HTTP\/1\.1 413 /);
    assertMatch(
      (await raw(port, `${head("Transfer-Encoding: chunked")}5\r\nhello\r\n0\r\n\r\n`)).answer,
      /^HTTP\/1\.1 411 /,
    );
  });
});

Deno.test("streams that clients leave are forgotten, and signing out ends those that are left", async () => {
  await withServer("test:///default?socket=/nonexistent", async ({ ask }) => {
    for (let streams = 0; streams < 150; streams++) {
      const response = await ask("GET", "/api/v1/events");
      assertEquals(response.status, 200, `stream ${streams}`);
      await response.body!.cancel();
    }
    const left = (await ask("GET", "/api/v1/events")).body!.getReader();
    await left.read();
    const start = performance.now();
    assertEquals((await ask("DELETE", "/api/v1/session")).status, 204);
    while (!(await left.read()).done);
    assert(performance.now() - start < 1_000);
    assertEquals((await ask("GET", "/api/v1/events")).status, 401);
  });
});
