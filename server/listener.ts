/**
 * The socket: node:http with every limit a slow or greedy client meets. Deno.serve has none of them (a connection that
 * sends half a header stays open for ever), which is why it is not used. Knows nothing of routes.
 */
import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { AppError, errorMessage } from "../model/errors.ts";

export interface ListenerLimits {
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly maxHeaderBytes: number;
  readonly maxConnections: number;
}

const defaults: ListenerLimits = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 30_000,
  maxHeaderBytes: 16 * 1024,
  maxConnections: 512,
};

export interface Listener {
  readonly address: { readonly hostname: string; readonly port: number };
  /** Lets requests in flight finish for a moment, then ends every connection. */
  close(): Promise<void>;
}

type Fetch = (request: Request, env: unknown) => Response | Promise<Response>;

/** Throws AppError `file-access` when the address cannot be had. */
export async function listen(
  address: { readonly hostname: string; readonly port: number },
  fetch: Fetch,
  given: Partial<ListenerLimits> = {},
): Promise<Listener> {
  const limits = { ...defaults, ...given };
  const server = createHttpServer({
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    maxHeaderSize: limits.maxHeaderBytes,
    connectionsCheckingInterval: Math.min(1_000, limits.headersTimeoutMs),
  }, getRequestListener(fetch, { overrideGlobalObjects: false }));
  server.maxConnections = limits.maxConnections;
  server.on("clientError", (error: Error & { code?: string }, socket) => {
    if (!socket.writable || socket.destroyed) return socket.destroy();
    const status = error.code === "HPE_HEADER_OVERFLOW"
      ? "431 Request Header Fields Too Large"
      : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
      ? "408 Request Timeout"
      : "400 Bad Request";
    socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
  });
  await opened(server, address);
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new AppError("internal", "The server has no address");
  return { address: { hostname: bound.address, port: bound.port }, close: () => closed(server) };
}

function opened(server: HttpServer, { hostname, port }: { hostname: string; port: number }): Promise<void> {
  return new Promise((done, refuse) => {
    server.once("error", (error) =>
      refuse(
        new AppError("file-access", `Cannot listen on ${hostname}:${port}: ${errorMessage(error)}`, {
          hint: "Another program may use this port, perhaps Neuron itself. Give another with --listen ADDR:PORT",
          cause: error,
        }),
      ));
    server.listen(port, hostname, () => done());
  });
}

function closed(server: HttpServer): Promise<void> {
  return new Promise((done) => {
    const impatience = setTimeout(() => server.closeAllConnections(), 1_500);
    server.close(() => {
      clearTimeout(impatience);
      done();
    });
    server.closeIdleConnections();
  });
}
