/** Signing in with a one-time code, asking whether one is signed in, signing out. */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { clearSessionCookie, writeSessionCookie } from "../auth/cookie.ts";
import { sessionEndsMs, type Sessions } from "../auth/sessions.ts";
import { sessionSchema } from "../dto.ts";
import type { ServerEnv } from "../env.ts";
import { AppError } from "../../model/errors.ts";
import { escapeControl } from "../store/audit.ts";
import { changeErrors, invalid, json, readErrors, refuseInvalid } from "./responses.ts";

const signIn = createRoute({
  method: "post",
  path: "/api/v1/session",
  summary: "Sign in with the code of a sign-in link; answers with the session cookie",
  request: {
    body: {
      content: { "application/json": { schema: z.object({ code: z.string().min(1).max(100) }) } },
      required: true,
    },
  },
  responses: { 200: json(sessionSchema, "Signed in"), 400: invalid, ...changeErrors },
});

const read = createRoute({
  method: "get",
  path: "/api/v1/session",
  summary: "Who is signed in",
  responses: { 200: json(sessionSchema, "The session"), ...readErrors },
});

const signOut = createRoute({
  method: "delete",
  path: "/api/v1/session",
  summary: "Sign out: the session ends at once, everywhere",
  responses: { 204: { description: "Signed out" }, ...changeErrors },
});

export function sessionRoutes(sessions: Sessions, port: () => number, onSignedOut: () => void) {
  return new OpenAPIHono<ServerEnv>({ defaultHook: refuseInvalid })
    .openapi(signIn, (c) => {
      const client = escapeControl(c.req.header("user-agent") ?? "");
      const { token, session } = sessions.signIn(c.req.valid("json").code, client);
      c.set("session", session);
      writeSessionCookie(c, port(), token);
      return c.json({ expiresAtMs: sessionEndsMs(session) }, 200);
    })
    .openapi(read, (c) => {
      const session = c.get("session");
      if (session === null) throw new AppError("unauthenticated", "You are not signed in");
      return c.json({ expiresAtMs: sessionEndsMs(session) }, 200);
    })
    .openapi(signOut, (c) => {
      const session = c.get("session");
      if (session !== null) sessions.signOut(session);
      onSignedOut();
      clearSessionCookie(c, port());
      return c.body(null, 204);
    });
}
