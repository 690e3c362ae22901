/**
 * The kinds of events: for each, how the daemon is asked for it, which of its messages carries it, and what it says in plain
 * words. Pure data and functions; a new event of libvirt is one entry.
 */
import { type NameIn, nameSet } from "./names.ts";
import {
  VirConnectDomainEventAgentLifecycleReason,
  VirConnectDomainEventAgentLifecycleState,
  VirConnectDomainEventBlockJobStatus,
  VirConnectDomainEventDiskChangeReason,
  VirDomainBlockJobType,
  VirDomainEventCrashedDetailType,
  VirDomainEventDefinedDetailType,
  VirDomainEventGraphicsPhase,
  VirDomainEventIOErrorAction,
  VirDomainEventPMSuspendedDetailType,
  VirDomainEventResumedDetailType,
  VirDomainEventShutdownDetailType,
  VirDomainEventStartedDetailType,
  VirDomainEventStoppedDetailType,
  VirDomainEventSuspendedDetailType,
  VirDomainEventTrayChangeReason,
  VirDomainEventType,
  VirDomainEventUndefinedDetailType,
  VirDomainEventWatchdogAction,
  VirDomainMemoryFailureActionType,
  VirDomainMemoryFailureRecipientType,
  VirDomainMetadataType,
  VirNetworkEventLifecycleType,
  VirNodeDeviceEventLifecycleType,
  VirSecretEventLifecycleType,
  VirStoragePoolEventLifecycleType,
} from "./protocol/constants.gen.ts";
import type { RemoteEvents, RemoteNonnullDomain } from "./protocol/remote.gen.ts";
import { typedParams } from "./typed_params.ts";

/** What events are about, and so how they are asked for. */
export type EventFamily = "domain" | "network" | "storagePool" | "nodeDevice" | "secret";

export interface EventKindSpec<M extends keyof RemoteEvents, T> {
  family: EventFamily;
  /** libvirt's number of the event within its family (VIR_DOMAIN_EVENT_ID_…). */
  id: number;
  message: M;
  /** The event's fields. The reference to the object stays libvirt's; events.ts makes the object of it. */
  read(payload: RemoteEvents[M]): T;
}

function kind<M extends keyof RemoteEvents, T>(
  family: EventFamily,
  id: number,
  message: M,
  read: (payload: RemoteEvents[M]) => T,
): EventKindSpec<M, T> {
  return { family, id, message, read };
}

const lifecycleEvent = nameSet(VirDomainEventType, "VIR_DOMAIN_EVENT_");
export type DomainLifecycle = NameIn<typeof VirDomainEventType, "VIR_DOMAIN_EVENT_">;

/** In the order of VirDomainEventType's values. */
const lifecycleDetails: readonly ((value: number) => string)[] = [
  nameSet(VirDomainEventDefinedDetailType, "VIR_DOMAIN_EVENT_DEFINED_"),
  nameSet(VirDomainEventUndefinedDetailType, "VIR_DOMAIN_EVENT_UNDEFINED_"),
  nameSet(VirDomainEventStartedDetailType, "VIR_DOMAIN_EVENT_STARTED_"),
  nameSet(VirDomainEventSuspendedDetailType, "VIR_DOMAIN_EVENT_SUSPENDED_"),
  nameSet(VirDomainEventResumedDetailType, "VIR_DOMAIN_EVENT_RESUMED_"),
  nameSet(VirDomainEventStoppedDetailType, "VIR_DOMAIN_EVENT_STOPPED_"),
  nameSet(VirDomainEventShutdownDetailType, "VIR_DOMAIN_EVENT_SHUTDOWN_"),
  nameSet(VirDomainEventPMSuspendedDetailType, "VIR_DOMAIN_EVENT_PMSUSPENDED_"),
  nameSet(VirDomainEventCrashedDetailType, "VIR_DOMAIN_EVENT_CRASHED_"),
];
const watchdogAction = nameSet(VirDomainEventWatchdogAction, "VIR_DOMAIN_EVENT_WATCHDOG_");
const ioErrorAction = nameSet(VirDomainEventIOErrorAction, "VIR_DOMAIN_EVENT_IO_ERROR_");
const graphicsPhase = nameSet(VirDomainEventGraphicsPhase, "VIR_DOMAIN_EVENT_GRAPHICS_");
const blockJobType = nameSet(VirDomainBlockJobType, "VIR_DOMAIN_BLOCK_JOB_TYPE_");
const blockJobStatus = nameSet(VirConnectDomainEventBlockJobStatus, "VIR_DOMAIN_BLOCK_JOB_");
const diskChangeReason = nameSet(VirConnectDomainEventDiskChangeReason, "VIR_DOMAIN_EVENT_DISK_");
const trayChangeReason = nameSet(VirDomainEventTrayChangeReason, "VIR_DOMAIN_EVENT_TRAY_CHANGE_");
const agentState = nameSet(
  VirConnectDomainEventAgentLifecycleState,
  "VIR_CONNECT_DOMAIN_EVENT_AGENT_LIFECYCLE_STATE_",
);
const agentReason = nameSet(
  VirConnectDomainEventAgentLifecycleReason,
  "VIR_CONNECT_DOMAIN_EVENT_AGENT_LIFECYCLE_REASON_",
);
const metadataType = nameSet(VirDomainMetadataType, "VIR_DOMAIN_METADATA_");
const memoryRecipient = nameSet(VirDomainMemoryFailureRecipientType, "VIR_DOMAIN_EVENT_MEMORY_FAILURE_RECIPIENT_");
const memoryAction = nameSet(VirDomainMemoryFailureActionType, "VIR_DOMAIN_EVENT_MEMORY_FAILURE_ACTION_");
const networkLifecycle = nameSet(VirNetworkEventLifecycleType, "VIR_NETWORK_EVENT_");
const poolLifecycle = nameSet(VirStoragePoolEventLifecycleType, "VIR_STORAGE_POOL_EVENT_");
const deviceLifecycle = nameSet(VirNodeDeviceEventLifecycleType, "VIR_NODE_DEVICE_EVENT_");
const secretLifecycle = nameSet(VirSecretEventLifecycleType, "VIR_SECRET_EVENT_");

/** Each domain event that says no more than which domain. */
const only = ({ msg }: { msg: { dom: RemoteNonnullDomain } }) => ({ dom: msg.dom });

/** Every kind of event, by the name it is subscribed with. */
export const EVENT_KINDS = {
  /** defined, undefined, started, suspended, resumed, stopped, shutdown, pmsuspended, crashed, and why. */
  "domain.lifecycle": kind("domain", 0, "DOMAIN_EVENT_CALLBACK_LIFECYCLE", ({ msg }) => ({
    dom: msg.dom,
    event: lifecycleEvent(msg.event),
    detail: lifecycleDetails[msg.event]?.(msg.detail) ?? `unknown-${msg.detail}`,
  })),
  "domain.reboot": kind("domain", 1, "DOMAIN_EVENT_CALLBACK_REBOOT", only),
  "domain.rtc-change": kind("domain", 2, "DOMAIN_EVENT_CALLBACK_RTC_CHANGE", ({ msg }) => ({
    dom: msg.dom,
    offsetS: Number(msg.offset),
  })),
  "domain.watchdog": kind("domain", 3, "DOMAIN_EVENT_CALLBACK_WATCHDOG", ({ msg }) => ({
    dom: msg.dom,
    action: watchdogAction(msg.action),
  })),
  "domain.graphics": kind("domain", 5, "DOMAIN_EVENT_CALLBACK_GRAPHICS", ({ msg }) => ({
    dom: msg.dom,
    phase: graphicsPhase(msg.phase),
    local: { node: msg.local.node, service: msg.local.service },
    remote: { node: msg.remote.node, service: msg.remote.service },
    authScheme: msg.authScheme,
  })),
  /** A disk that could not be read or written; with its reason, such as `enospc`. */
  "domain.io-error": kind("domain", 6, "DOMAIN_EVENT_CALLBACK_IO_ERROR_REASON", ({ msg }) => ({
    dom: msg.dom,
    sourcePath: msg.srcPath,
    deviceAlias: msg.devAlias,
    action: ioErrorAction(msg.action),
    reason: msg.reason,
  })),
  /** libvirt cannot talk to the hypervisor's monitor any more. */
  "domain.control-error": kind("domain", 7, "DOMAIN_EVENT_CALLBACK_CONTROL_ERROR", only),
  "domain.disk-change": kind("domain", 9, "DOMAIN_EVENT_CALLBACK_DISK_CHANGE", ({ msg }) => ({
    dom: msg.dom,
    oldSourcePath: msg.oldSrcPath,
    newSourcePath: msg.newSrcPath,
    deviceAlias: msg.devAlias,
    reason: diskChangeReason(msg.reason),
  })),
  "domain.tray-change": kind("domain", 10, "DOMAIN_EVENT_CALLBACK_TRAY_CHANGE", ({ msg }) => ({
    dom: msg.dom,
    deviceAlias: msg.devAlias,
    reason: trayChangeReason(msg.reason),
  })),
  "domain.pm-wakeup": kind("domain", 11, "DOMAIN_EVENT_CALLBACK_PMWAKEUP", only),
  "domain.pm-suspend": kind("domain", 12, "DOMAIN_EVENT_CALLBACK_PMSUSPEND", only),
  "domain.balloon-change": kind("domain", 13, "DOMAIN_EVENT_CALLBACK_BALLOON_CHANGE", ({ msg }) => ({
    dom: msg.dom,
    actualKib: Number(msg.actual),
  })),
  "domain.pm-suspend-disk": kind("domain", 14, "DOMAIN_EVENT_CALLBACK_PMSUSPEND_DISK", only),
  "domain.device-removed": kind("domain", 15, "DOMAIN_EVENT_CALLBACK_DEVICE_REMOVED", ({ msg }) => ({
    dom: msg.dom,
    deviceAlias: msg.devAlias,
  })),
  "domain.block-job": kind("domain", 16, "DOMAIN_EVENT_BLOCK_JOB_2", (msg) => ({
    dom: msg.dom,
    disk: msg.dst,
    type: blockJobType(msg.type),
    status: blockJobStatus(msg.status),
  })),
  "domain.tunable": kind("domain", 17, "DOMAIN_EVENT_CALLBACK_TUNABLE", (msg) => ({
    dom: msg.dom,
    params: typedParams(msg.params),
  })),
  /** The guest agent's channel was opened or closed in the guest. */
  "domain.agent": kind("domain", 18, "DOMAIN_EVENT_CALLBACK_AGENT_LIFECYCLE", (msg) => ({
    dom: msg.dom,
    state: agentState(msg.state),
    reason: agentReason(msg.reason),
  })),
  "domain.device-added": kind("domain", 19, "DOMAIN_EVENT_CALLBACK_DEVICE_ADDED", (msg) => ({
    dom: msg.dom,
    deviceAlias: msg.devAlias,
  })),
  "domain.migration-iteration": kind("domain", 20, "DOMAIN_EVENT_CALLBACK_MIGRATION_ITERATION", (msg) => ({
    dom: msg.dom,
    iteration: msg.iteration,
  })),
  "domain.job-completed": kind("domain", 21, "DOMAIN_EVENT_CALLBACK_JOB_COMPLETED", (msg) => ({
    dom: msg.dom,
    params: typedParams(msg.params),
  })),
  "domain.device-removal-failed": kind("domain", 22, "DOMAIN_EVENT_CALLBACK_DEVICE_REMOVAL_FAILED", (msg) => ({
    dom: msg.dom,
    deviceAlias: msg.devAlias,
  })),
  "domain.metadata-change": kind("domain", 23, "DOMAIN_EVENT_CALLBACK_METADATA_CHANGE", (msg) => ({
    dom: msg.dom,
    type: metadataType(msg.type),
    namespace: msg.nsuri,
  })),
  "domain.block-threshold": kind("domain", 24, "DOMAIN_EVENT_BLOCK_THRESHOLD", (msg) => ({
    dom: msg.dom,
    device: msg.dev,
    path: msg.path,
    thresholdBytes: Number(msg.threshold),
    excessBytes: Number(msg.excess),
  })),
  "domain.memory-failure": kind("domain", 25, "DOMAIN_EVENT_MEMORY_FAILURE", (msg) => ({
    dom: msg.dom,
    recipient: memoryRecipient(msg.recipient),
    action: memoryAction(msg.action),
  })),
  "domain.memory-device-size-change": kind("domain", 26, "DOMAIN_EVENT_MEMORY_DEVICE_SIZE_CHANGE", (msg) => ({
    dom: msg.dom,
    deviceAlias: msg.alias,
    sizeKib: Number(msg.size),
  })),
  "domain.nic-mac-change": kind("domain", 27, "DOMAIN_EVENT_NIC_MAC_CHANGE", (msg) => ({
    dom: msg.dom,
    deviceAlias: msg.alias,
    oldMac: msg.oldMAC,
    newMac: msg.newMAC,
  })),
  "network.lifecycle": kind("network", 0, "NETWORK_EVENT_LIFECYCLE", (msg) => ({
    net: msg.net,
    event: networkLifecycle(msg.event),
  })),
  "storage-pool.lifecycle": kind("storagePool", 0, "STORAGE_POOL_EVENT_LIFECYCLE", (msg) => ({
    pool: msg.pool,
    event: poolLifecycle(msg.event),
  })),
  "storage-pool.refresh": kind("storagePool", 1, "STORAGE_POOL_EVENT_REFRESH", (msg) => ({ pool: msg.pool })),
  "node-device.lifecycle": kind("nodeDevice", 0, "NODE_DEVICE_EVENT_LIFECYCLE", (msg) => ({
    dev: msg.dev,
    event: deviceLifecycle(msg.event),
  })),
  "node-device.update": kind("nodeDevice", 1, "NODE_DEVICE_EVENT_UPDATE", (msg) => ({ dev: msg.dev })),
  "secret.lifecycle": kind("secret", 0, "SECRET_EVENT_LIFECYCLE", (msg) => ({
    secret: msg.secret,
    event: secretLifecycle(msg.event),
  })),
  "secret.value-changed": kind("secret", 1, "SECRET_EVENT_VALUE_CHANGED", (msg) => ({ secret: msg.secret })),
} as const;

export type EventKind = keyof typeof EVENT_KINDS;
