/** A storage pool: a folder or device that volumes lie in (https://libvirt.org/formatstorage.html). */
import type { Caller } from "./caller.ts";
import { type PoolStartFlags, poolStartFlags } from "./connection_flags.ts";
import { flagSet, type FlagsOf, nameSet } from "./names.ts";
import {
  VirStoragePoolBuildFlags,
  VirStoragePoolDeleteFlags,
  VirStoragePoolState,
  VirStorageVolCreateFlags,
  VirStorageXMLFlags,
} from "./protocol/constants.gen.ts";
import type { RemoteNonnullStoragePool } from "./protocol/remote.gen.ts";
import { StorageVolume } from "./storage_volume.ts";

const buildFlags = flagSet(VirStoragePoolBuildFlags, "VIR_STORAGE_POOL_BUILD_");
const deleteFlags = flagSet(VirStoragePoolDeleteFlags, "VIR_STORAGE_POOL_DELETE_");
const volumeCreateFlags = flagSet(VirStorageVolCreateFlags, "VIR_STORAGE_VOL_CREATE_");
const poolState = nameSet(VirStoragePoolState, "VIR_STORAGE_POOL_");

export type StoragePoolState = ReturnType<typeof poolState>;
export type PoolBuildFlags = FlagsOf<typeof VirStoragePoolBuildFlags, "VIR_STORAGE_POOL_BUILD_">;
export type PoolDeleteFlags = FlagsOf<typeof VirStoragePoolDeleteFlags, "VIR_STORAGE_POOL_DELETE_">;
export type VolumeCreateFlags = FlagsOf<typeof VirStorageVolCreateFlags, "VIR_STORAGE_VOL_CREATE_">;

export interface StoragePoolInfo {
  /** `inactive`, `building`, `running`, `degraded`, `inaccessible`. */
  state: StoragePoolState;
  capacityBytes: number;
  allocationBytes: number;
  availableBytes: number;
}

export class StoragePool {
  readonly #connection: Caller;
  /** What names it on the wire. */
  readonly ref: RemoteNonnullStoragePool;

  constructor(connection: Caller, ref: RemoteNonnullStoragePool) {
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
    const args = { pool: this.ref, flags: flags.inactive ? VirStorageXMLFlags.VIR_STORAGE_XML_INACTIVE : 0 };
    return (await this.#connection.call("STORAGE_POOL_GET_XML_DESC", args)).xml;
  }

  async info(): Promise<StoragePoolInfo> {
    const info = await this.#connection.call("STORAGE_POOL_GET_INFO", { pool: this.ref });
    return {
      state: poolState(info.state),
      capacityBytes: Number(info.capacity),
      allocationBytes: Number(info.allocation),
      availableBytes: Number(info.available),
    };
  }

  async isActive(): Promise<boolean> {
    return (await this.#connection.call("STORAGE_POOL_IS_ACTIVE", { pool: this.ref })).active === 1;
  }

  async start(flags: PoolStartFlags = {}): Promise<void> {
    await this.#connection.call("STORAGE_POOL_CREATE", { pool: this.ref, flags: poolStartFlags(flags) }, {
      timeoutMs: 0,
    });
  }

  /** Makes what it lies in: the folder, the file system. */
  async build(flags: PoolBuildFlags = {}): Promise<void> {
    await this.#connection.call("STORAGE_POOL_BUILD", { pool: this.ref, flags: buildFlags(flags) }, { timeoutMs: 0 });
  }

  /** Stops it; what is in it stays. */
  async destroy(): Promise<void> {
    await this.#connection.call("STORAGE_POOL_DESTROY", { pool: this.ref });
  }

  /** Deletes what it lies in. It must be stopped, and its folder empty. */
  async delete(flags: PoolDeleteFlags = {}): Promise<void> {
    await this.#connection.call("STORAGE_POOL_DELETE", { pool: this.ref, flags: deleteFlags(flags) }, { timeoutMs: 0 });
  }

  async undefine(): Promise<void> {
    await this.#connection.call("STORAGE_POOL_UNDEFINE", { pool: this.ref });
  }

  async autostart(): Promise<boolean> {
    return (await this.#connection.call("STORAGE_POOL_GET_AUTOSTART", { pool: this.ref })).autostart === 1;
  }

  async setAutostart(on: boolean): Promise<void> {
    await this.#connection.call("STORAGE_POOL_SET_AUTOSTART", { pool: this.ref, autostart: on ? 1 : 0 });
  }

  /** Looks again what volumes there are. */
  async refresh(): Promise<void> {
    await this.#connection.call("STORAGE_POOL_REFRESH", { pool: this.ref, flags: 0 }, { timeoutMs: 0 });
  }

  async listVolumes(): Promise<StorageVolume[]> {
    const args = { pool: this.ref, need_results: 1, flags: 0 };
    const { vols } = await this.#connection.call("STORAGE_POOL_LIST_ALL_VOLUMES", args);
    return vols.map((each) => new StorageVolume(this.#connection, each));
  }

  /** @throws LibvirtError VIR_ERR_NO_STORAGE_VOL */
  async lookupVolume(name: string): Promise<StorageVolume> {
    const { vol } = await this.#connection.call("STORAGE_VOL_LOOKUP_BY_NAME", { pool: this.ref, name });
    return new StorageVolume(this.#connection, vol);
  }

  async createVolume(xml: string, flags: VolumeCreateFlags = {}): Promise<StorageVolume> {
    const args = { pool: this.ref, xml, flags: volumeCreateFlags(flags) };
    const { vol } = await this.#connection.call("STORAGE_VOL_CREATE_XML", args, { timeoutMs: 0 });
    return new StorageVolume(this.#connection, vol);
  }

  /** Makes a volume with the content of another. */
  async cloneVolume(xml: string, from: StorageVolume, flags: VolumeCreateFlags = {}): Promise<StorageVolume> {
    const args = { pool: this.ref, xml, clonevol: from.ref, flags: volumeCreateFlags(flags) };
    const { vol } = await this.#connection.call("STORAGE_VOL_CREATE_XML_FROM", args, { timeoutMs: 0 });
    return new StorageVolume(this.#connection, vol);
  }
}
