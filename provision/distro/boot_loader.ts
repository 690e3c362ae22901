/**
 * Where the kernel's parameters come from on this machine, how ours get there, which command makes them effective, and
 * what shows that they are. One file for each kind; knows nothing of which parameters are wanted. Where a person wrote
 * them by hand, theirs stay where and as they are.
 */
import { readBootloader } from "../hardware/boot.ts";
import { Reading } from "../hardware/reading.ts";
import type { Host } from "../host/host.ts";
import type { Wants } from "../step.ts";
import { grubby, kernelstub, rpmOstree } from "./command_loaders.ts";
import { grub } from "./grub_parameters.ts";
import { systemdBoot } from "./systemd_boot.ts";

export interface BootLoader {
  /** Why no parameters can be written; null: they can. */
  readonly trouble: { readonly title: string; readonly hint: string } | null;
  /** What apply is going to run. */
  readonly programs: readonly string[];
  /** Files of ours it may have written, to tell others apart from them. */
  wants(missing: Missing): Wants;
}

/** The parameters wanted that are not among those there already, in whatever equivalent form. */
export type Missing = (there: readonly string[]) => readonly string[];

const kinds = { "grub": grub, "systemd-boot": systemdBoot, kernelstub, grubby, "rpm-ostree": rpmOstree };

/** Null: there is none; preflight says so where it matters. */
export function bootLoader(host: Host): BootLoader | null {
  const kind = readBootloader(new Reading(host));
  return kind === null ? null : kinds[kind](host);
}
