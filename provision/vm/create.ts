/**
 * Makes a VM of a spec on a hypervisor: missing volumes first, then the domain. Never touches a VM or a volume that is
 * there already. Idempotent up to the define: a volume made by a run that failed later is taken as it is.
 */
import { type Connection, type Domain, LibvirtError, type StoragePool } from "../../libvirt/mod.ts";
import type { Detection } from "../../model/detection.ts";
import { AppError } from "../../model/errors.ts";
import type { HostSpec } from "../../model/host_spec.ts";
import type { DiskSpec, VmSpec } from "../../model/vm_spec.ts";
import { renderVolumeTemplate, type TemplateLoader } from "../../templates/render.ts";
import type { DomainCapabilities } from "./capabilities.ts";
import { domainFacts } from "./domain_facts.ts";
import { renderDomain } from "./render_domain.ts";

export interface Creation {
  readonly spec: VmSpec;
  readonly hostSpec: HostSpec;
  readonly detection: Detection;
  readonly capabilities: DomainCapabilities;
  readonly loader?: TemplateLoader;
}

export interface Created {
  readonly domain: Domain;
  /** Paths of the volumes that were made, and of those that were there. */
  readonly volumesMade: readonly string[];
  readonly volumesFound: readonly string[];
}

/**
 * @throws AppError `conflict` when a VM has that name, `not-found` when a pool is missing
 * @throws LibvirtError when libvirt refuses
 */
export async function createVm(connection: Connection, creation: Creation): Promise<Created> {
  const { spec } = creation;
  await refuseExisting(connection, spec.name);
  const made: string[] = [];
  const found: string[] = [];
  const poolFolders: Record<string, string> = {};
  for (const disk of spec.disks) {
    const pool = await findPool(connection, disk.pool);
    const { path, isNew } = await ensureVolume(pool, disk, creation.loader);
    (isNew ? made : found).push(path);
    if (path.endsWith(`/${disk.volume}`)) poolFolders[disk.pool] = path.slice(0, -disk.volume.length - 1);
  }
  const facts = domainFacts(creation.detection, creation.hostSpec, {
    capabilities: creation.capabilities,
    poolFolders,
  });
  const domain = await connection.defineDomain(renderDomain(spec, facts, creation.loader), { validate: true });
  if (spec.autostart) await domain.setAutostart(true);
  return { domain, volumesMade: made, volumesFound: found };
}

async function refuseExisting(connection: Connection, name: string): Promise<void> {
  const existing = await unlessMissing(connection.lookupDomain(name), "VIR_ERR_NO_DOMAIN");
  if (existing === null) return;
  throw new AppError("conflict", `Cannot make the VM "${name}": there is one with this name`, {
    hint: `Change that one with neuron-setup vm edit ${name}, or give the new one another "vm.name"`,
  });
}

async function findPool(connection: Connection, name: string): Promise<StoragePool> {
  const pool = await unlessMissing(connection.lookupStoragePool(name), "VIR_ERR_NO_STORAGE_POOL");
  if (pool !== null) return pool;
  const names = (await connection.listStoragePools()).map((one) => one.name).sort();
  throw new AppError("not-found", `There is no storage pool "${name}"`, {
    hint: names.length === 0
      ? "There are none: neuron-setup apply makes the default one"
      : `There are: ${names.join(", ")}`,
  });
}

/** qcow2 gets its metadata at once: the guest's first writes need not wait for it. */
async function ensureVolume(
  pool: StoragePool,
  disk: DiskSpec,
  loader: TemplateLoader | undefined,
): Promise<{ path: string; isNew: boolean }> {
  const existing = await unlessMissing(pool.lookupVolume(disk.volume), "VIR_ERR_NO_STORAGE_VOL");
  if (existing !== null) return { path: await existing.path(), isNew: false };
  const xml = renderVolumeTemplate({ name: disk.volume, sizeGib: disk.sizeGib, format: disk.format }, loader);
  const volume = await pool.createVolume(xml, disk.format === "qcow2" ? { preallocMetadata: true } : {});
  return { path: await volume.path(), isNew: true };
}

async function unlessMissing<T>(lookup: Promise<T>, code: string): Promise<T | null> {
  try {
    return await lookup;
  } catch (error) {
    if (error instanceof LibvirtError && error.code === code) return null;
    throw error;
  }
}
