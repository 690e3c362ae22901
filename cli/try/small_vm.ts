/**
 * The small VM of the try-out: real QEMU, 512 bytes of guest. Made when it is not there; one that somebody edited is
 * left as it is. VMs that ran when the try-out ended are saved and come back with the next start.
 */
import type { Connection } from "../../libvirt/mod.ts";
import { AppError, errorMessage } from "../../model/errors.ts";
import type { Answers } from "../../model/answers.ts";
import type { Detection } from "../../model/detection.ts";
import { resolve } from "../../provision/resolve.ts";
import { type DomainCapabilities, parseDomainCapabilities } from "../../provision/vm/capabilities.ts";
import { DEFAULT_POOL_FOLDER, domainFacts } from "../../provision/vm/domain_facts.ts";
import { renderDomain } from "../../provision/vm/render_domain.ts";
import { bootSectorBase64 } from "./boot_sector.ts";

const name = "hello";
const volume = "hello.img";
const diskBytes = 1024 * 1024;

const answers: Answers = {
  schema: "neuron.answers/1",
  host: { gpu: "none" },
  vm: {
    name,
    title: "Hello, a small VM",
    os: "other",
    firmware: { uefi: false, secureBoot: false, tpm: false },
    cpu: { vcpus: 1, pinning: "none" },
    memory: { mib: 64, hugepages: "none" },
    disks: [{ volume, format: "raw", sizeGib: 1, bus: "virtio" }],
    network: { mode: "user" },
    devices: { gpu: { mode: "none" } },
    display: { vnc: true, spice: false },
    guestAgent: false,
    tags: ["try-out"],
    notes: "512 bytes of guest: it draws a screen and obeys its power button.",
  },
};

/** Says in one line what runs now. Throws AppError `hypervisor` when it cannot be made to run at all. */
export async function ensureSmallVm(
  connection: Connection,
  imagesFolder: string,
  detection: Detection,
): Promise<string> {
  await ensurePool(connection);
  const known = (await connection.listDomains()).some((domain) => domain.name === name);
  if (known) return `The VM "${name}" is there from an earlier start.`;
  const disk = new Uint8Array(diskBytes);
  disk.set(Uint8Array.fromBase64(bootSectorBase64));
  await Deno.writeFile(`${imagesFolder}/${volume}`, disk);
  await (await connection.lookupStoragePool("default")).refresh();
  const refusals: string[] = [];
  for (const virtType of ["kvm", "qemu"] as const) {
    try {
      await defineAndStart(connection, await askCapabilities(connection, virtType), detection);
      return virtType === "kvm"
        ? `The VM "${name}" runs on QEMU with KVM.`
        : `The VM "${name}" runs on QEMU with emulated instructions, for KVM refused: ${refusals.join(" · ")}.`;
    } catch (error) {
      refusals.push(errorMessage(error));
    }
  }
  throw new AppError("hypervisor", `Cannot start the small VM: ${refusals.join(" · ")}`, {
    hint: "Read libvirtd.log and var/log/libvirt/qemu in the try-out's folder",
  });
}

/** With a pool around it the VM's disk can be deleted along with the VM. */
async function ensurePool(connection: Connection): Promise<void> {
  if ((await connection.listStoragePools()).length > 0) return;
  const pool = await connection.defineStoragePool(
    `<pool type='dir'><name>default</name><target><path>${DEFAULT_POOL_FOLDER}</path></target></pool>`,
  );
  await pool.setAutostart(true);
  await pool.start();
}

async function askCapabilities(connection: Connection, virtType: "kvm" | "qemu"): Promise<DomainCapabilities> {
  return parseDomainCapabilities(await connection.domainCapabilities({ arch: "x86_64", machine: "q35", virtType }));
}

async function defineAndStart(
  connection: Connection,
  capabilities: DomainCapabilities,
  detection: Detection,
): Promise<void> {
  const { hostSpec, vmSpec } = resolve(answers, detection);
  const domain = await connection.defineDomain(
    renderDomain(vmSpec, domainFacts(detection, hostSpec, { capabilities })),
  );
  try {
    await domain.start();
  } catch (error) {
    await domain.undefine();
    throw error;
  }
}

/** Running VMs go to sleep on disk, with what they had in memory. One that refuses is named and switched off. */
export async function saveRunningVms(connection: Connection, say: (line: string) => void): Promise<void> {
  for (const domain of await connection.listDomains({ active: true })) {
    try {
      await domain.managedSave();
      say(`Saved the VM "${domain.name}"; the next start brings it back as it was.`);
    } catch (error) {
      say(`Cannot save the VM "${domain.name}", so it is switched off: ${errorMessage(error)}`);
    }
  }
}

export async function restoreSavedVms(connection: Connection, say: (line: string) => void): Promise<void> {
  for (const domain of await connection.listDomains({ inactive: true, managedsave: true })) {
    try {
      await domain.start();
      say(`Brought the VM "${domain.name}" back as it was.`);
    } catch (error) {
      say(`Cannot bring the VM "${domain.name}" back: ${errorMessage(error)}`);
    }
  }
}
