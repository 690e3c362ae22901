/** States of Looking Glass that are known to be trouble: its device, its memory, and what VMs want of them. Pure. */
import type { Person } from "../distro/people.ts";
import type { FileStatus } from "../host/host.ts";
import { renderMode } from "../node.ts";
import { lookingGlassMib } from "../vm/looking_glass.ts";
import type { GlassVm } from "./glass_vms.ts";
import { fine, found, foundIf, when } from "./judge.ts";
import type { KnownState } from "./trouble.ts";

const documentation = "Looking Glass documentation, IVSHMEM with the KVMFR module";

export const GLASS_STATES: readonly KnownState[] = [
  {
    code: "kvmfr-is-a-file",
    severity: "warning",
    looks: "/dev/kvmfr0",
    title: "/dev/kvmfr0 is a plain file: something wrote there before the module kvmfr was loaded",
    hint: "Shut the VMs down, remove the file, and load the module: modprobe kvmfr.",
    source: documentation,
    judge: ({ kvmfr }) => foundIf(kvmfr?.kind === "file", { target: "/dev/kvmfr0" }),
  },
  {
    code: "looking-glass-closed",
    severity: "warning",
    looks: "cgroup_device_acl for /dev/kvmfr0",
    title: "VMs may not open Looking Glass's memory",
    hint: 'Add "/dev/kvmfr0" to cgroup_device_acl in /etc/libvirt/qemu.conf, and restart libvirtd.',
    source: documentation,
    judge: ({ kvmfr, qemuConf }) =>
      kvmfr === null ? fine : when(qemuConf, (text) => {
        const acl = /^\s*cgroup_device_acl\s*=\s*\[([^\]]*)\]/m.exec(text ?? "")?.[1] ?? "";
        return foundIf(!acl.includes("/dev/kvmfr0"), { target: "/etc/libvirt/qemu.conf" });
      }),
  },
  {
    code: "kvmfr-missing",
    severity: "warning",
    looks: "the module kvmfr, for VMs that use its device",
    title: "A VM shows its picture through /dev/kvmfr0, but the module kvmfr is not loaded",
    hint: "modprobe kvmfr says why; it is built with DKMS from the folder module of Looking Glass's sources. " +
      "Or make the VM anew with shared memory: backend shmem.",
    source: documentation,
    judge: ({ glassVms, loadedModules }) =>
      when(glassVms, (vms) => {
        const users = vms.filter(({ domain }) => domain.memory.path.startsWith("/dev/kvmfr"));
        if (users.length > 0 && loadedModules.length === 0) {
          return { notLooked: "which modules are loaded is not known" };
        }
        return found(
          ...users.filter(() => !loadedModules.includes("kvmfr")).map(({ domain }) => ({ target: domain.name })),
        );
      }),
  },
  {
    code: "looking-glass-memory-small",
    severity: "warning",
    looks: "Looking Glass's memory, for the pictures VMs are to show",
    title: "A VM's shared memory is too small for the picture it is to show with Looking Glass",
    hint: "Give it the larger one with virsh edit (the size of shmem, or of kvmfr's arguments and static_size_mb), " +
      "or a smaller screen.",
    source: "Looking Glass documentation, Determining memory; provision/vm/looking_glass.ts",
    judge: ({ glassVms }) => when(glassVms, (vms) => found(...vms.flatMap(tooSmall))),
  },
  {
    code: "looking-glass-memory",
    severity: "warning",
    looks: "who may open Looking Glass's memory in /dev/shm",
    title: "Looking Glass's memory belongs to QEMU alone: whoever sits at the desktop may not open it",
    hint:
      "neuron-setup apply makes it with the right owner at every start; for now: chgrp kvm and chmod 0660, and the " +
      "person in the group kvm.",
    source: "Looking Glass documentation, IVSHMEM with standard shared memory",
    judge: ({ glassVms, people, kvmGroup }) =>
      when(glassVms, (vms) => {
        const files = vms.flatMap(({ domain, memory }) =>
          memory?.kind === "file" && domain.memory.path.startsWith("/dev/shm/")
            ? [{ path: domain.memory.path, file: memory }]
            : []
        );
        if (files.length > 0 && people.length === 0) return { notLooked: "who sits at the desktop is not known" };
        return found(
          ...files.filter(({ file }) => !people.some((person) => mayOpen(person, file, kvmGroup)))
            .map(({ path, file }) => ({
              target: path,
              seen: `mode ${renderMode(file.mode)}, owner ${file.uid}, group ${file.gid}`,
            })),
        );
      }),
  },
];

/** Only what the VM itself wants counts: one made by hand does not say how large its screen is. */
function tooSmall({ domain: { name, isOurs, spec, memory } }: GlassVm): { target: string; seen: string }[] {
  const needed = lookingGlassMib(spec);
  if (!isOurs || memory.sizeMib >= needed) return [];
  return [{ target: name, seen: `${memory.sizeMib} MiB; ${spec.width} × ${spec.height} needs ${needed}` }];
}

function mayOpen({ uid, groups }: Person, file: FileStatus, kvmGroup: number | null): boolean {
  const allows = (bits: number) => (file.mode & bits) === bits;
  if (file.uid === uid) return allows(0o600);
  if (file.gid === kvmGroup && groups.has("kvm")) return allows(0o060);
  return allows(0o006);
}
