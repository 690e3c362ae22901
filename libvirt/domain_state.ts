/** The states of a domain and why it is in them, by name. Pure. */
import { nameSet } from "./names.ts";
import {
  VirDomainBlockedReason,
  VirDomainCrashedReason,
  VirDomainNostateReason,
  VirDomainPausedReason,
  VirDomainPMSuspendedReason,
  VirDomainRunningReason,
  VirDomainShutdownReason,
  VirDomainShutoffReason,
  VirDomainState,
} from "./protocol/constants.gen.ts";

/** `"nostate" | "running" | "blocked" | "paused" | "shutdown" | "shutoff" | "crashed" | "pmsuspended"` or a newer one. */
export const domainState = nameSet(VirDomainState, "VIR_DOMAIN_");
export type DomainState = ReturnType<typeof domainState>;

/** In the order of VirDomainState's values. */
const reasons: readonly ((reason: number) => string)[] = [
  nameSet(VirDomainNostateReason, "VIR_DOMAIN_NOSTATE_"),
  nameSet(VirDomainRunningReason, "VIR_DOMAIN_RUNNING_"),
  nameSet(VirDomainBlockedReason, "VIR_DOMAIN_BLOCKED_"),
  nameSet(VirDomainPausedReason, "VIR_DOMAIN_PAUSED_"),
  nameSet(VirDomainShutdownReason, "VIR_DOMAIN_SHUTDOWN_"),
  nameSet(VirDomainShutoffReason, "VIR_DOMAIN_SHUTOFF_"),
  nameSet(VirDomainCrashedReason, "VIR_DOMAIN_CRASHED_"),
  nameSet(VirDomainPMSuspendedReason, "VIR_DOMAIN_PMSUSPENDED_"),
];

/** Why a domain is in a state: `booted`, `user`, `migrated`, `from-snapshot`, … */
export function stateReason(state: number, reason: number): string {
  return reasons[state]?.(reason) ?? `unknown-${reason}`;
}
