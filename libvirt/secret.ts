/** A secret that libvirt keeps: a disk's passphrase, a TPM's key (https://libvirt.org/formatsecret.html). */
import type { Caller } from "./caller.ts";
import { nameSet } from "./names.ts";
import { VirSecretUsageType } from "./protocol/constants.gen.ts";
import type { RemoteNonnullSecret } from "./protocol/remote.gen.ts";

const usageName = nameSet(VirSecretUsageType, "VIR_SECRET_USAGE_TYPE_");
export type SecretUsage = ReturnType<typeof usageName>;

export class Secret {
  readonly #connection: Caller;
  /** What names it on the wire. */
  readonly ref: RemoteNonnullSecret;

  constructor(connection: Caller, ref: RemoteNonnullSecret) {
    this.#connection = connection;
    this.ref = ref;
  }

  get uuid(): string {
    return this.ref.uuid;
  }

  /** What kind of thing uses it: `volume`, `ceph`, `iscsi`, `tls`, `vtpm`. */
  get usage(): SecretUsage {
    return usageName(this.ref.usageType);
  }

  /** Which thing uses it: a volume's path, a TPM's name. */
  get usageId(): string {
    return this.ref.usageID;
  }

  async xml(): Promise<string> {
    return (await this.#connection.call("SECRET_GET_XML_DESC", { secret: this.ref, flags: 0 })).xml;
  }

  async value(): Promise<Uint8Array> {
    return (await this.#connection.call("SECRET_GET_VALUE", { secret: this.ref, flags: 0 })).value;
  }

  async setValue(value: Uint8Array): Promise<void> {
    await this.#connection.call("SECRET_SET_VALUE", { secret: this.ref, value, flags: 0 });
  }

  async undefine(): Promise<void> {
    await this.#connection.call("SECRET_UNDEFINE", { secret: this.ref });
  }
}
