/**
 * What the server wants from a hypervisor, in libvirt's words: a narrow port, so that rules can be tested without one
 * and so that what is read, and how often, stands in one place. libvirt_hypervisor.ts binds it to libvirt.
 */
import type { DomainAction, DomainState } from "../dto.ts";

export interface ObservedDomain {
  readonly uuid: string;
  readonly name: string;
  readonly state: DomainState;
  readonly persistent: boolean;
  readonly autostart: boolean;
  /** The domain XML as it is now, without secrets. */
  readonly xml: string;
}

export interface HypervisorVersions {
  /** `9.0.0` */
  readonly libvirt: string;
  /** `QEMU 7.2.9` */
  readonly hypervisor: string;
}

/** A connection. Every method throws AppError `hypervisor` (or `not-found` where the domain is gone). */
export interface HypervisorSession {
  readVersions(): Promise<HypervisorVersions>;
  /** Everything, once after connecting: bulk calls, then every XML, a few at a time. */
  readAll(): Promise<ObservedDomain[]>;
  /** One domain again; null when it is gone. */
  readOne(uuid: string): Promise<ObservedDomain | null>;
  readXml(uuid: string): Promise<string>;
  perform(uuid: string, action: DomainAction): Promise<void>;
  /** Removes the definition with all that libvirt keeps for it: NVRAM, TPM state, managed save, snapshot metadata. */
  undefine(uuid: string): Promise<void>;
  /** What libvirt keeps for it beside the definition. */
  readKept(uuid: string): Promise<{ readonly managedSave: boolean; readonly snapshots: number }>;
  /** Whether the path is a volume of an active pool. */
  isVolume(path: string): Promise<boolean>;
  deleteVolume(path: string): Promise<void>;
  /** UUIDs of domains that changed since the session was opened; ends when the connection does. */
  changes(): AsyncIterable<string>;
  close(): Promise<void>;
}

/** Connects. Throws AppError `hypervisor` saying what stood in the way. */
export type OpenHypervisor = (uri: string) => Promise<HypervisorSession>;
