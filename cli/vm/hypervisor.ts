/** The way from a verb to libvirt, and from libvirt's errors to sentences with a hint. */
import { closestString } from "@std/text/closest-string";
import { type Connection, type Domain, LibvirtError, open } from "../../libvirt/mod.ts";
import { AppError } from "../../model/errors.ts";
import { explainLibvirtError } from "../../provision/doctor/known_messages.ts";
import { openHost } from "../../provision/host/open.ts";
import type { ExitCode, Invocation } from "../command.ts";

/**
 * Runs a verb on the hypervisor that --connect names. On a rooted machine nothing is reached: what virsh would be told is
 * recorded instead.
 * @param words the verb and its words, as virsh would take them
 */
export async function onHypervisor(
  invocation: Invocation,
  words: readonly [string, ...string[]],
  work: (connection: Connection) => Promise<ExitCode>,
): Promise<ExitCode> {
  const { options, terminal } = invocation;
  if (options.root !== "/") {
    const host = openHost({ root: options.root, state: options.state });
    const reason = `vm ${words[0]}: a daemon is not reached from a machine below ${options.root}`;
    await host.run({ argv: ["virsh", "--connect", options.connect, ...words], step: "vm", reason });
    if (!options.quiet) {
      terminal.note(`Not run but recorded in ${options.state}/commands.jsonl: virsh ${words.join(" ")}`);
    }
    return 0;
  }
  try {
    await using connection = await open(options.connect);
    return await work(connection);
  } catch (error) {
    throw error instanceof LibvirtError ? explained(error, options.connect, words.join(" ")) : error;
  }
}

/** @throws AppError `not-found` naming the VM with the nearest name */
export async function findDomain(connection: Connection, name: string): Promise<Domain> {
  try {
    return await connection.lookupDomain(name);
  } catch (error) {
    if (!(error instanceof LibvirtError) || error.code !== "VIR_ERR_NO_DOMAIN") throw error;
    const names = (await connection.listDomainsWithState()).map(({ domain }) => domain.name).sort();
    throw new AppError("not-found", `There is no VM "${name}"`, {
      hint: names.length === 0
        ? "There are none at all: neuron-setup vm define FILE.xml makes one"
        : `Did you mean "${closestString(name, names)}"? There are: ${names.slice(0, 20).join(", ")}`,
      cause: error,
    });
  }
}

/** libvirt's error as a sentence with a hint. @param what the verb and its words, as virsh would take them */
export function explained(error: LibvirtError, uri: string, what: string): AppError {
  if (error.code === "VIR_ERR_NO_CONNECT" || error.isConnectionLost) {
    return new AppError("hypervisor", `Cannot reach libvirt at ${uri}: ${error.message}`, {
      hint:
        "Is it running (systemctl status libvirtd), and are you root or in the group libvirt? --connect names another",
      cause: error,
    });
  }
  return new AppError("hypervisor", `libvirt refused "${what}": ${error.message}`, {
    hint: hintFor(error),
    cause: error,
  });
}

function hintFor(error: LibvirtError): string {
  if (error.code === "VIR_ERR_AUTH_UNAVAILABLE" || error.code === "VIR_ERR_AUTH_FAILED") {
    return "Run it as root or as a member of the group libvirt";
  }
  const known = explainLibvirtError(error.message);
  if (known !== null) return `${known.title}. ${known.hint}`;
  if (/already in use|in use by driver vfio-pci/i.test(error.message)) {
    return "Another VM holds the device: shut that down first";
  }
  if (/cannot allocate memory|hugepages|hugetlbfs/i.test(error.message)) {
    return "The huge pages are not there: neuron-setup verify says which are missing";
  }
  if (error.code === "VIR_ERR_XML_ERROR" || error.code === "VIR_ERR_XML_INVALID_SCHEMA") {
    return "Correct the XML; libvirt's format is described at https://libvirt.org/formatdomain.html";
  }
  return "The journal of libvirtd may say more: journalctl -u libvirtd -e";
}
