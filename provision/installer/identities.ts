/** All that must be new in each installation. Made by the caller, so that the plan of the same identities is the same. */

export interface Identities {
  /** Of the disk's partition table. */
  readonly table: string;
  readonly partitions: { readonly bios: string; readonly esp: string; readonly boot: string; readonly root: string };
  /** Volume id of the FAT file system: eight hex digits. */
  readonly espVolume: string;
  readonly bootFileSystem: string;
  readonly rootFileSystem: string;
  readonly luks: string;
  /** Of NetworkManager's connection. */
  readonly connection: string;
  /** 32 hex digits: machine-id(5). */
  readonly machineId: string;
  /** Names this installation until it is whole. */
  readonly installation: string;
}

export function newIdentities(): Identities {
  const uuid = () => crypto.randomUUID();
  return {
    table: uuid(),
    partitions: { bios: uuid(), esp: uuid(), boot: uuid(), root: uuid() },
    espVolume: uuid().slice(0, 8),
    bootFileSystem: uuid(),
    rootFileSystem: uuid(),
    luks: uuid(),
    connection: uuid(),
    machineId: uuid().replaceAll("-", ""),
    installation: uuid().slice(0, 8),
  };
}
