/** What the workload's steps do with the network and with libvirt, put together for the command line. */
import { type Connection, LibvirtError, open } from "../../libvirt/mod.ts";
import type { Answers } from "../../model/answers.ts";
import { BigFiles } from "../../provision/host/big_files.ts";
import type { Host } from "../../provision/host/host.ts";
import { readInstalled } from "../../provision/guest_install/mark.ts";
import { defaultFolder } from "../../provision/media/shelf.ts";
import { createVm } from "../../provision/vm/create.ts";
import { METADATA_NAMESPACE } from "../../provision/vm/metadata.ts";
import { readCapabilities } from "../../provision/vm/read_capabilities.ts";
import { templateOverrides } from "../../provision/vm/template_overrides.ts";
import type { VmSeen, WorkloadTools } from "../../provision/workload/tools.ts";
import type { Invocation } from "../command.ts";
import { explained } from "../vm/hypervisor.ts";
import { fetchMedium } from "./fetch.ts";
import { installWindows } from "./install.ts";

export function workloadTools(host: Host, answers: Answers, { options }: Invocation): WorkloadTools {
  const connected = async <T>(what: string, work: (connection: Connection) => Promise<T>): Promise<T> => {
    try {
      await using connection = await open(options.connect);
      return await work(connection);
    } catch (error) {
      throw error instanceof LibvirtError ? explained(error, options.connect, what) : error;
    }
  };
  return {
    findVm: (name) => connected(`show ${name}`, (connection) => findVm(connection, name)),
    fetch: (medium, report) => fetchMedium(host, new BigFiles(host.root), medium, report),
    define: ({ spec, hostSpec, detection }, report) =>
      connected(`define ${spec.name}`, async (connection) => {
        const capabilities = await readCapabilities(options.connect);
        const loader = templateOverrides(host);
        const { volumesFound } = await createVm(connection, { spec, hostSpec, detection, capabilities, loader });
        for (const path of volumesFound) report.note(`Its disk was there already and is taken as it is: ${path}`);
      }),
    install: ({ spec }, report) =>
      connected(`start ${spec.name}`, (connection) =>
        installWindows({
          connection,
          host,
          answers,
          name: spec.name,
          state: options.state,
          report,
          fetch: (medium) => fetchMedium(host, new BigFiles(host.root), medium, report),
        })),
  };
}

/**
 * Where media go: into the pool "default", wherever the person has it, since QEMU may read there; its usual folder where
 * libvirt cannot be asked (a copy, a machine that has none yet).
 */
export async function mediaFolderOf(host: Host, { options }: Invocation): Promise<string> {
  if (!host.live) return defaultFolder;
  try {
    await using connection = await open(options.connect);
    const pool = await connection.lookupStoragePool("default");
    return /<path>([^<&]+)<\/path>/.exec(await pool.xml())?.[1] ?? defaultFolder;
  } catch (error) {
    if (error instanceof LibvirtError) return defaultFolder;
    throw error;
  }
}

async function findVm(connection: Connection, name: string): Promise<VmSeen | null> {
  try {
    const domain = await connection.lookupDomain(name);
    const installed = await readInstalled(domain);
    return {
      uuid: domain.uuid,
      active: await domain.isActive(),
      ours: (await domain.xml({ inactive: true })).includes(METADATA_NAMESPACE),
      installedAt: installed?.at ?? null,
    };
  } catch (error) {
    if (error instanceof LibvirtError && error.code === "VIR_ERR_NO_DOMAIN") return null;
    throw error;
  }
}
