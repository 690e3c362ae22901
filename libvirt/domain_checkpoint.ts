/** A checkpoint of a domain: where incremental backups begin (https://libvirt.org/formatcheckpoint.html). */
import type { Caller } from "./caller.ts";
import { flagSet, type FlagsOf } from "./names.ts";
import { VirDomainCheckpointDeleteFlags } from "./protocol/constants.gen.ts";
import type { RemoteNonnullDomainCheckpoint } from "./protocol/remote.gen.ts";

const deleteFlags = flagSet(VirDomainCheckpointDeleteFlags, "VIR_DOMAIN_CHECKPOINT_DELETE_");
export type CheckpointDeleteFlags = FlagsOf<typeof VirDomainCheckpointDeleteFlags, "VIR_DOMAIN_CHECKPOINT_DELETE_">;

export class DomainCheckpoint {
  readonly #connection: Caller;
  /** What names it on the wire. */
  readonly ref: RemoteNonnullDomainCheckpoint;

  constructor(connection: Caller, ref: RemoteNonnullDomainCheckpoint) {
    this.#connection = connection;
    this.ref = ref;
  }

  get name(): string {
    return this.ref.name;
  }

  async xml(): Promise<string> {
    return (await this.#connection.call("DOMAIN_CHECKPOINT_GET_XML_DESC", { checkpoint: this.ref, flags: 0 })).xml;
  }

  async delete(flags: CheckpointDeleteFlags = {}): Promise<void> {
    const args = { checkpoint: this.ref, flags: deleteFlags(flags) };
    await this.#connection.call("DOMAIN_CHECKPOINT_DELETE", args, { timeoutMs: 0 });
  }
}
