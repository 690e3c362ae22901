/**
 * ETags of JSON answers, so that a program that asks again for something unchanged gets 304 and no body (RFC 9110,
 * 13.1.2). Made from the answer itself: it saves the way to the client, not the work here.
 */
import { createHash } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import { isSafe } from "./auth/guards.ts";

export function entityTags(): MiddlewareHandler {
  return async (c, next) => {
    await next();
    // A stream of events has no end that could be waited for.
    if (!isSafe(c.req.method) || c.res.status !== 200 || !isJson(c.res)) return;
    const body = new Uint8Array(await c.res.clone().arrayBuffer());
    const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
    c.res.headers.set("etag", etag);
    if (!namesTag(c.req.header("if-none-match"), etag)) return;
    const { headers } = c.res;
    headers.delete("content-type");
    headers.delete("content-length");
    c.res = new Response(null, { status: 304, headers });
  };
}

/** Whether an If-None-Match names this tag; weak and strong ones are the same here. */
export function namesTag(ifNoneMatch: string | undefined, etag: string): boolean {
  return ifNoneMatch?.split(",").some((known) => ["*", etag].includes(known.trim().replace(/^W\//, ""))) ?? false;
}

function isJson(response: Response): boolean {
  return /^application\/json\b/.test(response.headers.get("content-type") ?? "");
}
