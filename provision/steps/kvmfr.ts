/**
 * Looking Glass by the kernel module kvmfr: the shared memory is a device, which gives the host's card direct access.
 * libvirt keeps QEMU from devices it does not know, so two files of others get a block of ours.
 * Sources: looking-glass.io (IVSHMEM with the KVMFR module), udev(7), modprobe.d(5), modules-load.d(5), modules.dep(5).
 */
import { readShared, type SharedFile, wantedBlock, withoutBlock } from "../block.ts";
import type { Finding } from "../../model/errors.ts";
import { deviceBlock, devicesOfPerson, qemuConfPath, renderDevices } from "../distro/qemu_conf.ts";
import type { FileStatus, Host } from "../host/host.ts";
import { renderMode } from "../node.ts";
import type { WantedNode } from "../step.ts";
import { withHead } from "./written.ts";

export const modprobePath = "/etc/modprobe.d/neuron-kvmfr.conf";
export const modulesLoadPath = "/etc/modules-load.d/neuron-kvmfr.conf";
export const udevPath = "/etc/udev/rules.d/70-neuron-kvmfr.rules";
export const apparmorPath = "/etc/apparmor.d/local/abstractions/libvirt-qemu";
const apparmorMain = "/etc/apparmor.d/abstractions/libvirt-qemu";
const apparmorBody = "  /dev/kvmfr0 rw,\n";
const devicePath = "/dev/kvmfr0";

/** QEMU by the group, the person by being its owner or, for the device, by sitting at the machine (uaccess). */
export const sharedMode = 0o660;

export interface KvmfrSeen {
  readonly device: FileStatus | null;
  /** What the loaded module was told; null when it is not loaded. */
  readonly deviceMib: number | null;
  /** Whether the running kernel has the module; null when that cannot be looked up. */
  readonly module: boolean | null;
  readonly qemuConf: SharedFile;
  readonly apparmor: SharedFile;
  readonly hasApparmor: boolean;
}

export function inspectKvmfr(host: Host): KvmfrSeen {
  const folder = `/lib/modules/${host.readText("/proc/sys/kernel/osrelease")?.trim()}`;
  const lists = [host.readText(`${folder}/modules.dep`), host.readText(`${folder}/modules.builtin`)];
  // One number for each device; ours is the first.
  const sizes = host.readText("/sys/module/kvmfr/parameters/static_size_mb");
  return {
    device: host.stat(devicePath),
    deviceMib: sizes === null ? null : parseInt(sizes, 10),
    module: lists.every((text) => text === null) ? null : lists.some((text) => /\/kvmfr\.ko/.test(text ?? "")),
    qemuConf: readShared(host, qemuConfPath),
    apparmor: readShared(host, apparmorPath),
    hasApparmor: host.stat(apparmorMain) !== null,
  };
}

/** What only a person can do. */
export function kvmfrBlockers(seen: KvmfrSeen): Finding[] {
  const findings: Finding[] = [];
  if (seen.module === false) {
    findings.push({
      code: "kvmfr-missing",
      severity: "blocker",
      title: "Looking Glass by kvmfr needs that kernel module, which this kernel does not have",
      hint:
        'Build it with DKMS from the folder "module" of Looking Glass\'s sources (Arch: looking-glass-module-dkms), ' +
        'or write "host.lookingGlass": "shmem"',
    });
  }
  for (const { path, trouble } of [seen.qemuConf, seen.apparmor]) {
    if (trouble === null) continue;
    const title = `Cannot add to ${path}: it ${trouble}`;
    findings.push({ code: "path-in-the-way", severity: "blocker", title, hint: "Look at what it is", target: path });
  }
  return [...findings, ...notAllowed(seen, "blocker")];
}

/** A list of devices that a person wrote: with two assignments libvirt takes the first, so only they can add to it. */
export function notAllowed({ qemuConf: { text } }: KvmfrSeen, severity: Finding["severity"]): Finding[] {
  const theirs = text === null ? null : devicesOfPerson(text);
  if (theirs === null || theirs.includes(devicePath)) return [];
  return [{
    code: "kvmfr-not-allowed",
    severity,
    title: `${qemuConfPath} sets cgroup_device_acl without ${devicePath}: QEMU may not open Looking Glass's device`,
    hint: `Add "${devicePath}" to that list, and sudo systemctl restart libvirtd (or virtqemud)`,
    target: qemuConfPath,
  }];
}

const udevRule = withHead(
  "QEMU and whoever sits at the machine may open Looking Glass's device.",
  `SUBSYSTEM=="kvmfr", GROUP="kvm", MODE="0660", TAG+="uaccess"\n`,
);

export function kvmfrNodes(sizeMib: number, { qemuConf, apparmor, hasApparmor }: KvmfrSeen): WantedNode[] {
  const common = { reason: "Looking Glass by the module kvmfr", needs: "reboot" } as const;
  const file = (path: string, text: string): WantedNode => ({ kind: "file", path, text, ...common });
  const nodes = [
    file(modprobePath, withHead("How much memory Looking Glass shares.", `options kvmfr static_size_mb=${sizeMib}\n`)),
    // A VM that is started before the module is loaded makes a plain file of the device's name.
    file(modulesLoadPath, withHead("The module is there before any VM starts.", "kvmfr\n")),
    file(udevPath, udevRule),
  ];
  const { text } = qemuConf;
  // Where it is missing, the package that brings it would ask about ours.
  if (text !== null && qemuConf.trouble === null && devicesOfPerson(text) === null) {
    const reason = `QEMU may open the device: cgroup_device_acl, at the end, is libvirt's own list and ${devicePath}`;
    nodes.push({ ...common, ...wantedBlock(qemuConf, deviceBlock, renderDevices(text, devicePath)), reason });
  }
  if (hasApparmor && apparmor.trouble === null) {
    // libvirt loads a VM's profile, with what it includes, whenever that VM starts.
    const reason = "AppArmor lets QEMU open the device, from the next start of a VM on";
    nodes.push({ ...wantedBlock(apparmor, deviceBlock, apparmorBody), reason });
  }
  return nodes;
}

/** Takes the blocks of an earlier apply out of files of others. */
export function kvmfrBlocksGone({ qemuConf, apparmor }: KvmfrSeen): WantedNode[] {
  return [qemuConf, apparmor].flatMap(({ path, text, mode, trouble }): WantedNode[] => {
    const rest = text === null || trouble !== null ? null : withoutBlock(text, deviceBlock);
    if (rest === null || rest === text) return [];
    return [{
      kind: "file",
      path,
      text: rest,
      mode: mode!,
      reason: "Looking Glass does not use the device any more",
    }];
  });
}

/** What does not hold on the running machine. */
export function kvmfrTroubles(sizeMib: number, { device, deviceMib }: KvmfrSeen, kvmGid: number | null): Finding[] {
  const found = (code: string, title: string, hint: string): Finding[] => [
    { code, severity: "blocker", title, hint, target: devicePath },
  ];
  if (device?.kind === "file") {
    const hint = `Shut the VM down, sudo rm ${devicePath}, sudo modprobe kvmfr; or reboot`;
    return found("kvmfr-is-a-file", `${devicePath} is a plain file: a VM was started before the module`, hint);
  }
  const trouble = whyNotShared(device, kvmGid, null);
  if (trouble !== null) {
    const hint = "journalctl -k and sudo modprobe kvmfr say why; a reboot loads the module with its settings";
    return found("kvmfr-device", `${devicePath} ${trouble}`, hint);
  }
  if (deviceMib === null || deviceMib === sizeMib) return [];
  const title = `${devicePath} has ${deviceMib} MiB and not ${sizeMib}`;
  return found("kvmfr-size", title, "Reboot: the module takes its size when it is loaded");
}

/**
 * Null when QEMU (a member of the group kvm) and the viewer may both open it; else what is wrong, in words that follow
 * its path. A user or group that is not known is not judged.
 */
export function whyNotShared(file: FileStatus | null, kvmGid: number | null, ownerUid: number | null): string | null {
  if (file === null) return "is missing";
  if (file.mode !== sharedMode) return `has mode ${renderMode(file.mode)} and not ${renderMode(sharedMode)}`;
  if (kvmGid !== null && file.gid !== kvmGid) return "does not belong to the group kvm";
  return ownerUid === null || file.uid === ownerUid ? null : "belongs to another user";
}
