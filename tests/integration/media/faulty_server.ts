/**
 * A file server that misbehaves on request, over http or https. What it does is decided for each request by a function
 * that sees the request and its number, so a test reads as the story of one download.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";

export interface Asked {
  /** From 0. */
  readonly number: number;
  readonly path: string;
  readonly range: readonly [number, number] | null;
  readonly ifRange: string | null;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** How the file is served; `{}` is how it should be. */
export interface Serving {
  readonly content?: Uint8Array;
  /** Null: none. */
  readonly etag?: string | null;
  readonly lastModified?: string;
  /** Answers 200 with everything, whatever was asked. */
  readonly ignoreRange?: boolean;
  /** This byte of the file is sent wrong. */
  readonly flip?: number;
  /** The connection is broken after so many bytes of the body. */
  readonly cutAfter?: number;
  /** After so many bytes the body ends as if that were all; its length is not announced. */
  readonly endEarly?: number;
  /** Nothing more comes after so many bytes. */
  readonly stallAfter?: number;
  /** One byte, then again one byte after so long. */
  readonly dripMs?: number;
  /** Chunks of 16 KiB, so long apart. */
  readonly paceMs?: number;
  /** After the file come more bytes, without end. */
  readonly endless?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  /** Waits for it before the body; what it sends before it is `stallAfter` bytes. */
  readonly gate?: Promise<void>;
  readonly gateAfter?: number;
}

/** With a status: nothing but that. */
export interface Reply extends Serving {
  readonly status?: number;
}

export interface FaultyServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly asked: readonly Asked[];
  /** How many connections were opened in all. */
  readonly connections: () => number;
  bytesSent(): number;
}

export async function faultyServer(
  content: Uint8Array,
  reply?: (asked: Asked) => Reply,
  tls?: { cert: string; key: string },
): Promise<FaultyServer> {
  const asked: Asked[] = [];
  const open = new Set<ServerResponse>();
  let connections = 0;
  let sent = 0;
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const seen = { ...seenOf(request), number: asked.length };
    asked.push(seen);
    open.add(response);
    response.on("close", () => open.delete(response));
    response.on("error", () => {});
    const what = reply?.(seen) ?? {};
    try {
      if (what.status !== undefined) response.writeHead(what.status, { ...what.headers }).end();
      else await serve(seen, response, content, what, (count) => sent += count);
    } catch {
      response.destroy();
    }
  };
  const handle = (request: IncomingMessage, response: ServerResponse) => void answer(request, response);
  const server = tls === undefined ? createServer(handle) : createSecureServer(tls, handle);
  server.on("connection", () => connections++);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    port,
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}/file.iso`,
    asked,
    connections: () => connections,
    bytesSent: () => sent,
    async [Symbol.asyncDispose]() {
      for (const response of open) response.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

function seenOf(request: IncomingMessage): Omit<Asked, "number"> {
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
  const ifRange = request.headers["if-range"];
  return {
    path: request.url ?? "/",
    range: range === null ? null : [Number(range[1]), Number(range[2]) + 1],
    ifRange: typeof ifRange === "string" ? ifRange : null,
    headers: request.headers,
  };
}

async function serve(
  asked: Asked,
  response: ServerResponse,
  original: Uint8Array,
  how: Serving,
  sent: (count: number) => void,
): Promise<void> {
  const file = how.content ?? original;
  const etag = how.etag === undefined ? '"first"' : how.etag;
  const validators = {
    ...(etag === null ? {} : { etag }),
    ...(how.lastModified === undefined ? {} : { "last-modified": how.lastModified }),
  };
  const isSame = asked.ifRange === null || asked.ifRange === etag || asked.ifRange === how.lastModified;
  const ranged = asked.range !== null && isSame && how.ignoreRange !== true;
  const start = ranged ? asked.range![0] : 0;
  const end = ranged ? Math.min(asked.range![1], file.length) : file.length;
  if (ranged && start >= file.length) {
    response.writeHead(416, { "content-range": `bytes */${file.length}` }).end();
    return;
  }
  response.writeHead(ranged ? 206 : 200, {
    "content-type": "application/octet-stream",
    ...validators,
    ...(ranged ? { "content-range": `bytes ${start}-${end - 1}/${file.length}` } : {}),
    ...(how.endless === true || how.endEarly !== undefined ? {} : { "content-length": String(end - start) }),
    ...how.headers,
  });
  const body = file.slice(start, end);
  if (how.flip !== undefined && how.flip >= start && how.flip < end) body[how.flip - start]! ^= 1;
  await send(response, body, how, sent);
  if (how.endless === true) { while (!response.destroyed) await write(response, new Uint8Array(65536), sent); }
  response.end();
}

async function send(
  response: ServerResponse,
  body: Uint8Array,
  how: Serving,
  sent: (count: number) => void,
): Promise<void> {
  const until = Math.min(body.length, how.cutAfter ?? how.stallAfter ?? how.endEarly ?? Infinity);
  const step = how.dripMs !== undefined ? 1 : 16384;
  for (let at = 0; at < until;) {
    let next = Math.min(at + step, until);
    if (how.gateAfter !== undefined && at < how.gateAfter) next = Math.min(next, how.gateAfter);
    await write(response, body.subarray(at, next), sent);
    at = next;
    if (at === how.gateAfter) await how.gate;
    const wait = how.dripMs ?? how.paceMs;
    if (wait !== undefined) await new Promise((resolve) => setTimeout(resolve, wait));
    if (response.destroyed) return;
  }
  if (how.cutAfter !== undefined) return void response.socket?.destroy();
  // Until the client gives up.
  if (how.stallAfter !== undefined) await new Promise<void>((resolve) => response.on("close", () => resolve()));
}

function write(response: ServerResponse, bytes: Uint8Array, sent: (count: number) => void): Promise<void> {
  sent(bytes.length);
  return new Promise((resolve) => {
    if (response.destroyed) return resolve();
    const done = () => {
      response.off("close", done);
      resolve();
    };
    response.on("close", done);
    response.write(bytes, done);
  });
}
