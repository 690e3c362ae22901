/**
 * That Windows was set up in a VM, noted in the VM's metadata under a namespace of its own: it travels with the VM,
 * survives a lost state folder, and leaves the VmSpec beside it as it is.
 * Source: libvirt "Domain XML format", General metadata; virDomainSetMetadata.
 */
import { type Domain, LibvirtError } from "../../libvirt/mod.ts";

const namespace = "urn:neuron:installation:1";

export interface InstalledMark {
  /** ISO 8601, seconds. */
  readonly at: string;
  /** Something failed on the way, and the guest's log says what. */
  readonly withErrors: boolean;
}

export async function markInstalled(
  domain: Domain,
  { at, withErrors }: { readonly at: Date; readonly withErrors: boolean },
): Promise<void> {
  const seconds = at.toISOString().replace(/\.\d+Z$/, "Z");
  const xml = `<windows at="${seconds}" errors="${withErrors ? "yes" : "no"}"/>`;
  await domain.setMetadata(namespace, "installation", xml, { config: true });
}

/** Null: nobody noted it. */
export async function readInstalled(domain: Domain): Promise<InstalledMark | null> {
  try {
    const xml = await domain.metadata(namespace, { config: true });
    const at = /\bat=["']([0-9TZ:-]{10,30})["']/.exec(xml)?.[1];
    return at === undefined ? null : { at, withErrors: /\berrors=["']yes["']/.test(xml) };
  } catch (error) {
    if (error instanceof LibvirtError && error.code === "VIR_ERR_NO_DOMAIN_METADATA") return null;
    throw error;
  }
}
