/**
 * The initial ram disk: VFIO's modules in it, and a script that hands over the card before any driver of the host can
 * take it. All in files of our own. Written for initramfs-tools; sources: initramfs-tools(7), mkinitramfs(8),
 * modprobe.d(5) (softdep).
 */
import type { HostSpec } from "../../model/host_spec.ts";
import { initrds, updateInitramfs } from "../distro/initramfs_tools.ts";
import type { Step, WantedNode } from "../step.ts";
import hookScript from "./scripts/initramfs_hook.sh" with { type: "text" };
import initTopScript from "./scripts/initramfs_init_top.sh" with { type: "text" };
import { obsolete, oursAmong, withHead } from "./written.ts";

export const hookPath = "/etc/initramfs-tools/hooks/neuron-vfio";
export const initTopPath = "/etc/initramfs-tools/scripts/init-top/neuron-vfio";
export const softdepPath = "/etc/modprobe.d/neuron-vfio.conf";
const paths = [hookPath, initTopPath, softdepPath];

export interface InitramfsSeen {
  readonly ours: ReadonlySet<string>;
  readonly initrds: readonly { readonly path: string; readonly mtimeMs: number }[];
  /** When the newest of our files was written; null when none is there. */
  readonly newestMs: number | null;
}

/** Host drivers by vendor of the card. Fixed, because after the reboot sysfs names vfio-pci and no longer them. */
const driversByVendor: Readonly<Record<string, readonly string[]>> = {
  "10de": ["nouveau", "nvidia", "nvidia_drm", "nvidiafb", "i2c_nvidia_gpu"],
  "1002": ["amdgpu", "radeon"],
  "8086": ["i915", "xe"],
};
/** Functions beside the display: sound, and the USB controller of some cards. */
const companionDrivers = ["snd_hda_intel", "xhci_pci"];

export function renderSoftdeps(spec: HostSpec): string {
  const vendors = [...new Set(spec.gpu?.functions.map(({ vendorId }) => vendorId) ?? [])].sort();
  const drivers = [...vendors.flatMap((vendor) => driversByVendor[vendor] ?? []), ...companionDrivers];
  return withHead(
    "vfio-pci is loaded before the drivers that could take the card.",
    drivers.map((driver) => `softdep ${driver} pre: vfio-pci\n`).join(""),
  );
}

export const initramfs: Step<InitramfsSeen> = {
  name: "initramfs",
  title: "Initial ram disk",
  phase: "host",

  inspect(host) {
    const times = paths.map((path) => host.stat(path)?.mtimeMs ?? null).filter((time) => time !== null);
    return Promise.resolve({
      ours: oursAmong(host, paths),
      initrds: initrds(host),
      newestMs: times.length === 0 ? null : Math.max(...times),
    });
  },

  wants(spec, seen) {
    const common = { triggers: [updateInitramfs.id], needs: "reboot" } as const;
    const older = seen.initrds.some(({ mtimeMs }) => seen.newestMs !== null && mtimeMs < seen.newestMs);
    const command = { ...updateInitramfs, derives: seen.initrds.map(({ path }) => path), due: older };
    if (spec.gpu === null) {
      const gone = obsolete(paths, seen.ours, "no card is handed over").map((node) => ({ ...node, ...common }));
      return { nodes: gone, commands: [{ ...command, due: false }] };
    }
    const file = (path: string, text: string, mode: number, reason: string): WantedNode => ({
      kind: "file",
      path,
      text,
      mode,
      reason,
      ...common,
    });
    return {
      nodes: [
        file(hookPath, hookScript, 0o755, "the initial ram disk needs VFIO's modules"),
        file(initTopPath, initTopScript, 0o755, "the card is handed over before a driver of the host takes it"),
        file(softdepPath, renderSoftdeps(spec), 0o644, "vfio-pci comes before the card's own drivers"),
      ],
      commands: [command],
    };
  },

  verify: () => [],
};
