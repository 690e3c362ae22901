/**
 * The initial ram disk: VFIO's modules in it, and a script that hands over the card before any driver of the host can
 * take it. All in files of our own, for each tool that builds initial ram disks; sources: initramfs-tools(7),
 * mkinitramfs(8), dracut.modules(7), mkinitcpio(8), mkinitcpio.conf(5), bootup(7) (initrd.target), modprobe.d(5)
 * (softdep), modules-load.d(5).
 */
import { cardBoundAtBoot, type HostSpec } from "../../model/host_spec.ts";
import { type InitramfsBuilder, initramfsBuilder, initrds } from "../distro/initramfs.ts";
import { initramfsTools } from "../distro/initramfs_tools.ts";
import type { Step, WantedNode } from "../step.ts";
import dracutModule from "./scripts/dracut_module_setup.sh" with { type: "text" };
import dracutPreUdev from "./scripts/dracut_pre_udev.sh" with { type: "text" };
import hookScript from "./scripts/initramfs_hook.sh" with { type: "text" };
import mkinitcpioHook from "./scripts/mkinitcpio_hook.sh" with { type: "text" };
import mkinitcpioInstall from "./scripts/mkinitcpio_install.sh" with { type: "text" };
import initTopScript from "./scripts/initramfs_init_top.sh" with { type: "text" };
import { obsolete, oursAmong, withHead } from "./written.ts";

export const hookPath = "/etc/initramfs-tools/hooks/neuron-vfio";
export const initTopPath = "/etc/initramfs-tools/scripts/init-top/neuron-vfio";
export const softdepPath = "/etc/modprobe.d/neuron-vfio.conf";
/** dracut looks for modules here only. 50 to 59 are for those that are not its own. */
export const dracutModulePath = "/usr/lib/dracut/modules.d/50neuron-vfio";

/** Where the script lies when the tool takes it from there as it is. */
const handOverPath = "/etc/neuron/vfio-hand-over";
const unitPath = "/etc/systemd/system/neuron-vfio-initrd.service";

type ToolFile = readonly [path: string, text: string, mode: number, reason: string];

const modulesReason = "the initial ram disk needs VFIO's modules";
const handOverReason = "the card is handed over before a driver of the host takes it";

/** For initial ram disks that systemd runs: nothing of it is ever started by the host's own. */
const systemdFiles: readonly ToolFile[] = [
  [handOverPath, initTopScript, 0o755, handOverReason],
  [
    unitPath,
    withHead(
      "In the initial ram disk: hands the card over before udev loads a driver.",
      `[Unit]
Description=Hand over the functions of /etc/neuron/vfio-functions to vfio-pci
DefaultDependencies=no
ConditionPathExists=/etc/initrd-release
Before=systemd-modules-load.service systemd-udevd.service systemd-udev-trigger.service dracut-pre-udev.service

[Service]
Type=oneshot
ExecStart=/bin/sh ${handOverPath}
`,
    ),
    0o644,
    handOverReason,
  ],
  [
    "/etc/systemd/system/initrd.target.d/neuron-vfio.conf",
    withHead("The initial ram disk starts the hand-over.", "[Unit]\nWants=neuron-vfio-initrd.service\n"),
    0o644,
    handOverReason,
  ],
];

const toolFiles: Readonly<Record<InitramfsBuilder["tool"], readonly ToolFile[]>> = {
  "initramfs-tools": [
    [hookPath, hookScript, 0o755, modulesReason],
    [initTopPath, initTopScript, 0o755, handOverReason],
  ],
  "dracut": [
    [`${dracutModulePath}/module-setup.sh`, dracutModule, 0o755, modulesReason],
    [`${dracutModulePath}/neuron-vfio.sh`, initTopScript, 0o755, handOverReason],
    [`${dracutModulePath}/neuron-pre-udev.sh`, dracutPreUdev, 0o755, handOverReason],
  ],
  "mkinitcpio": [
    ...systemdFiles,
    ["/etc/initcpio/install/neuron-vfio", mkinitcpioInstall, 0o644, modulesReason],
    ["/etc/initcpio/hooks/neuron-vfio", mkinitcpioHook, 0o644, handOverReason],
    [
      // Behind all others: one that sets HOOKS anew would throw ours away.
      "/etc/mkinitcpio.conf.d/zz-neuron.conf",
      withHead("mkinitcpio runs the hook neuron-vfio.", "HOOKS+=(neuron-vfio)\n"),
      0o644,
      modulesReason,
    ],
  ],
  "rpm-ostree": [
    ...systemdFiles,
    [
      "/etc/modules-load.d/neuron-vfio.conf",
      withHead("The initial ram disk of the image has no vfio-pci.", "vfio-pci\n"),
      0o644,
      "vfio-pci takes the card that was kept for it",
    ],
  ],
};
const paths = [...new Set([...Object.values(toolFiles).flat().map(([path]) => path), softdepPath])];

export interface InitramfsSeen {
  readonly builder: InitramfsBuilder;
  readonly ours: ReadonlySet<string>;
  readonly initrds: readonly string[];
  /** The initial ram disks cannot hold what our files are now. */
  readonly outdated: boolean;
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
    // Without one preflight refuses what needs it.
    const builder = initramfsBuilder(host) ?? initramfsTools;
    const found = initrds(host, builder);
    const older = times.length > 0 && found.some(({ mtimeMs }) => mtimeMs < Math.max(...times));
    return Promise.resolve({
      builder,
      ours: oursAmong(host, paths),
      initrds: found.map(({ path }) => path),
      outdated: older || builder.isDue?.(host) === true,
    });
  },

  wants(spec, seen) {
    const { builder } = seen;
    const common = { triggers: [builder.command.id], needs: "reboot" } as const;
    const command = { ...builder.command, derives: seen.initrds, due: seen.outdated };
    const gone = (of: readonly string[], reason: string) =>
      obsolete(of, seen.ours, reason).map((node) => ({ ...node, ...common }));
    if (cardBoundAtBoot(spec) === null) {
      return {
        nodes: gone(paths, "no card is handed over when the machine starts"),
        commands: [{ ...command, due: false }],
      };
    }
    const files: readonly ToolFile[] = [
      ...toolFiles[builder.tool],
      [softdepPath, renderSoftdeps(spec), 0o644, "vfio-pci comes before the card's own drivers"],
    ];
    const others = paths.filter((path) => !files.some(([wanted]) => wanted === path));
    return {
      nodes: [
        ...files.map(([path, text, mode, reason]): WantedNode => ({
          kind: "file",
          path,
          text,
          mode,
          reason,
          ...common,
        })),
        ...gone(others, `the initial ram disk is built by ${builder.tool} now`),
      ],
      commands: [command],
    };
  },

  verify: () => [],
};
