/** Disks and CD drives of a domain: which file, which name in the guest, which queue, which boot order. Pure. */
import type { DiskInput, DomainInput } from "../../templates/domain_input.ts";
import type { DiskSpec, VmSpec } from "../../model/vm_spec.ts";
import type { DomainFacts } from "./domain_facts.ts";

/** More queues than this bring nothing to one disk. */
const MOST_QUEUES = 4;

export function storageOf(
  spec: VmSpec,
  facts: DomainFacts,
  iothreads: number,
): Pick<DomainInput, "disks" | "cdroms" | "scsiController"> {
  const letters = { virtio: 0, scsi: 0 };
  const target = (bus: DiskSpec["bus"]) =>
    bus === "virtio" ? `vd${diskLetters(letters.virtio++)}` : `sd${diskLetters(letters.scsi++)}`;
  const disks = spec.disks.map((disk, index): DiskInput => ({
    source: sourceOf(disk, facts.poolFolders),
    format: disk.format,
    bus: disk.bus,
    target: target(disk.bus),
    cache: disk.cache,
    // Native asynchronous I/O needs O_DIRECT, which is what cache "none" opens with.
    io: disk.cache === "none" ? "native" : "threads",
    discard: disk.discard,
    iothread: disk.bus === "virtio" && iothreads > 0 ? 1 : null,
    queues: disk.bus === "virtio" && iothreads > 0 ? Math.min(spec.cpu.vcpus, MOST_QUEUES) : null,
    bootOrder: index + 1,
  }));
  const cdroms = spec.cdroms.map(({ path }, index) => ({
    target: target("sata"),
    path,
    bootOrder: disks.length + index + 1,
  }));
  return { disks, cdroms, scsiController: iothreads > 0 && spec.disks.some((disk) => disk.bus === "scsi") };
}

/**
 * A file where the pool's folder is known: AppArmor's helper cannot follow a volume through its pool, and the domain
 * would not start.
 */
function sourceOf(disk: DiskSpec, poolFolders: DomainFacts["poolFolders"]): DiskInput["source"] {
  const folder = Object.hasOwn(poolFolders, disk.pool) ? poolFolders[disk.pool] : undefined;
  return folder === undefined ? { pool: disk.pool, volume: disk.volume } : { file: `${folder}/${disk.volume}` };
}

/** a … z, aa, ab …: as the kernel counts disks. */
function diskLetters(index: number): string {
  const letter = String.fromCharCode(97 + index % 26);
  return index < 26 ? letter : diskLetters(Math.floor(index / 26) - 1) + letter;
}
