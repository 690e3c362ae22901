/**
 * Deleting a VM: first what goes and what stays, then the deed. The definition goes with what libvirt keeps for it;
 * disks stay unless each is named, and a disk another VM uses, or that lies outside every pool, always stays.
 */
import { AppError } from "../../model/errors.ts";
import type { DeletionPreview, DeletionResult } from "../dto.ts";
import { judgeUndefine } from "./domain_rules.ts";
import { parseNvramPath } from "./domain_xml.ts";
import type { DomainService } from "./domains.ts";

export class DomainRemoval {
  readonly #domains: DomainService;

  constructor(domains: DomainService) {
    this.#domains = domains;
  }

  /** Throws AppError `not-found`, `hypervisor`. */
  async preview(uuid: string): Promise<DeletionPreview> {
    const domain = await this.#domains.refresh(uuid);
    const kept = await this.#domains.session.readKept(uuid);
    const nvram = parseNvramPath(domain.xml);
    const goes: DeletionPreview["goes"] = [];
    const add = (what: string, where: string | null = null) => goes.push({ what, where });
    add("The VM's definition");
    if (nvram !== null) add("UEFI settings (NVRAM)", nvram);
    if (domain.hardware.tpm !== null) add("The TPM's memory: keys sealed in it, such as BitLocker's, are lost");
    if (kept.managedSave) add("The saved state it would have continued from");
    if (kept.snapshots > 0) add(`The records of ${kept.snapshots} snapshot${kept.snapshots === 1 ? "" : "s"}`);
    return { name: domain.name, goes, disks: await this.#disks(uuid) };
  }

  /**
   * `confirm` must be the VM's name. Deleting what is gone already is done, not an error.
   * Throws AppError `conflict` while the VM is not off, `answer-invalid` when the name or a disk does not fit.
   */
  remove(uuid: string, confirm: string, disks: readonly string[]): Promise<DeletionResult> {
    return this.#domains.inTurn(uuid, async () => {
      const domain = await this.#domains.refresh(uuid).catch((error) => {
        if (error instanceof AppError && error.code === "not-found") return null;
        throw error;
      });
      if (domain === null) return { changed: false, deletedDisks: [] };
      if (confirm !== domain.name) {
        throw new AppError("answer-invalid", `The name given is not the name of this VM`, {
          hint: `Confirm with its exact name: ${domain.name}`,
        });
      }
      const permission = judgeUndefine(domain.state, domain.persistent);
      if (!permission.allowed) {
        const [why, cure] = (permission.reason ?? "").split(". ");
        throw new AppError(
          "conflict",
          `Cannot delete "${domain.name}": ${why}`,
          cure === undefined ? {} : { hint: cure },
        );
      }
      const paths = await this.#chosenPaths(uuid, disks);
      await this.#domains.session.undefine(uuid);
      for (const path of paths) await this.#domains.session.deleteVolume(path);
      await this.#domains.refresh(uuid).catch(() => {});
      return { changed: true, deletedDisks: paths };
    });
  }

  async #chosenPaths(uuid: string, targets: readonly string[]): Promise<string[]> {
    if (targets.length === 0) return [];
    const disks = await this.#disks(uuid);
    return targets.map((target) => {
      const disk = disks.find((one) => one.target === target);
      if (disk === undefined) {
        throw new AppError("answer-invalid", `This VM has no disk "${target}" that can be deleted`);
      }
      if (disk.keptBecause !== null) {
        throw new AppError("conflict", `Cannot delete the disk ${disk.path}: ${disk.keptBecause}`);
      }
      return disk.path;
    });
  }

  async #disks(uuid: string): Promise<DeletionPreview["disks"]> {
    const own = this.#domains.get(uuid).disks.filter((disk) => disk.device === "disk" && disk.source !== null);
    const users = (await this.#domains.list()).filter((other) => other.uuid !== uuid).map((other) => ({
      name: other.name,
      sources: this.#domains.get(other.uuid).disks.map((disk) => disk.source),
    }));
    return await Promise.all(own.map(async (disk) => {
      const path = disk.source!;
      const user = users.find((other) => other.sources.includes(path));
      const keptBecause = disk.readOnly
        ? "it is read-only for this VM and may serve others"
        : user !== undefined
        ? `the VM "${user.name}" uses it too`
        : await this.#domains.session.isVolume(path)
        ? null
        : "it lies outside every storage pool";
      return { target: disk.target, path, keptBecause };
    }));
  }
}
