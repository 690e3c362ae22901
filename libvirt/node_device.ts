/** A device of the host, as libvirt names it (https://libvirt.org/formatnode.html). */
import type { Caller } from "./caller.ts";
import type { RemoteNonnullNodeDevice } from "./protocol/remote.gen.ts";

export class NodeDevice {
  readonly #connection: Caller;
  /** What names it on the wire. */
  readonly ref: RemoteNonnullNodeDevice;

  constructor(connection: Caller, ref: RemoteNonnullNodeDevice) {
    this.#connection = connection;
    this.ref = ref;
  }

  /** libvirt's name, such as `pci_0000_01_00_0`. */
  get name(): string {
    return this.ref.name;
  }

  async xml(): Promise<string> {
    return (await this.#connection.call("NODE_DEVICE_GET_XML_DESC", { name: this.name, flags: 0 })).xml;
  }

  /** The name of the device it hangs on; null for the root. */
  async parentName(): Promise<string | null> {
    return (await this.#connection.call("NODE_DEVICE_GET_PARENT", { name: this.name })).parentName;
  }

  /** Takes the device from its host driver, for passing it to a guest. @param driver such as `vfio` */
  async detach(driver: string | null = null): Promise<void> {
    await this.#connection.call("NODE_DEVICE_DETACH_FLAGS", { name: this.name, driverName: driver, flags: 0 });
  }

  /** Gives the device back to its host driver. */
  async reattach(): Promise<void> {
    await this.#connection.call("NODE_DEVICE_RE_ATTACH", { name: this.name });
  }
}
