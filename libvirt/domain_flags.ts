/** The flags of Domain's methods, derived from libvirt's tables. */
import { flagSet, type FlagsOf } from "./names.ts";
import {
  VirDomainDestroyFlagsValues,
  VirDomainModificationImpact,
  VirDomainRebootFlagValues,
  VirDomainSaveRestoreFlags,
  VirDomainShutdownFlagValues,
  VirDomainUndefineFlagsValues,
  VirDomainVcpuFlags,
  VirDomainXMLFlags,
} from "./protocol/constants.gen.ts";

export const shutdownFlags = flagSet(VirDomainShutdownFlagValues, "VIR_DOMAIN_SHUTDOWN_");
export const rebootFlags = flagSet(VirDomainRebootFlagValues, "VIR_DOMAIN_REBOOT_");
export const destroyFlags = flagSet(VirDomainDestroyFlagsValues, "VIR_DOMAIN_DESTROY_");
export const undefineFlags = flagSet(VirDomainUndefineFlagsValues, "VIR_DOMAIN_UNDEFINE_");
export const saveFlags = flagSet(VirDomainSaveRestoreFlags, "VIR_DOMAIN_SAVE_");
export const xmlFlags = flagSet(VirDomainXMLFlags, "VIR_DOMAIN_XML_");
export const affectFlags = flagSet(VirDomainModificationImpact, "VIR_DOMAIN_AFFECT_");
export const vcpuFlags = flagSet(VirDomainVcpuFlags, "VIR_DOMAIN_VCPU_");

/** How to ask: `{ acpiPowerBtn: true }`, `{ guestAgent: true }`; the hypervisor chooses when left out. */
export type ShutdownFlags = FlagsOf<typeof VirDomainShutdownFlagValues, "VIR_DOMAIN_SHUTDOWN_">;
export type RebootFlags = FlagsOf<typeof VirDomainRebootFlagValues, "VIR_DOMAIN_REBOOT_">;
export type DestroyFlags = FlagsOf<typeof VirDomainDestroyFlagsValues, "VIR_DOMAIN_DESTROY_">;
/** What goes or stays with it: `{ nvram: true, tpm: true, snapshotsMetadata: true, managedSave: true, keepNvram: … }`. */
export type UndefineFlags = FlagsOf<typeof VirDomainUndefineFlagsValues, "VIR_DOMAIN_UNDEFINE_">;
export type SaveFlags = FlagsOf<typeof VirDomainSaveRestoreFlags, "VIR_DOMAIN_SAVE_">;
export type DomainXmlFlags = FlagsOf<typeof VirDomainXMLFlags, "VIR_DOMAIN_XML_">;
/** `{ live: true }` for the running guest, `{ config: true }` for its next start; neither means whichever it is now. */
export type AffectFlags = FlagsOf<typeof VirDomainModificationImpact, "VIR_DOMAIN_AFFECT_">;
export type VcpuFlags = FlagsOf<typeof VirDomainVcpuFlags, "VIR_DOMAIN_VCPU_">;
