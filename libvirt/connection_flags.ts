/** The flags of Connection's methods: which objects to list, and how to define or start them. Derived from libvirt's tables. */
import { flagSet, type FlagsOf } from "./names.ts";
import {
  VirConnectListAllDomainsFlags,
  VirConnectListAllNetworksFlags,
  VirConnectListAllNodeDeviceFlags,
  VirConnectListAllSecretsFlags,
  VirConnectListAllStoragePoolsFlags,
  VirDomainCreateFlags,
  VirDomainDefineFlags,
  VirStoragePoolCreateFlags,
} from "./protocol/constants.gen.ts";

export const domainListFlags = flagSet(VirConnectListAllDomainsFlags, "VIR_CONNECT_LIST_DOMAINS_");
export const networkListFlags = flagSet(VirConnectListAllNetworksFlags, "VIR_CONNECT_LIST_NETWORKS_");
export const poolListFlags = flagSet(VirConnectListAllStoragePoolsFlags, "VIR_CONNECT_LIST_STORAGE_POOLS_");
export const nodeDeviceListFlags = flagSet(VirConnectListAllNodeDeviceFlags, "VIR_CONNECT_LIST_NODE_DEVICES_");
export const secretListFlags = flagSet(VirConnectListAllSecretsFlags, "VIR_CONNECT_LIST_SECRETS_");
export const startFlags = flagSet(VirDomainCreateFlags, "VIR_DOMAIN_START_");
export const defineFlags = flagSet(VirDomainDefineFlags, "VIR_DOMAIN_DEFINE_");
export const poolStartFlags = flagSet(VirStoragePoolCreateFlags, "VIR_STORAGE_POOL_CREATE_");

/** `{ active: true, inactive: false, … }`; none set means all. */
export type DomainFilter = FlagsOf<typeof VirConnectListAllDomainsFlags, "VIR_CONNECT_LIST_DOMAINS_">;
export type NetworkFilterFlags = FlagsOf<typeof VirConnectListAllNetworksFlags, "VIR_CONNECT_LIST_NETWORKS_">;
export type StoragePoolFilter = FlagsOf<typeof VirConnectListAllStoragePoolsFlags, "VIR_CONNECT_LIST_STORAGE_POOLS_">;
export type NodeDeviceFilter = FlagsOf<typeof VirConnectListAllNodeDeviceFlags, "VIR_CONNECT_LIST_NODE_DEVICES_">;
export type SecretFilter = FlagsOf<typeof VirConnectListAllSecretsFlags, "VIR_CONNECT_LIST_SECRETS_">;
export type StartFlags = FlagsOf<typeof VirDomainCreateFlags, "VIR_DOMAIN_START_">;
export type DefineFlags = FlagsOf<typeof VirDomainDefineFlags, "VIR_DOMAIN_DEFINE_">;
export type PoolStartFlags = FlagsOf<typeof VirStoragePoolCreateFlags, "VIR_STORAGE_POOL_CREATE_">;
