/** The whole app with a fake hypervisor and an in-memory database, spoken to without a socket. */
import { DatabaseSync } from "node:sqlite";
import { type Api, createApp } from "../../../server/app.ts";
import { cookieName } from "../../../server/auth/cookie.ts";
import { Sessions } from "../../../server/auth/sessions.ts";
import type { Detection, Plan, TrialReport } from "../../../server/dto.ts";
import { EventHub } from "../../../server/events.ts";
import { DomainRemoval } from "../../../server/services/domain_removal.ts";
import { DomainService } from "../../../server/services/domains.ts";
import { Inspection } from "../../../server/services/inspection.ts";
import { AuditLog } from "../../../server/store/audit.ts";
import { openDatabase } from "../../../server/store/database.ts";
import type { PageFiles } from "../../../server/store/page_files.ts";
import { SessionStore } from "../../../server/store/sessions.ts";
import { FakeHypervisor, until } from "./fake_hypervisor.ts";

export const port = 8443;
export const origin = `http://127.0.0.1:${port}`;

export interface Harness {
  readonly app: Api;
  readonly hypervisor: FakeHypervisor;
  readonly domains: DomainService;
  readonly audit: AuditLog;
  readonly events: EventHub;
  readonly sessions: Sessions;
  readonly database: DatabaseSync;
  clockMs: number;
  /** A cookie header of a new session. */
  signIn(): string;
  /** As the page asks: signed in, with the headers of a change where it is one. */
  ask(method: string, path: string, init?: { headers?: Record<string, string>; body?: unknown }): Promise<Response>;
}

const noTrial: TrialReport = { trial: { wanted: false, once: true, running: false, asked: false }, proof: null };

export const emptyPlan: Plan = {
  schema: "neuron.plan/1",
  phase: "host",
  digest: "sha256:0",
  rebootNeeded: false,
  steps: [],
};

export async function withApp(
  run: (harness: Harness) => Promise<void>,
  options: {
    hypervisor?: FakeHypervisor;
    readPlan?: () => Promise<Plan>;
    readDetection?: () => Detection;
    trial?: TrialReport;
  } = {},
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const hypervisor = options.hypervisor ?? new FakeHypervisor();
  const state = { clockMs: Date.UTC(2026, 0, 1) };
  const now = () => state.clockMs;
  const database = openDatabase(folder, now);
  const events = new EventHub({ heartbeatMs: 1_000_000 });
  const sessions = new Sessions(new SessionStore(database), now);
  const domains = new DomainService({ uri: "fake:///", open: hypervisor.open, events, now, retryMs: [5, 10] });
  const audit = new AuditLog(database);
  const app = createApp({
    version: "1.2.3",
    hosts: new Set([`127.0.0.1:${port}`, `localhost:${port}`]),
    port: () => port,
    now,
    sessions,
    audit,
    events,
    domains,
    removal: new DomainRemoval(domains),
    inspection: new Inspection({
      readDetection: options.readDetection ?? (() => ({ schema: "neuron.detect/1" }) as Detection),
      readPlan: options.readPlan ?? (() => Promise.resolve(emptyPlan)),
      readTrial: () => options.trial ?? noTrial,
    }),
    readSystem: () => ({
      version: "1.2.3",
      hostname: "here",
      machine: { live: true, description: null },
      hypervisor: domains.status,
    }),
    page,
    log: () => {},
  });
  domains.start();
  if (hypervisor.reachable) await until(() => domains.status.state === "connected", "the app is connected");
  const signIn = () => `${cookieName(port)}=${sessions.signIn(sessions.mintCode(), "test").token}`;
  const cookie = signIn();
  const harness: Harness = {
    app,
    hypervisor,
    domains,
    audit,
    events,
    sessions,
    database,
    get clockMs() {
      return state.clockMs;
    },
    set clockMs(value) {
      state.clockMs = value;
    },
    signIn,
    ask: async (method, path, init = {}) =>
      await app.request(origin + path, {
        method,
        headers: {
          host: `127.0.0.1:${port}`,
          cookie,
          ...(method === "GET" ? {} : { origin, "x-neuron-request": "1" }),
          ...(init.body === undefined ? {} : { "content-type": "application/json" }),
          ...init.headers,
        },
        ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
      }),
  };
  try {
    await run(harness);
  } finally {
    events.close();
    await domains.stop();
    database.close();
    await Deno.remove(folder, { recursive: true });
  }
}

const bytes = (text: string) => new TextEncoder().encode(text);
const page: PageFiles = new Map([
  ["/", {
    type: "text/html; charset=utf-8",
    bytes: bytes("<!doctype html>shell"),
    gzip: bytes("z"),
    etag: "e1",
    immutable: false,
  }],
  ["/assets/main-0123456789ab.js", {
    type: "text/javascript; charset=utf-8",
    bytes: bytes("script"),
    gzip: bytes("zipped-longer"),
    etag: "e2",
    immutable: true,
  }],
]);
