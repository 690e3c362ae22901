/** The event stream: one line for each thing that changed. */
import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import type { Sessions } from "../auth/sessions.ts";
import { changeEventSchema } from "../dto.ts";
import type { ServerEnv } from "../env.ts";
import { HttpProblem } from "../errors.ts";
import type { EventHub } from "../events.ts";
import { readErrors, refuseInvalid } from "./responses.ts";

const events = createRoute({
  method: "get",
  path: "/api/v1/events",
  summary: "Server-sent events of what changed; send Last-Event-ID to get what was missed",
  responses: {
    200: {
      description: "A stream that does not end; each `data:` is one ChangeEvent",
      content: { "text/event-stream": { schema: changeEventSchema } },
    },
    ...readErrors,
  },
});

const headers = { "content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no" };

export function eventRoutes(hub: EventHub, sessions: Sessions) {
  return new OpenAPIHono<ServerEnv>({ defaultHook: refuseInvalid }).openapi(events, (c) => {
    // A stream nobody reads would hold its place until the server ends.
    if (c.req.method === "HEAD") return new Response(null, { headers });
    const session = c.get("session");
    const stream = hub.subscribe(c.req.header("last-event-id"), () => session !== null && sessions.isLiving(session));
    if (stream === null) {
      throw new HttpProblem(503, "interrupted", "Too many pages follow this server at once", {
        hint: "Close some of them; this one tries again by itself",
        headers: { "retry-after": "10" },
      });
    }
    return new Response(stream, { headers });
  });
}
