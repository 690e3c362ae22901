/**
 * Who is told that something changed. Changes are gathered during one tick, merged (a VM that changed ten times is one
 * line), numbered, kept for a while, and sent as server-sent events. A client that does not read is never waited for:
 * what piles up for it is bounded and becomes one "resync". Bears no data: readers ask again for what interests them.
 */
import type { ChangeEvent } from "./dto.ts";

export interface EventLimits {
  /** Events kept for clients that come back. */
  readonly history: number;
  /** Events queued for one client before they become one resync. */
  readonly queuePerClient: number;
  readonly clients: number;
  readonly heartbeatMs: number;
}

const defaults: EventLimits = { history: 2_000, queuePerClient: 500, clients: 64, heartbeatMs: 15_000 };

export type Change = Pick<ChangeEvent, "type" | "scope" | "id">;

export class EventHub {
  readonly #limits: EventLimits;
  /** Differs at every start, so that a number of an earlier run is never taken for one of this run. */
  readonly #epoch = crypto.randomUUID().slice(0, 8);
  readonly #clients = new Set<Client>();
  readonly #pending = new Map<string, Change>();
  #history: ChangeEvent[] = [];
  #seq = 0;
  #flushing: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(limits: Partial<EventLimits> = {}) {
    this.#limits = { ...defaults, ...limits };
  }

  /** Never blocks and never throws. */
  publish(change: Change): void {
    if (this.#closed) return;
    const key = `${change.scope} ${change.id}`;
    this.#pending.delete(key);
    this.#pending.set(key, change);
    this.#flushing ??= setTimeout(() => this.flush(), 15);
  }

  /** Sends what is pending now; called by a timer one tick after the first change. */
  flush(): void {
    clearTimeout(this.#flushing);
    this.#flushing = undefined;
    const batch = [...this.#pending.values()].map((change) => ({ ...change, seq: ++this.#seq }));
    this.#pending.clear();
    if (batch.length === 0) return;
    this.#history = [...this.#history, ...batch].slice(-this.#limits.history);
    for (const client of this.#clients) client.push(batch);
  }

  /** Ends the streams of those who may no longer hear: somebody signed out. */
  endUnwelcome(): void {
    for (const client of [...this.#clients]) client.endIfUnwelcome();
  }

  get clientCount(): number {
    return this.#clients.size;
  }

  /**
   * A stream for one client, or null when there are too many. `lastEventId` is what the browser sends after a broken
   * connection: what it missed is sent again, or one resync when that is no longer known. The stream ends when `mayHear`
   * says no: it is asked before anything is sent.
   */
  subscribe(lastEventId: string | undefined, mayHear: () => boolean): ReadableStream<Uint8Array> | null {
    if (this.#closed || this.#clients.size >= this.#limits.clients) return null;
    const client = new Client(this.#epoch, this.#limits, mayHear);
    const leave = () => this.#clients.delete(client);
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        client.open(controller, leave);
        this.#clients.add(client);
        client.push(this.#missedSince(lastEventId));
      },
      pull: () => client.drain(),
      cancel: () => client.close(),
    }, { highWaterMark: 8 });
  }

  /** Ends every stream; an HTTP server cannot end before its streams do. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#flushing);
    for (const client of [...this.#clients]) client.close();
  }

  #missedSince(lastEventId: string | undefined): ChangeEvent[] {
    if (lastEventId === undefined) return [];
    const [epoch, text] = lastEventId.split("-");
    const seen = Number(text);
    const oldest = this.#history[0]?.seq ?? this.#seq + 1;
    if (epoch !== this.#epoch || !Number.isInteger(seen) || seen > this.#seq || seen + 1 < oldest) {
      return [{ type: "resync", scope: "all", id: "", seq: this.#seq }];
    }
    return this.#history.filter((event) => event.seq > seen);
  }
}

class Client {
  readonly #encoder = new TextEncoder();
  readonly #epoch: string;
  readonly #limits: EventLimits;
  readonly #mayHear: () => boolean;
  #queue: ChangeEvent[] = [];
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #leave: () => void = () => {};
  #heartbeat: ReturnType<typeof setInterval> | undefined;

  constructor(epoch: string, limits: EventLimits, mayHear: () => boolean) {
    this.#epoch = epoch;
    this.#limits = limits;
    this.#mayHear = mayHear;
  }

  open(controller: ReadableStreamDefaultController<Uint8Array>, leave: () => void): void {
    this.#controller = controller;
    this.#leave = leave;
    // The first bytes make proxies and browsers see the stream as open; the browser waits this long after a break.
    this.#send("retry: 1000\n\n");
    this.#heartbeat = setInterval(() => {
      this.endIfUnwelcome();
      if (this.#wantsMore()) this.#send(": still here\n\n");
    }, this.#limits.heartbeatMs);
  }

  push(events: readonly ChangeEvent[]): void {
    this.#queue.push(...events);
    // Whoever will read everything again has no use for what changed before it does.
    if (this.#queue[0]?.type === "resync" || this.#queue.length > this.#limits.queuePerClient) {
      this.#queue = [{ type: "resync", scope: "all", id: "", seq: this.#queue.at(-1)!.seq }];
    }
    this.drain();
  }

  drain(): void {
    if (this.#queue.length === 0 || !this.#wantsMore()) return;
    if (!this.#mayHear()) return this.close();
    const text = this.#queue.map((event) => `id: ${this.#epoch}-${event.seq}\ndata: ${JSON.stringify(event)}\n\n`);
    this.#queue = [];
    this.#send(text.join(""));
  }

  endIfUnwelcome(): void {
    if (!this.#mayHear()) this.close();
  }

  close(): void {
    clearInterval(this.#heartbeat);
    this.#leave();
    try {
      this.#controller?.close();
    } catch {
      // Already ended by the other side.
    }
    this.#controller = undefined;
  }

  #wantsMore(): boolean {
    return (this.#controller?.desiredSize ?? 0) > 0;
  }

  #send(text: string): void {
    this.#controller?.enqueue(this.#encoder.encode(text));
  }
}
