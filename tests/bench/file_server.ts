/**
 * Serves one file of random bytes from memory, ranges and ETag included. With LATENCY_MS each
 * answer waits so long, and with CONNECTION_MIB_S a connection is no faster, as with a server that is far away.
 * usage: file_server.ts MIB [LATENCY_MS CONNECTION_MIB_S]. Prints its port and the SHA-256.
 */
import { createHash, randomBytes } from "node:crypto";

const [mib, latencyMs, mibPerS] = [0, 1, 2].map((index) => Number(Deno.args[index] ?? 0)) as [number, number, number];
const block = 1 << 20;
const file = Array.from({ length: mib }, () => new Uint8Array(randomBytes(block)));
const sizeBytes = mib * block;

function body(start: number, end: number): ReadableStream<Uint8Array> {
  let at = start;
  const startMs = performance.now();
  return new ReadableStream({
    async pull(controller) {
      if (at >= end) return controller.close();
      const dueMs = startMs + latencyMs + (mibPerS > 0 ? (at - start) / block / mibPerS * 1000 : 0);
      const earlyMs = dueMs - performance.now();
      if (earlyMs > 1) await new Promise((resolve) => setTimeout(resolve, earlyMs));
      const from = at % block;
      const chunk = file[Math.floor(at / block)]!.subarray(from, Math.min(block, from + end - at));
      at += chunk.length;
      controller.enqueue(chunk);
    },
  });
}

const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get("range") ?? "");
  const start = range === null ? 0 : Number(range[1]);
  const end = range === null ? sizeBytes : Math.min(sizeBytes, Number(range[2]) + 1);
  return new Response(body(start, end), {
    status: range === null ? 200 : 206,
    headers: {
      etag: '"bench"',
      "content-length": String(end - start),
      ...(range === null ? {} : { "content-range": `bytes ${start}-${end - 1}/${sizeBytes}` }),
    },
  });
});
const hash = createHash("sha256");
for (const each of file) hash.update(each);
console.log(JSON.stringify({ port: server.addr.port, sha256: hash.digest("hex") }));
