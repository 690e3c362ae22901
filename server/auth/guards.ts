/**
 * What a request must be before any route sees it: meant for this server (Host), written plainly (path), not sent by a
 * foreign page (Origin and our own header), and signed in. Each is one middleware and says in its answer what it wants.
 */
import type { MiddlewareHandler } from "hono";
import { AppError } from "../../model/errors.ts";
import type { ServerEnv } from "../env.ts";
import { HttpProblem } from "../errors.ts";
import { readSessionCookie } from "./cookie.ts";
import type { Sessions } from "./sessions.ts";

/** Sent by the page with every change. A foreign page cannot send it without asking first, and is never answered. */
const requestHeader = "x-neuron-request";

/** Against DNS rebinding: a foreign name that resolves to us is not us. 421 before anything else happens. */
export function hostGuard(allowed: ReadonlySet<string>): MiddlewareHandler {
  return async (c, next) => {
    const header = c.req.header("host")?.toLowerCase();
    if (header === undefined || !allowed.has(header) || !allowed.has(new URL(c.req.url).host)) {
      throw new HttpProblem(421, "forbidden", "This server does not answer for the name that was asked for", {
        hint: `Use http://${[...allowed][0]}/`,
      });
    }
    await next();
  };
}

/** One spelling for one thing: no `//`, no encoded slash, backslash, dot or NUL that two parsers could read in two ways. */
export function plainPathGuard(): MiddlewareHandler<ServerEnv> {
  return async (c, next) => {
    // As it was sent: a URL has resolved `/../` and `/%2e%2e/` already.
    const asked = (c.env?.incoming?.url ?? c.req.url).replace(/^https?:\/\/[^/?#]*/i, "");
    const pathname = asked.split("?", 1)[0]!;
    if (/\/\/|\\|%2f|%5c|%2e|%00|\/\.\.?(\/|$)/i.test(pathname)) {
      throw new HttpProblem(404, "not-found", "There is nothing at this address");
    }
    await next();
  };
}

/**
 * A body is JSON, says its length beforehand, and is small. node:http holds the sender to the length it gave. (hono's own
 * body limit makes a new Request, which @hono/node-server's cannot be made into.)
 */
export function bodyGuard(largestBytes: number): MiddlewareHandler {
  return async (c, next) => {
    if (c.req.header("transfer-encoding") !== undefined) {
      throw new HttpProblem(411, "usage", "The length of the request is not given", { hint: "Send Content-Length" });
    }
    const lengthBytes = Number(c.req.header("content-length") ?? 0);
    if (lengthBytes > largestBytes) {
      throw new AppError("too-large", `The request is larger than ${largestBytes / 1024} KiB`);
    }
    if (lengthBytes > 0 && !/^application\/json\s*(;|$)/i.test(c.req.header("content-type") ?? "")) {
      throw new HttpProblem(415, "usage", "The request is not JSON", { hint: "Send content-type: application/json" });
    }
    await next();
  };
}

/** Every change must come from our own page, or from a program that says so in both headers. */
export function originGuard(hosts: ReadonlySet<string>): MiddlewareHandler {
  return async (c, next) => {
    if (!isSafe(c.req.method)) {
      const origin = c.req.header("origin");
      const site = c.req.header("sec-fetch-site");
      if (![...hosts].some((host) => origin === `http://${host}`) || c.req.header(requestHeader) !== "1") {
        throw new AppError("forbidden", "This change was not asked for by Neuron's own page", {
          hint: `Programs send the headers "Origin: http://${[...hosts][0]}" and "${requestHeader}: 1"`,
        });
      }
      if (site !== undefined && site !== "same-origin") {
        throw new AppError("forbidden", "This change was asked for by another site");
      }
    }
    await next();
  };
}

/** Default deny: what is not in `isPublic` needs a session, also when there is no such route. */
export function sessionGuard(
  sessions: Sessions,
  port: () => number,
  isPublic: (method: string, path: string) => boolean,
): MiddlewareHandler<ServerEnv> {
  return async (c, next) => {
    const session = sessions.find(readSessionCookie(c, port()));
    if (session === null && !isPublic(c.req.method, c.req.path)) {
      throw new AppError("unauthenticated", "You are not signed in", {
        hint: "Open the sign-in link that Neuron printed in the terminal where it runs",
      });
    }
    c.set("session", session);
    await next();
  };
}

export function isSafe(method: string): boolean {
  return method === "GET" || method === "HEAD";
}
