/** A network filter: rules for a guest's traffic (https://libvirt.org/formatnwfilter.html). */
import type { Caller } from "./caller.ts";
import type { RemoteNonnullNwfilter } from "./protocol/remote.gen.ts";

export class NetworkFilter {
  readonly #connection: Caller;
  /** What names it on the wire. */
  readonly ref: RemoteNonnullNwfilter;

  constructor(connection: Caller, ref: RemoteNonnullNwfilter) {
    this.#connection = connection;
    this.ref = ref;
  }

  get name(): string {
    return this.ref.name;
  }

  get uuid(): string {
    return this.ref.uuid;
  }

  async xml(): Promise<string> {
    return (await this.#connection.call("NWFILTER_GET_XML_DESC", { nwfilter: this.ref, flags: 0 })).xml;
  }

  async undefine(): Promise<void> {
    await this.#connection.call("NWFILTER_UNDEFINE", { nwfilter: this.ref });
  }
}
