/**
 * A connection to one libvirt daemon: opening it, its events, what it knows of the host, and looking up or defining what it
 * manages. Thin: each method is one call of libvirt.
 */
import { Caller } from "./caller.ts";
import {
  type DefineFlags,
  defineFlags,
  type DomainFilter,
  domainListFlags,
  type NetworkFilterFlags,
  networkListFlags,
  type NodeDeviceFilter,
  nodeDeviceListFlags,
  poolListFlags,
  type PoolStartFlags,
  poolStartFlags,
  type SecretFilter,
  secretListFlags,
  type StartFlags,
  startFlags,
  type StoragePoolFilter,
} from "./connection_flags.ts";
import { Domain } from "./domain.ts";
import { domainCapabilitiesArgs, type DomainCapabilitiesQuery, type NodeInfo, nodeInfo, versionText } from "./host.ts";
import type { EventKind } from "./event_kinds.ts";
import { Events, type SubscribeOptions, type Subscription } from "./events.ts";
import { Network } from "./network.ts";
import { NetworkFilter } from "./network_filter.ts";
import { NodeDevice } from "./node_device.ts";
import type { CallOptions } from "./rpc.ts";
import { Secret } from "./secret.ts";
import { dial, type OpenOptions, type Session } from "./session.ts";
import { allDomainStats, type DomainStats, domainsWithState, type DomainWithState, type StatsQuery } from "./stats.ts";
import { StoragePool } from "./storage_pool.ts";
import { StorageVolume } from "./storage_volume.ts";

/**
 * Connects to a daemon and opens a driver there.
 *
 * @param uri such as `qemu:///system`, `qemu:///session`, `test:///default`, `qemu:///system?socket=/path`,
 *   `qemu+ssh://user@host/system`, `qemu+tls://host/system` (https://libvirt.org/uri.html).
 * @throws LibvirtError VIR_ERR_NO_CONNECT when nobody listens, VIR_ERR_AUTH_FAILED or VIR_ERR_AUTH_UNAVAILABLE when
 *   the daemon does not let us in, VIR_ERR_NO_SUPPORT for a transport this client has not, VIR_ERR_INVALID_ARG for no URI.
 *
 * @example
 * ```ts ignore
 * import { open } from "./mod.ts";
 *
 * await using connection = await open("qemu:///system");
 * for (const { domain, state } of await connection.listDomainsWithState()) console.log(domain.name, state);
 * ```
 */
export async function open(uri = "qemu:///system", options: OpenOptions = {}): Promise<Connection> {
  return new Connection(await dial(uri, options));
}

export class Connection extends Caller {
  readonly #session: Session;
  readonly #defaults: CallOptions;
  readonly #events: Events;

  constructor(session: Session, defaults?: CallOptions, events?: Events) {
    super(session, defaults);
    this.#session = session;
    this.#defaults = defaults ?? {};
    this.#events = events ?? new Events(this);
  }

  /**
   * The same connection whose calls have this deadline or signal. What is looked up through it keeps them.
   *
   * @example
   * ```ts ignore
   * import { open } from "./mod.ts";
   *
   * await using connection = await open("qemu:///system");
   * console.log(await connection.with({ timeoutMs: 2000 }).hostname());
   * ```
   */
  override with(defaults: CallOptions): Connection {
    return new Connection(this.#session, { ...this.#defaults, ...defaults }, this.#events);
  }

  /**
   * Subscribes to events; from when this resolves none is missed. See events.ts for the kinds and their fields.
   *
   * @param kinds those wanted; all that the daemon has when left out.
   * @throws LibvirtError when a kind that was named is not to be had.
   *
   * @example
   * ```ts ignore
   * import { open } from "./mod.ts";
   *
   * await using connection = await open("qemu:///system");
   * const events = await connection.subscribe(["domain.lifecycle"]);
   * await (await connection.lookupDomain("demo")).start();
   * for await (const event of events) {
   *   if (event.kind === "overflow") console.log("too slow: read everything again");
   *   else if (event.event === "started") break;
   * }
   * ```
   */
  subscribe<K extends EventKind>(kinds?: readonly K[], options?: SubscribeOptions): Promise<Subscription<K>> {
    return this.#events.subscribe(kinds, options);
  }

  // ---- the host

  /** The daemon's libvirt, such as `9.0.0`. */
  async libvirtVersion(): Promise<string> {
    return versionText((await this.call("CONNECT_GET_LIB_VERSION")).lib_ver);
  }

  /** The hypervisor behind the driver, such as QEMU's `7.2.19`. */
  async hypervisorVersion(): Promise<string> {
    return versionText((await this.call("CONNECT_GET_VERSION")).hv_ver);
  }

  /** The driver's name: `QEMU`, `TEST`. */
  async hypervisorType(): Promise<string> {
    return (await this.call("CONNECT_GET_TYPE")).type;
  }

  async hostname(): Promise<string> {
    return (await this.call("CONNECT_GET_HOSTNAME")).hostname;
  }

  /** The host and the guests it can run, as XML (https://libvirt.org/formatcaps.html). */
  async capabilities(): Promise<string> {
    return (await this.call("CONNECT_GET_CAPABILITIES")).capabilities;
  }

  /** What a domain of this kind can have, as XML (https://libvirt.org/formatdomaincaps.html). */
  async domainCapabilities(query: DomainCapabilitiesQuery = {}): Promise<string> {
    return (await this.call("CONNECT_GET_DOMAIN_CAPABILITIES", domainCapabilitiesArgs(query))).capabilities;
  }

  /** The host's memory and processors. */
  async nodeInfo(): Promise<NodeInfo> {
    return nodeInfo(await this.call("NODE_GET_INFO"));
  }

  async freeMemoryBytes(): Promise<number> {
    return Number((await this.call("NODE_GET_FREE_MEMORY")).freeMem);
  }

  // ---- domains

  /** All domains, running and defined, in one call. */
  async listDomains(filter: DomainFilter = {}): Promise<Domain[]> {
    const { domains } = await this.call("CONNECT_LIST_ALL_DOMAINS", {
      need_results: 1,
      flags: domainListFlags(filter),
    });
    return domains.map((each) => new Domain(this, each));
  }

  /** All domains with their state, in one call. */
  listDomainsWithState(): Promise<DomainWithState[]> {
    return domainsWithState(this);
  }

  /** Statistics of all domains, or of those given, in one call. */
  allDomainStats(query: StatsQuery = {}): Promise<DomainStats[]> {
    return allDomainStats(this, query);
  }

  /** @throws LibvirtError VIR_ERR_NO_DOMAIN */
  async lookupDomain(name: string): Promise<Domain> {
    return new Domain(this, (await this.call("DOMAIN_LOOKUP_BY_NAME", { name })).dom);
  }

  /** @throws LibvirtError VIR_ERR_NO_DOMAIN */
  async lookupDomainByUuid(uuid: string): Promise<Domain> {
    return new Domain(this, (await this.call("DOMAIN_LOOKUP_BY_UUID", { uuid })).dom);
  }

  /** Defines a domain, or redefines the one with its name and UUID (https://libvirt.org/formatdomain.html). */
  async defineDomain(xml: string, flags: DefineFlags = {}): Promise<Domain> {
    return new Domain(this, (await this.call("DOMAIN_DEFINE_XML_FLAGS", { xml, flags: defineFlags(flags) })).dom);
  }

  /** Starts a domain that is not defined: it is gone when it stops. */
  async createDomain(xml: string, flags: StartFlags = {}): Promise<Domain> {
    const args = { xml_desc: xml, flags: startFlags(flags) };
    return new Domain(this, (await this.call("DOMAIN_CREATE_XML", args)).dom);
  }

  // ---- networks

  async listNetworks(filter: NetworkFilterFlags = {}): Promise<Network[]> {
    const { nets } = await this.call("CONNECT_LIST_ALL_NETWORKS", { need_results: 1, flags: networkListFlags(filter) });
    return nets.map((each) => new Network(this, each));
  }

  /** @throws LibvirtError VIR_ERR_NO_NETWORK */
  async lookupNetwork(name: string): Promise<Network> {
    return new Network(this, (await this.call("NETWORK_LOOKUP_BY_NAME", { name })).net);
  }

  async defineNetwork(xml: string): Promise<Network> {
    return new Network(this, (await this.call("NETWORK_DEFINE_XML", { xml })).net);
  }

  /** Starts a network that is not defined: it is gone when it stops. */
  async createNetwork(xml: string): Promise<Network> {
    return new Network(this, (await this.call("NETWORK_CREATE_XML", { xml })).net);
  }

  async listNetworkFilters(): Promise<NetworkFilter[]> {
    const { filters } = await this.call("CONNECT_LIST_ALL_NWFILTERS", { need_results: 1, flags: 0 });
    return filters.map((each) => new NetworkFilter(this, each));
  }

  /** @throws LibvirtError VIR_ERR_NO_NWFILTER */
  async lookupNetworkFilter(name: string): Promise<NetworkFilter> {
    return new NetworkFilter(this, (await this.call("NWFILTER_LOOKUP_BY_NAME", { name })).nwfilter);
  }

  async defineNetworkFilter(xml: string): Promise<NetworkFilter> {
    return new NetworkFilter(this, (await this.call("NWFILTER_DEFINE_XML", { xml })).nwfilter);
  }

  // ---- storage

  async listStoragePools(filter: StoragePoolFilter = {}): Promise<StoragePool[]> {
    const args = { need_results: 1, flags: poolListFlags(filter) };
    const { pools } = await this.call("CONNECT_LIST_ALL_STORAGE_POOLS", args);
    return pools.map((each) => new StoragePool(this, each));
  }

  /** @throws LibvirtError VIR_ERR_NO_STORAGE_POOL */
  async lookupStoragePool(name: string): Promise<StoragePool> {
    return new StoragePool(this, (await this.call("STORAGE_POOL_LOOKUP_BY_NAME", { name })).pool);
  }

  /** The pool whose folder or device this is. @throws LibvirtError VIR_ERR_NO_STORAGE_POOL */
  async lookupStoragePoolByTargetPath(path: string): Promise<StoragePool> {
    return new StoragePool(this, (await this.call("STORAGE_POOL_LOOKUP_BY_TARGET_PATH", { path })).pool);
  }

  async defineStoragePool(xml: string): Promise<StoragePool> {
    return new StoragePool(this, (await this.call("STORAGE_POOL_DEFINE_XML", { xml, flags: 0 })).pool);
  }

  async createStoragePool(xml: string, flags: PoolStartFlags = {}): Promise<StoragePool> {
    return new StoragePool(
      this,
      (await this.call("STORAGE_POOL_CREATE_XML", { xml, flags: poolStartFlags(flags) })).pool,
    );
  }

  /** @throws LibvirtError VIR_ERR_NO_STORAGE_VOL */
  async lookupVolumeByPath(path: string): Promise<StorageVolume> {
    return new StorageVolume(this, (await this.call("STORAGE_VOL_LOOKUP_BY_PATH", { path })).vol);
  }

  // ---- node devices and secrets

  async listNodeDevices(filter: NodeDeviceFilter = {}): Promise<NodeDevice[]> {
    const args = { need_results: 1, flags: nodeDeviceListFlags(filter) };
    const { devices } = await this.call("CONNECT_LIST_ALL_NODE_DEVICES", args);
    return devices.map((each) => new NodeDevice(this, each));
  }

  /** @throws LibvirtError VIR_ERR_NO_NODE_DEVICE */
  async lookupNodeDevice(name: string): Promise<NodeDevice> {
    return new NodeDevice(this, (await this.call("NODE_DEVICE_LOOKUP_BY_NAME", { name })).dev);
  }

  async listSecrets(filter: SecretFilter = {}): Promise<Secret[]> {
    const args = { need_results: 1, flags: secretListFlags(filter) };
    const { secrets } = await this.call("CONNECT_LIST_ALL_SECRETS", args);
    return secrets.map((each) => new Secret(this, each));
  }

  async lookupSecret(uuid: string): Promise<Secret> {
    return new Secret(this, (await this.call("SECRET_LOOKUP_BY_UUID", { uuid })).secret);
  }

  async defineSecret(xml: string): Promise<Secret> {
    return new Secret(this, (await this.call("SECRET_DEFINE_XML", { xml, flags: 0 })).secret);
  }
}
