/**
 * The management server: one call starts it, one ends it. Everything it needs from outside comes through its options;
 * it reads no environment, prints nothing, and never ends the process.
 */
import { hostname } from "node:os";
import { join } from "node:path";
import { createApp } from "./app.ts";
import { Sessions } from "./auth/sessions.ts";
import type { Detection, Plan, TrialReport } from "./dto.ts";
import { EventHub } from "./events.ts";
import { type ListenAddress, loopbackHosts, parseListenAddress, requireLoopback } from "./listen_address.ts";
import { listen } from "./listener.ts";
import { DomainRemoval } from "./services/domain_removal.ts";
import { DomainService } from "./services/domains.ts";
import type { OpenHypervisor } from "./services/hypervisor.ts";
import { Inspection } from "./services/inspection.ts";
import { openLibvirt } from "./services/libvirt_hypervisor.ts";
import { AuditLog } from "./store/audit.ts";
import { openDatabase } from "./store/database.ts";
import { readPageFiles } from "./store/page_files.ts";
import { SessionStore } from "./store/sessions.ts";

export interface ServerOptions {
  readonly version: string;
  /** `ADDR:PORT`; loopback only; port 0 takes a free one. */
  readonly listen: string;
  /** libvirt URI. The server starts, and says so on the page, also while libvirt does not answer. */
  readonly connect: string;
  /** Folder of the server's own database. */
  readonly stateFolder: string;
  /** Whether the machine looked at is this one, and what the page calls it if not. */
  readonly machine: { readonly live: boolean; readonly description: string | null };
  readDetection(): Detection;
  readPlan(): Promise<Plan>;
  readTrial(): TrialReport;
  /** Folder with the built page; default ui/dist beside the sources. */
  readonly pageFolder?: string;
  /** Where one line about each of our own mistakes goes. */
  readonly log?: (line: string) => void;
  /** For tests: another hypervisor, another clock. */
  readonly openHypervisor?: OpenHypervisor;
  readonly now?: () => number;
}

export interface Server {
  /** `http://127.0.0.1:8443/` */
  readonly url: string;
  readonly address: ListenAddress;
  /** A new link that signs in once, within fifteen minutes. */
  signInLink(): string;
  /** Ends event streams, connections, the link to libvirt and the database, in this order; a second call waits for the first. */
  close(): Promise<void>;
}

/** Throws AppError: `usage`, `unsupported` (not loopback), `file-access` (port, state folder), `not-found` (page not built). */
export async function createServer(options: ServerOptions): Promise<Server> {
  const wanted = parseListenAddress(options.listen);
  requireLoopback(wanted);
  const now = options.now ?? Date.now;
  const page = await readPageFiles(options.pageFolder ?? join(import.meta.dirname ?? ".", "../ui/dist"));
  const database = openDatabase(options.stateFolder, now);
  const sessions = new Sessions(new SessionStore(database), now);
  const events = new EventHub();
  const open = options.openHypervisor ?? openLibvirt;
  const domains = new DomainService({ uri: options.connect, open, events, now });
  const hosts = new Set<string>();
  let address: ListenAddress = wanted;
  const app = createApp({
    version: options.version,
    hosts,
    port: () => address.port,
    now,
    sessions,
    audit: new AuditLog(database),
    events,
    domains,
    removal: new DomainRemoval(domains),
    inspection: new Inspection(options),
    readSystem: () => ({
      version: options.version,
      hostname: hostname(),
      machine: options.machine,
      hypervisor: domains.status,
    }),
    page,
    log: options.log ?? (() => {}),
  });
  try {
    const listener = await listen(wanted, (request, env) => app.fetch(request, env as Record<string, never>));
    address = { hostname: wanted.hostname, port: listener.address.port };
    for (const host of loopbackHosts(address)) hosts.add(host);
    domains.start();
    const url = `http://${[...hosts][0]}/`;
    const end = async () => {
      events.close();
      await listener.close();
      await domains.stop();
      database.close();
    };
    let ended: Promise<void> | undefined;
    return {
      url,
      address,
      signInLink: () => `${url}sign-in#${sessions.mintCode()}`,
      close: () => ended ??= end(),
    };
  } catch (error) {
    database.close();
    throw error;
  }
}
