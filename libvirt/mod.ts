/**
 * A libvirt client for Deno in TypeScript alone: libvirt's wire protocol over a unix socket, ssh or TLS, without FFI or virsh.
 *
 * @module
 */
export type { Caller } from "./caller.ts";
export { Connection, open } from "./connection.ts";
export type {
  DefineFlags,
  DomainFilter,
  NetworkFilterFlags,
  NodeDeviceFilter,
  PoolStartFlags,
  SecretFilter,
  StartFlags,
  StoragePoolFilter,
} from "./connection_flags.ts";
export { Domain } from "./domain.ts";
export type { DomainInfo, GuestInterface } from "./domain.ts";
export type {
  AffectFlags,
  DestroyFlags,
  DomainXmlFlags,
  RebootFlags,
  SaveFlags,
  ShutdownFlags,
  UndefineFlags,
  VcpuFlags,
} from "./domain_flags.ts";
export { DomainDefinition } from "./domain_definition.ts";
export { DomainCheckpoint } from "./domain_checkpoint.ts";
export { DomainSnapshot } from "./domain_snapshot.ts";
export type {
  SnapshotCreateFlags,
  SnapshotDeleteFlags,
  SnapshotFilter,
  SnapshotRevertFlags,
} from "./domain_snapshot.ts";
export type { DomainState } from "./domain_state.ts";
export { LibvirtError, XdrError } from "./errors.ts";
export type { LibvirtErrorCode, LibvirtErrorDomain } from "./errors.ts";
export type { EventKind } from "./event_kinds.ts";
export type { EventOf, LibvirtEvent, Overflow, SubscribeOptions, Subscription } from "./events.ts";
export type { DomainCapabilitiesQuery, NodeInfo } from "./host.ts";
export { Network } from "./network.ts";
export type { DhcpLease } from "./network.ts";
export { NetworkFilter } from "./network_filter.ts";
export { NodeDevice } from "./node_device.ts";
export { reconnecting } from "./reconnecting.ts";
export type { ConnectionChange, ReconnectOptions } from "./reconnecting.ts";
export type { CallOptions } from "./rpc.ts";
export { Secret } from "./secret.ts";
export type { OpenOptions } from "./session.ts";
export type { DomainStats, DomainWithState, StatsGroups, StatsQuery } from "./stats.ts";
export { StoragePool } from "./storage_pool.ts";
export type { StoragePoolInfo, StoragePoolState, VolumeCreateFlags } from "./storage_pool.ts";
export { StorageVolume } from "./storage_volume.ts";
export type { VolumeDeleteFlags, VolumeInfo, VolumeRange, VolumeResizeFlags } from "./storage_volume.ts";
export { Stream } from "./stream.ts";
export type { Chunk, Hole } from "./stream.ts";
export type { TypedParams, TypedValue } from "./typed_params.ts";
