/**
 * The two types every step speaks: what a step can do, and one change it wants to make.
 * A step is data and pure functions around two impure verbs, apply and rollback; the engine knows no step by name.
 */
import type { Finding } from "../model/errors.ts";
import type { HostSpec } from "../model/host_spec.ts";
import type { Host } from "./host/host.ts";

export type StepName =
  | "preflight"
  | "identity"
  | "kernel_parameters"
  | "initramfs"
  | "vfio_binding"
  | "hugepages"
  | "libvirt";

export type Phase = "host" | "workload";

/** One thing that will be different. `reason` is for people and never decides anything. */
export interface Change {
  readonly action: "create" | "update" | "delete" | "run";
  /** A path inside the root, or the command line of a `run`. */
  readonly target: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly reason: string;
  readonly needs?: "reboot";
  readonly irreversible?: true;
}

export interface Report {
  progress(what: string, done: number, total: number, unit: string): void;
}

/**
 * inspect only reads; plan and verify are pure; apply and rollback are idempotent: either may be called again after a
 * crash in its middle, and rollback of what is already gone is success.
 */
export interface Step<Seen = unknown> {
  readonly name: StepName;
  readonly title: string;
  readonly phase: Phase;
  inspect(host: Host): Promise<Seen>;
  /** [] means: nothing to do. Sorted; the same input gives the same list. */
  plan(spec: HostSpec, seen: Seen): Change[];
  apply(host: Host, change: Change, report: Report): Promise<void>;
  verify(spec: HostSpec, seen: Seen, when: "written" | "effective"): Finding[];
  rollback(host: Host, change: Change): Promise<void>;
}

/** The document `neuron.plan/1` of the command line contract. */
export interface Plan {
  readonly schema: "neuron.plan/1";
  readonly phase: Phase;
  readonly digest: `sha256:${string}`;
  readonly rebootNeeded: boolean;
  readonly steps: readonly { readonly name: StepName; readonly title: string; readonly changes: readonly Change[] }[];
}
