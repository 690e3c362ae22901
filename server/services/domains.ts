/**
 * The VMs as the server knows them: read in one go after connecting, afterwards one by one when libvirt says that one
 * changed, and acted upon by the rules of domain_rules.ts. Never polls. Speaks DTOs.
 */
import { AppError } from "../../model/errors.ts";
import type { ActionResult, DomainAction, DomainDetail, DomainSummary, HypervisorStatus } from "../dto.ts";
import type { EventHub } from "../events.ts";
import { judgeAction, permissionsOf } from "./domain_rules.ts";
import { type DomainHardware, parseDomainHardware } from "./domain_xml.ts";
import type { HypervisorSession, ObservedDomain, OpenHypervisor } from "./hypervisor.ts";
import { HypervisorLink } from "./hypervisor_link.ts";

interface Known extends ObservedDomain {
  readonly hardware: DomainHardware;
}

export interface DomainServiceOptions {
  readonly uri: string;
  readonly open: OpenHypervisor;
  readonly events: EventHub;
  readonly now: () => number;
  readonly retryMs?: readonly [number, number];
  /** How long the first list waits for the hypervisor's first answer. */
  readonly firstAnswerMs?: number;
}

export class DomainService {
  readonly #events: EventHub;
  readonly #link: HypervisorLink;
  readonly #firstAnswerMs: number;
  #known = new Map<string, Known>();
  /** Changed since they were last read. */
  readonly #stale = new Set<string>();
  readonly #turns = new Map<string, Promise<unknown>>();
  #refreshing: Promise<void> | undefined;
  /** Settled once the hypervisor was asked for the first time, with or without success. */
  readonly #asked = Promise.withResolvers<void>();

  constructor(options: DomainServiceOptions) {
    this.#events = options.events;
    this.#firstAnswerMs = options.firstAnswerMs ?? 5_000;
    this.#link = new HypervisorLink({
      uri: options.uri,
      open: options.open,
      now: options.now,
      ...(options.retryMs === undefined ? {} : { retryMs: options.retryMs }),
      onConnected: (session) => this.#readAll(session),
      onChanged: (uuid) => this.#markStale(uuid),
      onStatus: () => {
        this.#asked.resolve();
        this.#events.publish({ type: "changed", scope: "system", id: "" });
      },
    });
  }

  start(): void {
    this.#link.start();
  }

  async stop(): Promise<void> {
    this.#asked.resolve();
    await this.#link.stop();
    await this.#refreshing;
  }

  get status(): HypervisorStatus {
    return this.#link.status;
  }

  get session(): HypervisorSession {
    return this.#link.require();
  }

  /**
   * By name; while the hypervisor is away: what was known last. Right after the start it waits for the first answer, so
   * that nobody is told of no VMs; throws AppError `hypervisor` when that takes too long.
   */
  async list(): Promise<DomainSummary[]> {
    await this.#firstAnswer();
    return [...this.#known.values()].sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0).map(summaryOf);
  }

  /** Throws AppError `not-found`. */
  get(uuid: string): DomainDetail {
    return detailOf(this.#find(uuid));
  }

  /** The XML as libvirt has it now. Throws AppError `not-found`, `hypervisor`. */
  async readXml(uuid: string): Promise<string> {
    this.#find(uuid);
    return await this.session.readXml(uuid);
  }

  /**
   * Asks for an action. One at a time for each VM; judged by the state libvirt tells at that moment; nothing to do is
   * not an error. Throws AppError `not-found`, `conflict`, `hypervisor`.
   */
  perform(uuid: string, action: DomainAction): Promise<ActionResult> {
    return this.inTurn(uuid, async () => {
      const before = await this.refresh(uuid);
      const verdict = judgeAction(action, before.state, before.name);
      if (verdict instanceof AppError) throw verdict;
      if (verdict === "done") return { changed: false, domain: detailOf(before) };
      try {
        await this.session.perform(uuid, action);
      } catch (error) {
        // Someone else may have been faster; then it is done, which is what was asked for.
        const now = await this.refresh(uuid).catch(() => null);
        if (now === null || judgeAction(action, now.state, now.name) !== "done") throw error;
        return { changed: false, domain: detailOf(now) };
      }
      const after = await this.refresh(uuid).catch(() => before);
      return { changed: true, domain: detailOf(after) };
    });
  }

  /** Runs one thing after the other for the same VM. */
  inTurn<T>(uuid: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(uuid) ?? Promise.resolve()).then(work, work);
    const settled = turn.catch(() => {}).then(() => {
      if (this.#turns.get(uuid) === settled) this.#turns.delete(uuid);
    });
    this.#turns.set(uuid, settled);
    return turn;
  }

  /** Reads one VM again, now. Throws AppError `not-found` when it is gone. */
  async refresh(uuid: string): Promise<ObservedDomain & { readonly hardware: DomainHardware }> {
    const observed = await this.session.readOne(uuid);
    this.#learn(uuid, observed);
    return this.#find(uuid);
  }

  knows(uuid: string): boolean {
    return this.#known.has(uuid);
  }

  async #firstAnswer(): Promise<void> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      late.reject(
        new AppError("hypervisor", `${this.status.uri} has not answered yet`, {
          hint: "The VMs appear as soon as it does. If it stays so: is libvirtd running, or stopped or overloaded?",
        }),
      );
    }, this.#firstAnswerMs);
    try {
      await Promise.race([this.#asked.promise, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #find(uuid: string): Known {
    const known = this.#known.get(uuid);
    if (known === undefined) {
      throw new AppError("not-found", `There is no VM with the id ${uuid}`, {
        hint: "It may have been deleted meanwhile; look at the list of VMs",
      });
    }
    return known;
  }

  async #readAll(session: HypervisorSession): Promise<void> {
    const all = await session.readAll();
    this.#known = new Map(all.map((domain) => [domain.uuid, known(domain)]));
    this.#events.publish({ type: "resync", scope: "all", id: "" });
  }

  #learn(uuid: string, observed: ObservedDomain | null): void {
    const before = this.#known.get(uuid);
    if (observed === null) {
      if (this.#known.delete(uuid)) this.#events.publish({ type: "removed", scope: "domain", id: uuid });
      return;
    }
    if (before !== undefined && sameDomain(before, observed)) return;
    this.#known.set(uuid, known(observed));
    this.#events.publish({ type: "changed", scope: "domain", id: uuid });
  }

  #markStale(uuid: string): void {
    this.#stale.add(uuid);
    this.#refreshing ??= this.#refreshStale().finally(() => this.#refreshing = undefined);
  }

  /** Eight at a time: libvirt serves only a few calls of one client at once, and actions must not wait behind this. */
  async #refreshStale(): Promise<void> {
    // A starting VM tells of itself several times within milliseconds; one read afterwards is enough.
    await new Promise((done) => setTimeout(done, 20));
    while (this.#stale.size > 0) {
      const batch = [...this.#stale].slice(0, 8);
      for (const uuid of batch) this.#stale.delete(uuid);
      await Promise.all(batch.map(async (uuid) => {
        try {
          this.#learn(uuid, await this.session.readOne(uuid));
        } catch {
          // The connection broke: everything will be read again when it is back.
        }
      }));
    }
  }
}

function known(domain: ObservedDomain): Known {
  return { ...domain, hardware: parseDomainHardware(domain.xml) };
}

function sameDomain(a: ObservedDomain, b: ObservedDomain): boolean {
  return a.state === b.state && a.name === b.name && a.persistent === b.persistent && a.autostart === b.autostart &&
    a.xml === b.xml;
}

function summaryOf(domain: Known): DomainSummary {
  const { title, memoryKib, vcpus, os, hostdevs } = domain.hardware;
  return {
    uuid: domain.uuid,
    name: domain.name,
    title,
    state: domain.state,
    persistent: domain.persistent,
    autostart: domain.autostart,
    memoryKib,
    vcpus,
    os,
    hostdevs,
    permissions: permissionsOf(domain.state, domain.persistent),
  };
}

function detailOf(domain: Known): DomainDetail {
  return { ...domain.hardware, ...summaryOf(domain) };
}
