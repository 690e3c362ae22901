/**
 * Middleware and routes in their order: what every request must be, then where it goes, then what an error becomes.
 * No rules and no I/O here; `app.request()` tests all of it without a socket.
 */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { AppError, errorMessage } from "../model/errors.ts";
import { bodyGuard, hostGuard, isSafe, originGuard, plainPathGuard, sessionGuard } from "./auth/guards.ts";
import { securityHeaders } from "./auth/headers.ts";
import type { Sessions } from "./auth/sessions.ts";
import type { System } from "./dto.ts";
import { entityTags } from "./entity_tags.ts";
import type { ServerEnv } from "./env.ts";
import { HttpProblem, isRefusalOfHono, problemOf, problemResponse } from "./errors.ts";
import type { EventHub } from "./events.ts";
import { domainRoutes } from "./routes/domains.ts";
import { eventRoutes } from "./routes/events.ts";
import { inspectionRoutes } from "./routes/inspection.ts";
import { pageHandler } from "./routes/page.ts";
import { sessionRoutes } from "./routes/session.ts";
import type { DomainRemoval } from "./services/domain_removal.ts";
import type { DomainService } from "./services/domains.ts";
import type { Inspection } from "./services/inspection.ts";
import { type AuditLog, noSession } from "./store/audit.ts";
import type { PageFiles } from "./store/page_files.ts";

export interface AppParts {
  readonly version: string;
  /** `host:port` values this server answers for; the first is the one it names itself. */
  readonly hosts: ReadonlySet<string>;
  /** Known only once the socket listens. */
  readonly port: () => number;
  readonly now: () => number;
  readonly sessions: Sessions;
  readonly audit: AuditLog;
  readonly events: EventHub;
  readonly domains: DomainService;
  readonly removal: DomainRemoval;
  readonly inspection: Inspection;
  readonly readSystem: () => System;
  readonly page: PageFiles;
  /** Where our own mistakes are told. */
  readonly log: (line: string) => void;
}

const largestBodyBytes = 64 * 1024;

/** Everything that may be asked for without a session. A test walks the route table against it. */
export function isPublic(method: string, path: string): boolean {
  if (method === "POST") return path === "/api/v1/session";
  return isSafe(method) && (path === "/api/openapi.json" || !/^\/api(\/|$)/.test(path));
}

export function createApp(parts: AppParts) {
  const app = new OpenAPIHono<ServerEnv>();
  app.use(securityHeaders());
  app.use(hostGuard(parts.hosts));
  app.use(plainPathGuard());
  app.use(auditing(parts));
  app.use(sessionGuard(parts.sessions, parts.port, isPublic));
  app.use(originGuard(parts.hosts));
  app.use(bodyGuard(largestBodyBytes));
  app.use("/api/*", entityTags());

  const routes = app
    .route("/", sessionRoutes(parts.sessions, parts.port, () => parts.events.endUnwelcome()))
    .route("/", inspectionRoutes(parts.inspection, parts.readSystem))
    .route("/", eventRoutes(parts.events, parts.sessions))
    .route("/", domainRoutes(parts.domains, parts.removal));

  app.get("/api/openapi.json", (c) =>
    c.json(app.getOpenAPI31Document({
      openapi: "3.1.0",
      info: {
        title: "Neuron",
        version: parts.version,
        description: "Every change needs the headers Origin and x-neuron-request: 1.",
      },
    })));

  const page = pageHandler(parts.page);
  app.notFound((c) => {
    const allowed = methodsAt(app.routes, c.req.path);
    if (allowed.length > 0) throw methodNotAllowed(c.req.method, allowed);
    if (/^\/api(\/|$)/.test(c.req.path)) throw new HttpProblem(404, "not-found", "There is nothing at this address");
    if (!isSafe(c.req.method)) throw methodNotAllowed(c.req.method, ["GET", "HEAD"]);
    return page(c, () => Promise.resolve()) as Response;
  });
  app.onError((error) => {
    if (!(error instanceof AppError || isRefusalOfHono(error))) parts.log(error.stack ?? errorMessage(error));
    return problemResponse(error);
  });
  return routes;
}

export type Api = ReturnType<typeof createApp>;

/** `GET /api/v1/domains/{uuid}` for each route, without middleware. */
export function routeTable(app: Api): { method: string; path: string }[] {
  const routes = app.routes.filter((route) => route.method !== "ALL");
  // A route with a validator is listed once for each of its handlers.
  return [...new Map(routes.map(({ method, path }) => [`${method} ${path}`, { method, path }])).values()];
}

function methodNotAllowed(method: string, allowed: readonly string[]): HttpProblem {
  return new HttpProblem(405, "usage", `${method} is not possible here`, { headers: { allow: allowed.join(", ") } });
}

function methodsAt(routes: readonly { method: string; path: string }[], path: string): string[] {
  const methods = routes.filter((route) => {
    const pattern = route.path.replace(/:[^/]+/g, "[^/]+");
    return route.method !== "ALL" && new RegExp(`^${pattern}$`).test(path);
  }).map((route) => route.method);
  return [...new Set(methods.flatMap((method) => method === "GET" ? ["GET", "HEAD"] : [method]))];
}

/** Around everything that can refuse, so that refused changes are on record too. */
function auditing({ audit, now }: AppParts): MiddlewareHandler<ServerEnv> {
  return async (c, next) => {
    await next();
    if (isSafe(c.req.method)) return;
    const url = new URL(c.req.url);
    audit.record({
      atMs: now(),
      session: c.get("session")?.tokenHash.slice(0, 8) ?? noSession,
      address: c.env?.incoming?.socket?.remoteAddress ?? "-",
      request: `${c.req.method} ${decoded(url.pathname + url.search)}`,
      result: c.error === undefined ? String(c.res.status) : `${c.res.status} ${problemOf(c.error).code}`,
    });
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
