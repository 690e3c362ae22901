/**
 * The memory through which Looking Glass shows the VM's screen in a window: by "shmem" a file in /dev/shm that QEMU and
 * the person's viewer may both open, by "kvmfr" a device (kvmfr.ts).
 * Sources: looking-glass.io (IVSHMEM with standard shared memory), tmpfiles.d(5), QEMU's memory-backend-file: it refuses
 * a file that is smaller than the memory, and uses a larger one as it is.
 */
import type { Finding } from "../../model/errors.ts";
import type { HostSpec } from "../../model/host_spec.ts";
import { readPeople } from "../distro/people.ts";
import type { FileStatus, Host } from "../host/host.ts";
import { renderMode } from "../node.ts";
import type { Step, Wants } from "../step.ts";
import {
  inspectKvmfr,
  kvmfrBlockers,
  kvmfrBlocksGone,
  kvmfrNodes,
  type KvmfrSeen,
  kvmfrTroubles,
  modprobePath,
  modulesLoadPath,
  notAllowed,
  sharedMode,
  udevPath,
  whyNotShared,
} from "./kvmfr.ts";
import { obsolete, oursAmong, withHead } from "./written.ts";

export const tmpfilesPath = "/etc/tmpfiles.d/neuron-looking-glass.conf";
const ourFiles = [tmpfilesPath, modprobePath, modulesLoadPath, udevPath];
/** Where libvirt's `<shmem name="looking-glass">` is. */
const shmPath = "/dev/shm/looking-glass";
const mib = 1024 * 1024;

export interface LookingGlassSeen {
  readonly live: boolean;
  readonly ours: ReadonlySet<string>;
  /** Who sits at the host's desktop: the first who administers it; root where nobody does. */
  readonly owner: { readonly name: string; readonly uid: number };
  /** Null where /etc/group does not know it. */
  readonly kvmGid: number | null;
  readonly shm: FileStatus | null;
  readonly kvmfr: KvmfrSeen;
  readonly selinuxEnforces: boolean;
}

type Wish = NonNullable<HostSpec["lookingGlass"]>;

function readKvmGid(host: Host): number | null {
  const gid = /^kvm:[^:]*:(\d+):/m.exec(host.readText("/etc/group") ?? "")?.[1];
  return gid === undefined ? null : Number(gid);
}

/** Left by a VM of another size. Empty is how systemd-tmpfiles makes it: QEMU gives it its size. */
const hasOtherSize = ({ sizeMib }: Wish, { shm }: LookingGlassSeen) =>
  shm !== null && shm.sizeBytes !== 0 && shm.sizeBytes !== sizeMib * mib;

function shmTrouble(wish: Wish, seen: LookingGlassSeen): string | null {
  const { shm } = seen;
  if (shm !== null && shm.kind !== "file") return "is no file";
  if (shm !== null && hasOtherSize(wish, seen)) return `has ${shm.sizeBytes / mib} MiB and not ${wish.sizeMib}`;
  return whyNotShared(shm, seen.kvmGid, seen.owner.uid);
}

function shmemWants(wish: Wish, seen: LookingGlassSeen): Wants {
  const line = `f ${shmPath} ${renderMode(sharedMode)} ${seen.owner.name} kvm -\n`;
  const text = withHead("The memory that Looking Glass shows the VM's screen through.", line);
  const reason = `QEMU and the viewer of ${seen.owner.name} share this memory`;
  return {
    nodes: [{ kind: "file", path: tmpfilesPath, text, reason, triggers: ["looking-glass-create"] }],
    commands: [{
      id: "looking-glass-remove",
      // A VM that runs keeps what it has; to cut the file instead would crash it.
      argv: ["rm", "-f", shmPath],
      reason: `it was made for another size; the next start of the VM gives it ${wish.sizeMib} MiB`,
      due: hasOtherSize(wish, seen),
      derives: [],
      keeps: true,
    }, {
      id: "looking-glass-create",
      argv: ["systemd-tmpfiles", "--create", tmpfilesPath],
      reason: "make it now, with owner and mode, as systemd does at every start",
      due: shmTrouble(wish, seen) !== null,
      derives: [],
      ...(seen.shm === null ? { undo: ["rm", "-f", shmPath] as const } : { keeps: true }),
    }],
  };
}

function selinuxHint({ backend }: Wish): Finding {
  return {
    code: "looking-glass-selinux",
    severity: "warning",
    title: "SELinux is on and may keep QEMU from Looking Glass's memory",
    hint: backend === "shmem"
      ? `sudo semanage fcontext -a -t svirt_tmpfs_t ${shmPath} && sudo restorecon ${shmPath}`
      : "sudo ausearch -m avc -c qemu-system-x86 says whether it does; audit2allow makes a rule of that",
  };
}

export const lookingGlass: Step<LookingGlassSeen> = {
  name: "looking_glass",
  title: "Looking Glass",
  phase: "host",

  inspect(host) {
    return Promise.resolve({
      live: host.live,
      ours: oursAmong(host, ourFiles),
      owner: readPeople(host)[0] ?? { name: "root", uid: 0 },
      kvmGid: readKvmGid(host),
      shm: host.stat(shmPath),
      kvmfr: inspectKvmfr(host),
      selinuxEnforces: host.readText("/sys/fs/selinux/enforce")?.trim() === "1",
    });
  },

  blockers({ lookingGlass: wish }, { live, kvmfr }) {
    return wish?.backend === "kvmfr" && live ? kvmfrBlockers(kvmfr) : [];
  },

  wants({ lookingGlass: wish }, seen) {
    const shmem = wish?.backend === "shmem" ? shmemWants(wish, seen) : { nodes: [] };
    const kvmfr = wish?.backend === "kvmfr" ? kvmfrNodes(wish.sizeMib, seen.kvmfr) : kvmfrBlocksGone(seen.kvmfr);
    const nodes = [...shmem.nodes, ...kvmfr];
    const others = ourFiles.filter((path) => !nodes.some((node) => node.path === path));
    const gone = obsolete(others, seen.ours, "Looking Glass is not set up this way any more");
    return { ...shmem, nodes: [...nodes, ...gone] };
  },

  verify({ lookingGlass: wish }, seen, when): Finding[] {
    if (wish === null) return [];
    if (!seen.live) return wish.backend === "kvmfr" ? notAllowed(seen.kvmfr, "warning") : [];
    const selinux = seen.selinuxEnforces && when === "effective" ? [selinuxHint(wish)] : [];
    if (wish.backend === "kvmfr") {
      const troubles = when === "effective" ? kvmfrTroubles(wish.sizeMib, seen.kvmfr, seen.kvmGid) : [];
      return [...notAllowed(seen.kvmfr, "blocker"), ...troubles, ...selinux];
    }
    const trouble = shmTrouble(wish, seen);
    if (trouble === null) return selinux;
    const title = `${shmPath} ${trouble}`;
    const hint = "neuron-setup apply makes it again";
    return [{ code: "looking-glass-memory", severity: "blocker", title, hint, target: shmPath }, ...selinux];
  },
};
