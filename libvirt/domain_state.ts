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

const REASONS: readonly ((reason: number) => string)[] = [];
for (
  const [state, reasons, prefix] of [
    [VirDomainState.VIR_DOMAIN_NOSTATE, VirDomainNostateReason, "VIR_DOMAIN_NOSTATE_"],
    [VirDomainState.VIR_DOMAIN_RUNNING, VirDomainRunningReason, "VIR_DOMAIN_RUNNING_"],
    [VirDomainState.VIR_DOMAIN_BLOCKED, VirDomainBlockedReason, "VIR_DOMAIN_BLOCKED_"],
    [VirDomainState.VIR_DOMAIN_PAUSED, VirDomainPausedReason, "VIR_DOMAIN_PAUSED_"],
    [VirDomainState.VIR_DOMAIN_SHUTDOWN, VirDomainShutdownReason, "VIR_DOMAIN_SHUTDOWN_"],
    [VirDomainState.VIR_DOMAIN_SHUTOFF, VirDomainShutoffReason, "VIR_DOMAIN_SHUTOFF_"],
    [VirDomainState.VIR_DOMAIN_CRASHED, VirDomainCrashedReason, "VIR_DOMAIN_CRASHED_"],
    [VirDomainState.VIR_DOMAIN_PMSUSPENDED, VirDomainPMSuspendedReason, "VIR_DOMAIN_PMSUSPENDED_"],
  ] as const
) (REASONS as ((reason: number) => string)[])[state] = nameSet(reasons, prefix);

/** Why a domain is in a state: `booted`, `user`, `migrated`, `from-snapshot`, … */
export function stateReason(state: number, reason: number): string {
  return REASONS[state]?.(reason) ?? `unknown-${reason}`;
}
