/** The hypervisor port bound to libvirt. Decides nothing: calls, and turns libvirt's errors into ours. */
import { type Connection, type Domain, LibvirtError, open } from "../../libvirt/mod.ts";
import { AppError } from "../../model/errors.ts";
import { explainLibvirtError } from "../../provision/doctor/known_messages.ts";
import { type DomainAction, type DomainState, domainStates } from "../dto.ts";
import type { HypervisorSession, HypervisorVersions, ObservedDomain } from "./hypervisor.ts";

/** Everything after which a domain's state or XML may be another one. */
const kinds = [
  "domain.lifecycle",
  "domain.device-added",
  "domain.device-removed",
  "domain.disk-change",
  "domain.metadata-change",
  "domain.pm-suspend",
  "domain.pm-wakeup",
] as const;

/** Connects and subscribes, so that no change falls between the first read and the first event. */
export async function openLibvirt(uri: string): Promise<HypervisorSession> {
  const connection = await speaking(() => open(uri));
  try {
    const subscription = await connection.subscribe(kinds);
    return new LibvirtSession(connection, subscription);
  } catch (error) {
    await connection.close();
    throw translated(error);
  }
}

type Subscription = Awaited<ReturnType<typeof Connection.prototype.subscribe<(typeof kinds)[number]>>>;

class LibvirtSession implements HypervisorSession {
  readonly #connection: Connection;
  readonly #subscription: Subscription;

  constructor(connection: Connection, subscription: Subscription) {
    this.#connection = connection;
    this.#subscription = subscription;
  }

  readVersions(): Promise<HypervisorVersions> {
    return speaking(async () => {
      const [libvirt, type, version] = await Promise.all([
        this.#connection.libvirtVersion(),
        this.#connection.hypervisorType(),
        this.#connection.hypervisorVersion(),
      ]);
      return { libvirt, hypervisor: `${type} ${version}` };
    });
  }

  /** Three bulk calls, then each XML; the client sends as many at once as libvirt serves. */
  readAll(): Promise<ObservedDomain[]> {
    return speaking(async () => {
      const [all, persistent, autostarted] = await Promise.all([
        this.#connection.listDomainsWithState(),
        this.#connection.listDomains({ persistent: true }),
        this.#connection.listDomains({ autostart: true }),
      ]);
      const kept = new Set(persistent.map((domain) => domain.uuid));
      const autostart = new Set(autostarted.map((domain) => domain.uuid));
      const read = await Promise.all(all.map(({ domain, state }) =>
        unlessGone(async () => ({
          uuid: domain.uuid,
          name: domain.name,
          state: known(state),
          persistent: kept.has(domain.uuid),
          autostart: autostart.has(domain.uuid),
          xml: await domain.xml(),
        }))
      ));
      return read.filter((domain) => domain !== null);
    });
  }

  readOne(uuid: string): Promise<ObservedDomain | null> {
    return speaking(() =>
      unlessGone(async () => {
        const domain = await this.#connection.lookupDomainByUuid(uuid);
        const [{ state }, persistent, xml] = await Promise.all([domain.state(), domain.isPersistent(), domain.xml()]);
        // A transient domain has no such thing, and asking for it is an error.
        const autostart = persistent && await domain.autostart();
        return { uuid, name: domain.name, state: known(state), persistent, autostart, xml };
      })
    );
  }

  readXml(uuid: string): Promise<string> {
    return this.#with(uuid, (domain) => domain.xml());
  }

  perform(uuid: string, action: DomainAction): Promise<void> {
    return this.#with(uuid, async (domain) => {
      switch (action) {
        case "start":
          return void await domain.start();
        case "shutdown":
          return await domain.shutdown();
        case "destroy":
          return await domain.destroy();
        case "reboot":
          return await domain.reboot();
        case "reset":
          return await domain.reset();
        case "pause":
          return await domain.suspend();
        case "resume":
          if ((await domain.state()).state !== "pmsuspended") return await domain.resume();
          return await this.#connection.call("DOMAIN_PM_WAKEUP", { dom: domain.ref, flags: 0 });
      }
    });
  }

  /** Newer flags are left out where an older libvirt, or a driver without such things, does not know them. */
  undefine(uuid: string): Promise<void> {
    return this.#with(uuid, async (domain) => {
      const oldest = { managedSave: true, snapshotsMetadata: true };
      const sets = [
        { ...oldest, nvram: true, checkpointsMetadata: true, tpm: true },
        { ...oldest, nvram: true },
        oldest,
      ];
      for (const [index, flags] of sets.entries()) {
        try {
          return await domain.undefine(flags);
        } catch (error) {
          const tooNew = error instanceof LibvirtError && /unsupported flags/.test(error.message);
          if (!tooNew || index === sets.length - 1) throw error;
        }
      }
    });
  }

  readKept(uuid: string): Promise<{ managedSave: boolean; snapshots: number }> {
    return this.#with(uuid, async (domain) => ({
      managedSave: await unless("VIR_ERR_NO_SUPPORT", () => domain.hasManagedSave()) ?? false,
      snapshots: (await unless("VIR_ERR_NO_SUPPORT", () => domain.listSnapshots()) ?? []).length,
    }));
  }

  async isVolume(path: string): Promise<boolean> {
    return await speaking(() =>
      unless(
        "VIR_ERR_NO_SUPPORT",
        () => unless("VIR_ERR_NO_STORAGE_VOL", () => this.#connection.lookupVolumeByPath(path)),
      )
    ) !== null;
  }

  deleteVolume(path: string): Promise<void> {
    return speaking(async () => await (await this.#connection.lookupVolumeByPath(path)).delete());
  }

  async *changes(): AsyncIterable<string> {
    try {
      for await (const event of this.#subscription) {
        if (event.kind === "overflow") throw new AppError("hypervisor", "libvirt told more than could be followed");
        yield event.domain.uuid;
      }
    } catch (error) {
      throw translated(error);
    }
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  #with<T>(uuid: string, work: (domain: Domain) => Promise<T>): Promise<T> {
    return speaking(async () => await work(await this.#connection.lookupDomainByUuid(uuid)));
  }
}

function known(state: string): DomainState {
  return domainStates.find((each) => each === state) ?? "nostate";
}

/** null when the domain went away meanwhile. */
function unlessGone<T>(work: () => Promise<T>): Promise<T | null> {
  return unless("VIR_ERR_NO_DOMAIN", work);
}

async function unless<T>(code: LibvirtError["code"], work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof LibvirtError && error.code === code) return null;
    throw error;
  }
}

async function speaking<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translated(error);
  }
}

function translated(error: unknown): unknown {
  if (!(error instanceof LibvirtError)) return error;
  if (error.code === "VIR_ERR_NO_DOMAIN") {
    return new AppError("not-found", "There is no such VM any more", {
      hint: "It may have been deleted meanwhile; look at the list of VMs",
      cause: error,
    });
  }
  if (error.isConnectionLost || error.code === "VIR_ERR_NO_CONNECT") {
    return new AppError("hypervisor", `Cannot speak with libvirt: ${error.message}`, {
      hint: "See whether it runs: systemctl status libvirtd virtqemud",
      cause: error,
    });
  }
  if (error.code === "VIR_ERR_AUTH_FAILED" || error.code === "VIR_ERR_AUTH_UNAVAILABLE") {
    return new AppError("hypervisor", `libvirt does not let Neuron in: ${error.message}`, {
      hint: "Put its user into the group libvirt, then start it again",
      cause: error,
    });
  }
  if (error.code === "VIR_ERR_OPERATION_INVALID") {
    return new AppError("conflict", `libvirt refused: ${error.message}`, {
      hint: "The VM's state may just have changed; look at it and try again",
      cause: error,
    });
  }
  const known = explainLibvirtError(error.message);
  return new AppError("hypervisor", `libvirt could not do it: ${error.message}`, {
    hint: known === null ? "The VM's log has more: /var/log/libvirt/qemu/" : `${known.title}. ${known.hint}`,
    cause: error,
  });
}
