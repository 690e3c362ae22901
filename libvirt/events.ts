/**
 * Subscriptions to a daemon's events. Each kind is asked of the daemon once a connection, however many subscribe to it, and
 * given back when the last has gone. Nobody's slowness is felt by another, nor by calls.
 */
import type { Caller } from "./caller.ts";
import { Domain } from "./domain.ts";
import { LibvirtError } from "./errors.ts";
import { EVENT_KINDS, type EventFamily, type EventKind, type EventKindSpec } from "./event_kinds.ts";
import { EventQueue } from "./event_queue.ts";
import { Network } from "./network.ts";
import { NodeDevice } from "./node_device.ts";
import type {
  RemoteEvents,
  RemoteNonnullDomain,
  RemoteNonnullNetwork,
  RemoteNonnullNodeDevice,
  RemoteNonnullSecret,
  RemoteNonnullStoragePool,
} from "./protocol/remote.gen.ts";
import { Secret } from "./secret.ts";
import { StoragePool } from "./storage_pool.ts";

/** libvirt's references become the facade's objects: `dom` is `domain: Domain`, and so on. */
type WithObjects<T> =
  & (T extends { dom: unknown } ? { domain: Domain } : unknown)
  & (T extends { net: unknown } ? { network: Network } : unknown)
  & (T extends { pool: unknown } ? { storagePool: StoragePool } : unknown)
  & (T extends { dev: unknown } ? { nodeDevice: NodeDevice } : unknown)
  & (T extends { secret: unknown } ? { secret: Secret } : unknown)
  & Omit<T, "dom" | "net" | "pool" | "dev" | "secret">;

/** One event of a kind: `kind`, the object it is about, and the fields of event_kinds.ts. */
export type EventOf<K extends EventKind> = K extends EventKind
  ? { kind: K } & WithObjects<ReturnType<(typeof EVENT_KINDS)[K]["read"]>>
  : never;

/** In place of events that a subscriber was too slow for: what it knows is stale, and it should read everything again. */
export interface Overflow {
  kind: "overflow";
  /** How many events were dropped so far. */
  dropped: number;
}

export type LibvirtEvent = EventOf<EventKind> | Overflow;

export interface SubscribeOptions {
  /** Unread events that are kept for this subscriber. */
  capacity?: number;
  /**
   * What happens when there are more: `overflow` puts one Overflow event in their place; `close` ends the subscription with
   * a LibvirtError VIR_ERR_OVERFLOW.
   */
  onOverflow?: "overflow" | "close";
}

/** Events, one at a time (`for await`). Ends with the reason as its error when the connection ends; leave it to unsubscribe. */
export interface Subscription<K extends EventKind = EventKind> extends AsyncIterableIterator<EventOf<K> | Overflow> {
  /** Kinds that this daemon or driver does not have; only when all kinds were asked for. */
  readonly unsupported: readonly EventKind[];
  [Symbol.asyncDispose](): Promise<void>;
}

const CAPACITY = 10_000;

interface Registration {
  spec: EventKindSpec<keyof RemoteEvents, object>;
  /** The daemon's number for it, once it has answered. */
  callbackId: Promise<number>;
  queues: Set<EventQueue<LibvirtEvent>>;
}

export class Events {
  readonly #connection: Caller;
  readonly #registrations = new Map<EventKind, Registration>();
  readonly #kindOfMessage = new Map<string, EventKind>();
  #listening = false;

  constructor(connection: Caller) {
    this.#connection = connection;
    for (const [kind, spec] of Object.entries(EVENT_KINDS)) this.#kindOfMessage.set(spec.message, kind as EventKind);
  }

  /** See Connection.subscribe. */
  async subscribe<K extends EventKind>(
    kinds: readonly K[] | undefined,
    options: SubscribeOptions = {},
  ): Promise<Subscription<K>> {
    this.#listen();
    const wanted = kinds ?? Object.keys(EVENT_KINDS) as EventKind[];
    const queue: EventQueue<LibvirtEvent> = new EventQueue<LibvirtEvent>({
      capacity: options.capacity ?? CAPACITY,
      overflow: (dropped) =>
        options.onOverflow === "close"
          ? new LibvirtError({ code: "VIR_ERR_OVERFLOW", message: `${dropped} events came faster than they were read` })
          : { kind: "overflow", dropped },
      onDone: () => this.#leave(queue),
    });
    const unsupported: EventKind[] = [];
    const results = await Promise.allSettled(wanted.map((kind) => this.#join(kind, queue)));
    for (const [index, result] of results.entries()) {
      if (result.status === "fulfilled") continue;
      if (kinds === undefined && result.reason instanceof LibvirtError && result.reason.origin === "daemon") {
        unsupported.push(wanted[index]!);
      } else {
        queue.end();
        throw result.reason;
      }
    }
    // What is pushed to this queue is what was registered for it: events of the kinds wanted.
    return Object.assign(queue as EventQueue<EventOf<K> | Overflow>, { unsupported });
  }

  #listen(): void {
    if (this.#listening) return;
    this.#listening = true;
    this.#connection.onMessage((name, payload) => this.#receive(name, payload));
    this.#connection.closed.then((reason) => {
      const queues = new Set([...this.#registrations.values()].flatMap(({ queues }) => [...queues]));
      this.#registrations.clear();
      for (const queue of queues) queue.end(reason);
    });
  }

  async #join(kind: EventKind, queue: EventQueue<LibvirtEvent>): Promise<void> {
    let registration = this.#registrations.get(kind);
    if (registration === undefined) {
      const spec: EventKindSpec<keyof RemoteEvents, object> = EVENT_KINDS[kind];
      registration = { spec, callbackId: this.#register(spec), queues: new Set() };
      this.#registrations.set(kind, registration);
    }
    registration.queues.add(queue);
    try {
      await registration.callbackId;
    } catch (error) {
      if (this.#registrations.get(kind) === registration) this.#registrations.delete(kind);
      throw error;
    }
  }

  #leave(queue: EventQueue<LibvirtEvent>): void {
    for (const [kind, registration] of this.#registrations) {
      if (!registration.queues.delete(queue) || registration.queues.size > 0) continue;
      this.#registrations.delete(kind);
      registration.callbackId.then((id) => this.#deregister(registration.spec.family, id)).catch(() => {
        // The connection has ended, and with it the registration.
      });
    }
  }

  async #register({ family, id: eventID }: EventKindSpec<keyof RemoteEvents, object>): Promise<number> {
    const connection = this.#connection;
    switch (family) {
      case "domain":
        return (await connection.call("CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY", { eventID, dom: null })).callbackID;
      case "network":
        return (await connection.call("CONNECT_NETWORK_EVENT_REGISTER_ANY", { eventID, net: null })).callbackID;
      case "storagePool":
        return (await connection.call("CONNECT_STORAGE_POOL_EVENT_REGISTER_ANY", { eventID, pool: null })).callbackID;
      case "nodeDevice":
        return (await connection.call("CONNECT_NODE_DEVICE_EVENT_REGISTER_ANY", { eventID, dev: null })).callbackID;
      case "secret":
        return (await connection.call("CONNECT_SECRET_EVENT_REGISTER_ANY", { eventID, secret: null })).callbackID;
    }
  }

  async #deregister(family: EventFamily, callbackID: number): Promise<void> {
    switch (family) {
      case "domain":
        return await this.#connection.call("CONNECT_DOMAIN_EVENT_CALLBACK_DEREGISTER_ANY", { callbackID });
      case "network":
        return await this.#connection.call("CONNECT_NETWORK_EVENT_DEREGISTER_ANY", { callbackID });
      case "storagePool":
        return await this.#connection.call("CONNECT_STORAGE_POOL_EVENT_DEREGISTER_ANY", { callbackID });
      case "nodeDevice":
        return await this.#connection.call("CONNECT_NODE_DEVICE_EVENT_DEREGISTER_ANY", { callbackID });
      case "secret":
        return await this.#connection.call("CONNECT_SECRET_EVENT_DEREGISTER_ANY", { callbackID });
    }
  }

  #receive(name: string, payload: unknown): void {
    const kind = this.#kindOfMessage.get(name);
    const registration = kind === undefined ? undefined : this.#registrations.get(kind);
    if (kind === undefined || registration === undefined) return;
    const fields = registration.spec.read(payload as RemoteEvents[keyof RemoteEvents]);
    const event = { kind, ...this.#withObjects(fields) } as LibvirtEvent;
    for (const queue of registration.queues) queue.push(event);
  }

  #withObjects(fields: object): object {
    const { dom, net, pool, dev, secret, ...rest }: {
      dom?: RemoteNonnullDomain;
      net?: RemoteNonnullNetwork;
      pool?: RemoteNonnullStoragePool;
      dev?: RemoteNonnullNodeDevice;
      secret?: RemoteNonnullSecret;
    } = fields;
    const connection = this.#connection;
    return {
      ...(dom && { domain: new Domain(connection, dom) }),
      ...(net && { network: new Network(connection, net) }),
      ...(pool && { storagePool: new StoragePool(connection, pool) }),
      ...(dev && { nodeDevice: new NodeDevice(connection, dev) }),
      ...(secret && { secret: new Secret(connection, secret) }),
      ...rest,
    };
  }
}
