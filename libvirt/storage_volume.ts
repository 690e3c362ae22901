/** A storage volume: one disk image or device in a pool (https://libvirt.org/formatstorage.html#storage-volume-xml). */
import type { Caller } from "./caller.ts";
import { flagSet, type FlagsOf, nameSet } from "./names.ts";
import {
  VirStorageVolDeleteFlags,
  VirStorageVolDownloadFlags,
  VirStorageVolResizeFlags,
  VirStorageVolType,
  VirStorageVolUploadFlags,
} from "./protocol/constants.gen.ts";
import type { RemoteNonnullStorageVol } from "./protocol/remote.gen.ts";
import type { Stream } from "./stream.ts";

const deleteFlags = flagSet(VirStorageVolDeleteFlags, "VIR_STORAGE_VOL_DELETE_");
const resizeFlags = flagSet(VirStorageVolResizeFlags, "VIR_STORAGE_VOL_RESIZE_");
const volumeType = nameSet(VirStorageVolType, "VIR_STORAGE_VOL_");

export type VolumeType = ReturnType<typeof volumeType>;
export type VolumeDeleteFlags = FlagsOf<typeof VirStorageVolDeleteFlags, "VIR_STORAGE_VOL_DELETE_">;
export type VolumeResizeFlags = FlagsOf<typeof VirStorageVolResizeFlags, "VIR_STORAGE_VOL_RESIZE_">;

export interface VolumeRange {
  offsetBytes?: number;
  /** To its end when left out. */
  lengthBytes?: number;
  /** Holes are passed as holes (`{ holeBytes }`) and not as zeros. */
  sparse?: boolean;
}

export interface VolumeInfo {
  /** `file`, `block`, `dir`, `network`, `netdir`, `ploop`. */
  type: VolumeType;
  capacityBytes: number;
  allocationBytes: number;
}

export class StorageVolume {
  readonly #connection: Caller;
  /** What names it on the wire. */
  readonly ref: RemoteNonnullStorageVol;

  constructor(connection: Caller, ref: RemoteNonnullStorageVol) {
    this.#connection = connection;
    this.ref = ref;
  }

  get name(): string {
    return this.ref.name;
  }

  get poolName(): string {
    return this.ref.pool;
  }

  /** Unique on the host; a path for volumes that are files. */
  get key(): string {
    return this.ref.key;
  }

  async path(): Promise<string> {
    return (await this.#connection.call("STORAGE_VOL_GET_PATH", { vol: this.ref })).name;
  }

  async xml(): Promise<string> {
    return (await this.#connection.call("STORAGE_VOL_GET_XML_DESC", { vol: this.ref, flags: 0 })).xml;
  }

  async info(): Promise<VolumeInfo> {
    const info = await this.#connection.call("STORAGE_VOL_GET_INFO", { vol: this.ref });
    return {
      type: volumeType(info.type),
      capacityBytes: Number(info.capacity),
      allocationBytes: Number(info.allocation),
    };
  }

  async resize(capacityBytes: number, flags: VolumeResizeFlags = {}): Promise<void> {
    const args = { vol: this.ref, capacity: BigInt(capacityBytes), flags: resizeFlags(flags) };
    await this.#connection.call("STORAGE_VOL_RESIZE", args, { timeoutMs: 0 });
  }

  async delete(flags: VolumeDeleteFlags = {}): Promise<void> {
    await this.#connection.call("STORAGE_VOL_DELETE", { vol: this.ref, flags: deleteFlags(flags) }, { timeoutMs: 0 });
  }

  /** Overwrites it with zeros. */
  async wipe(): Promise<void> {
    await this.#connection.call("STORAGE_VOL_WIPE", { vol: this.ref, flags: 0 }, { timeoutMs: 0 });
  }

  /**
   * Reads its bytes, as the file is (a qcow2 volume gives qcow2).
   *
   * @example
   * ```ts ignore
   * import { open } from "./mod.ts";
   *
   * await using connection = await open("qemu:///system");
   * for (const pool of await connection.listStoragePools({ active: true })) {
   *   for (const volume of await pool.listVolumes()) {
   *     const file = await Deno.create(`/tmp/${encodeURIComponent(volume.name)}.copy`);
   *     await (await volume.download({ sparse: true })).saveTo(file);
   *   }
   * }
   * ```
   */
  async download(range: VolumeRange = {}): Promise<Stream> {
    const flags = range.sparse ? VirStorageVolDownloadFlags.VIR_STORAGE_VOL_DOWNLOAD_SPARSE_STREAM : 0;
    return (await this.#connection.stream("STORAGE_VOL_DOWNLOAD", this.#args(range, flags), range)).stream;
  }

  /** Writes its bytes. What was written is safe when the stream's `writable` has closed. */
  async upload(range: VolumeRange = {}): Promise<Stream> {
    const flags = range.sparse ? VirStorageVolUploadFlags.VIR_STORAGE_VOL_UPLOAD_SPARSE_STREAM : 0;
    return (await this.#connection.stream("STORAGE_VOL_UPLOAD", this.#args(range, flags), range)).stream;
  }

  #args({ offsetBytes = 0, lengthBytes = 0 }: VolumeRange, flags: number) {
    return { vol: this.ref, offset: BigInt(offsetBytes), length: BigInt(lengthBytes), flags };
  }
}
