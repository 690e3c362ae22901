/** A snapshot of a domain (https://libvirt.org/formatsnapshot.html). Each method is one call of libvirt. */
import type { Caller } from "./caller.ts";
import { flagSet, type FlagsOf } from "./names.ts";
import {
  VirDomainSnapshotCreateFlags,
  VirDomainSnapshotDeleteFlags,
  VirDomainSnapshotListFlags,
  VirDomainSnapshotRevertFlags,
} from "./protocol/constants.gen.ts";
import type { RemoteNonnullDomainSnapshot } from "./protocol/remote.gen.ts";

export const snapshotCreateFlags = flagSet(VirDomainSnapshotCreateFlags, "VIR_DOMAIN_SNAPSHOT_CREATE_");
export const snapshotListFlags = flagSet(VirDomainSnapshotListFlags, "VIR_DOMAIN_SNAPSHOT_LIST_");
const revertFlags = flagSet(VirDomainSnapshotRevertFlags, "VIR_DOMAIN_SNAPSHOT_REVERT_");
const deleteFlags = flagSet(VirDomainSnapshotDeleteFlags, "VIR_DOMAIN_SNAPSHOT_DELETE_");

export type SnapshotCreateFlags = FlagsOf<typeof VirDomainSnapshotCreateFlags, "VIR_DOMAIN_SNAPSHOT_CREATE_">;
export type SnapshotFilter = FlagsOf<typeof VirDomainSnapshotListFlags, "VIR_DOMAIN_SNAPSHOT_LIST_">;
export type SnapshotRevertFlags = FlagsOf<typeof VirDomainSnapshotRevertFlags, "VIR_DOMAIN_SNAPSHOT_REVERT_">;
export type SnapshotDeleteFlags = FlagsOf<typeof VirDomainSnapshotDeleteFlags, "VIR_DOMAIN_SNAPSHOT_DELETE_">;

export class DomainSnapshot {
  readonly #connection: Caller;
  /** What names it on the wire. */
  readonly ref: RemoteNonnullDomainSnapshot;

  constructor(connection: Caller, ref: RemoteNonnullDomainSnapshot) {
    this.#connection = connection;
    this.ref = ref;
  }

  get name(): string {
    return this.ref.name;
  }

  async xml(): Promise<string> {
    return (await this.#connection.call("DOMAIN_SNAPSHOT_GET_XML_DESC", { snap: this.ref, flags: 0 })).xml;
  }

  /** Whether the domain goes on from this one. */
  async isCurrent(): Promise<boolean> {
    return (await this.#connection.call("DOMAIN_SNAPSHOT_IS_CURRENT", { snap: this.ref, flags: 0 })).current === 1;
  }

  /** @throws LibvirtError VIR_ERR_NO_DOMAIN_SNAPSHOT when it is a root */
  async parent(): Promise<DomainSnapshot> {
    const { snap } = await this.#connection.call("DOMAIN_SNAPSHOT_GET_PARENT", { snap: this.ref, flags: 0 });
    return new DomainSnapshot(this.#connection, snap);
  }

  /** Brings the domain back to it; what it did since is lost. */
  async revert(flags: SnapshotRevertFlags = {}): Promise<void> {
    const args = { snap: this.ref, flags: revertFlags(flags) };
    await this.#connection.call("DOMAIN_REVERT_TO_SNAPSHOT", args, { timeoutMs: 0 });
  }

  async delete(flags: SnapshotDeleteFlags = {}): Promise<void> {
    const args = { snap: this.ref, flags: deleteFlags(flags) };
    await this.#connection.call("DOMAIN_SNAPSHOT_DELETE", args, { timeoutMs: 0 });
  }
}
