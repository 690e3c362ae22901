/** A virtual network (https://libvirt.org/formatnetwork.html). Each method is one call of libvirt. */
import type { Caller } from "./caller.ts";
import { VirNetworkXMLFlags } from "./protocol/constants.gen.ts";
import type { RemoteNonnullNetwork } from "./protocol/remote.gen.ts";

export interface DhcpLease {
  interfaceName: string;
  /** Seconds since 1970; 0 for one that never ends. */
  expiresAtS: number;
  mac: string | null;
  address: string;
  prefixLength: number;
  hostname: string | null;
  clientId: string | null;
}

export class Network {
  readonly #connection: Caller;
  /** What names it on the wire. */
  readonly ref: RemoteNonnullNetwork;

  constructor(connection: Caller, ref: RemoteNonnullNetwork) {
    this.#connection = connection;
    this.ref = ref;
  }

  get name(): string {
    return this.ref.name;
  }

  get uuid(): string {
    return this.ref.uuid;
  }

  async xml(flags: { inactive?: boolean } = {}): Promise<string> {
    const args = { net: this.ref, flags: flags.inactive ? VirNetworkXMLFlags.VIR_NETWORK_XML_INACTIVE : 0 };
    return (await this.#connection.call("NETWORK_GET_XML_DESC", args)).xml;
  }

  async isActive(): Promise<boolean> {
    return (await this.#connection.call("NETWORK_IS_ACTIVE", { net: this.ref })).active === 1;
  }

  async isPersistent(): Promise<boolean> {
    return (await this.#connection.call("NETWORK_IS_PERSISTENT", { net: this.ref })).persistent === 1;
  }

  async start(): Promise<void> {
    await this.#connection.call("NETWORK_CREATE", { net: this.ref });
  }

  /** Stops it. Guests that use it lose their link. */
  async destroy(): Promise<void> {
    await this.#connection.call("NETWORK_DESTROY", { net: this.ref });
  }

  async undefine(): Promise<void> {
    await this.#connection.call("NETWORK_UNDEFINE", { net: this.ref });
  }

  async autostart(): Promise<boolean> {
    return (await this.#connection.call("NETWORK_GET_AUTOSTART", { net: this.ref })).autostart === 1;
  }

  async setAutostart(on: boolean): Promise<void> {
    await this.#connection.call("NETWORK_SET_AUTOSTART", { net: this.ref, autostart: on ? 1 : 0 });
  }

  /** The host's bridge, such as `virbr0`. @throws LibvirtError when it has none */
  async bridgeName(): Promise<string> {
    return (await this.#connection.call("NETWORK_GET_BRIDGE_NAME", { net: this.ref })).name;
  }

  async dhcpLeases(): Promise<DhcpLease[]> {
    const args = { net: this.ref, mac: null, need_results: 1, flags: 0 };
    const { leases } = await this.#connection.call("NETWORK_GET_DHCP_LEASES", args);
    return leases.map((lease) => ({
      interfaceName: lease.iface,
      expiresAtS: Number(lease.expirytime),
      mac: lease.mac,
      address: lease.ipaddr,
      prefixLength: lease.prefix,
      hostname: lease.hostname,
      clientId: lease.clientid,
    }));
  }
}
