/** Asks a hypervisor what it offers, KVM before TCG. Changes nothing. */
import { LibvirtError, open } from "../../libvirt/mod.ts";
import { AppError } from "../../model/errors.ts";
import { type DomainCapabilities, parseDomainCapabilities } from "./capabilities.ts";

/** @throws AppError `hypervisor` when libvirt cannot be reached or offers no x86 machine */
export async function readCapabilities(uri: string): Promise<DomainCapabilities> {
  try {
    // Not read-only: libvirt starts QEMU to find out, and refuses that to readers.
    await using connection = await open(uri);
    const query = { arch: "x86_64", machine: "q35" };
    try {
      return parseDomainCapabilities(await connection.domainCapabilities({ ...query, virtType: "kvm" }));
    } catch (error) {
      // Without /dev/kvm libvirt refuses the type; TCG works everywhere.
      if (!(error instanceof LibvirtError) || error.origin !== "daemon") throw error;
      return parseDomainCapabilities(await connection.domainCapabilities({ ...query, virtType: "qemu" }));
    }
  } catch (error) {
    if (!(error instanceof LibvirtError)) throw error;
    throw new AppError("hypervisor", `Cannot ask ${uri} what it offers: ${error.message}`, {
      hint:
        "Is libvirtd running, and may you connect to it? Without --connect the oldest supported hypervisor is assumed",
      cause: error,
    });
  }
}
