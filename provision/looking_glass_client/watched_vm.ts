/**
 * Tells when a VM starts and stops, by libvirt's events. A daemon that goes away takes no window with it: what it knows is
 * read again when it is back. And every few seconds: of a VM that ends while libvirtd finds its way back to it, libvirt
 * 9.0 tells nobody.
 */
import { type Connection, type Domain, LibvirtError, reconnecting } from "../../libvirt/mod.ts";
import type { Event } from "./watch.ts";

/** Events in their order; null once the signal has come. */
export class Inbox {
  readonly #waiting: Event[] = [];
  #failure: unknown = null;
  #wake: (() => void) | null = null;

  constructor(readonly signal: AbortSignal) {
    signal.addEventListener("abort", () => this.#wake?.());
  }

  add(event: Event): void {
    this.#waiting.push(event);
    this.#wake?.();
  }

  fail(error: unknown): void {
    this.#failure = error;
    this.#wake?.();
  }

  async next(): Promise<Event | null> {
    while (!this.signal.aborted) {
      const event = this.#waiting.shift();
      if (event !== undefined) return event;
      if (this.#failure !== null) throw this.#failure;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
    return null;
  }
}

/** Tells when the VM starts and stops, over a daemon that may come and go. */
export class WatchedVm {
  readonly ended: Promise<void>;
  #domain: Domain | null = null;

  constructor(
    uri: string,
    readonly uuid: string,
    readonly askEveryMs: number,
    readonly inbox: Inbox,
    signal: AbortSignal,
  ) {
    this.ended = this.#connect(uri, signal).catch((error) => inbox.fail(error));
  }

  /** As it runs now. Null when nobody can be asked. */
  async xml(): Promise<string | null> {
    return await this.#ask((domain) => domain.xml());
  }

  /** Null when nobody can be asked. */
  async runs(): Promise<boolean | null> {
    return await this.#ask(async (domain) =>
      !["shutdown", "shutoff", "crashed"].includes((await domain.state()).state)
    );
  }

  async #ask<T>(question: (domain: Domain) => Promise<T>): Promise<T | null> {
    try {
      return this.#domain === null ? null : await question(this.#domain);
    } catch (error) {
      if (error instanceof LibvirtError) return null;
      throw error;
    }
  }

  async #connect(uri: string, signal: AbortSignal): Promise<void> {
    for await (const change of reconnecting(uri, { signal })) {
      if (change.kind === "disconnected") this.#domain = null;
      else this.#listen(change.connection).catch((error) => this.#listeningFailed(error));
    }
  }

  #listeningFailed(error: unknown): void {
    // The connection's end is told by the loop above. A VM that is gone for good does not run.
    if (error instanceof LibvirtError && error.code === "VIR_ERR_NO_DOMAIN") {
      this.inbox.add({ type: "vm", runs: false });
    } else if (!(error instanceof LibvirtError)) this.inbox.fail(error);
  }

  async #listen(connection: Connection): Promise<void> {
    // Before the question, so that nothing between the two is missed.
    await using events = await connection.subscribe(["domain.lifecycle"]);
    this.#domain = await connection.lookupDomainByUuid(this.uuid);
    this.inbox.add({ type: "vm", runs: await this.#domain.isActive() });
    const timer = setInterval(() => this.#askAgain().catch((error) => this.inbox.fail(error)), this.askEveryMs);
    try {
      for await (const event of events) {
        if (event.kind === "overflow") await this.#askAgain();
        else if (event.domain.uuid !== this.uuid) continue;
        else if (event.event === "started" || event.event === "stopped") {
          this.inbox.add({ type: "vm", runs: event.event === "started" });
        }
      }
    } finally {
      clearInterval(timer);
    }
  }

  async #askAgain(): Promise<void> {
    const runs = await this.runs();
    if (runs !== null) this.inbox.add({ type: "vm", runs });
  }
}
