/** What a person can ask of a VM, with its words, and asking it: progress while it runs, a toast when it is done. */
import { signal } from "@preact/signals";
import type { DomainAction, DomainSummary } from "../server/dto.ts";
import { api, ApiError } from "./api.ts";
import { learnDomain } from "./state.ts";
import { toast } from "./toasts.ts";
import { visible } from "./words.ts";

export interface ActionWords {
  readonly label: string;
  /** While it runs. */
  readonly doing: string;
  /** What the toast says when it is done; NAME stands for the VM's name. */
  readonly done: string;
  /** Asked before it is done, where something can be lost. */
  readonly warning?: string;
}

export const actionWords: Record<DomainAction, ActionWords> = {
  start: { label: "Start", doing: "Starting …", done: "NAME is running" },
  shutdown: { label: "Shut down", doing: "Asking …", done: "NAME was asked to shut down" },
  destroy: {
    label: "Force off",
    doing: "Forcing off …",
    done: "NAME is off",
    warning: "This is like pulling the plug: whatever is not saved inside the VM is lost.",
  },
  reboot: { label: "Restart", doing: "Asking …", done: "NAME was asked to restart" },
  reset: {
    label: "Reset",
    doing: "Resetting …",
    done: "NAME was reset",
    warning: "This is like the reset button: whatever is not saved inside the VM is lost.",
  },
  pause: { label: "Pause", doing: "Pausing …", done: "NAME is paused" },
  resume: { label: "Resume", doing: "Resuming …", done: "NAME is running" },
};

/** Which action is under way, by UUID. */
export const underWay = signal<ReadonlyMap<string, DomainAction>>(new Map());

export async function perform(domain: Pick<DomainSummary, "uuid" | "name">, action: DomainAction): Promise<void> {
  if (underWay.value.has(domain.uuid)) return;
  underWay.value = new Map(underWay.value).set(domain.uuid, action);
  try {
    const result = await api.performAction(domain.uuid, action);
    learnDomain(result.domain);
    toast("done", actionWords[action].done.replace("NAME", () => visible(result.domain.name)));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    toast("failed", error.message, error.hint);
  } finally {
    const left = new Map(underWay.value);
    left.delete(domain.uuid);
    underWay.value = left;
  }
}
