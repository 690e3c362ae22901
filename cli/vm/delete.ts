/** `vm delete NAME`: its definition, NVRAM, TPM state and snapshot records. Its disks stay. */
import { AppError } from "../../model/errors.ts";
import { parseXml } from "../../provision/vm/xml.ts";
import type { ExitCode, Invocation } from "../command.ts";
import { confirmed } from "../machine.ts";
import { findDomain, onHypervisor } from "./hypervisor.ts";
import { oneWord } from "./words.ts";

export function run(invocation: Invocation): Promise<ExitCode> {
  const name = oneWord(invocation, "delete", "a name");
  const { options, terminal } = invocation;
  return onHypervisor(invocation, ["undefine", "--nvram", "--tpm", name], async (connection) => {
    const domain = await findDomain(connection, name);
    if (await domain.isActive()) {
      throw new AppError("conflict", `Cannot delete ${name}: it is running`, {
        hint: `neuron-setup vm shutdown ${name} first, or vm destroy ${name} to pull its plug`,
      });
    }
    const disks = disksOf(await domain.xml({ inactive: true }));
    if (!confirmed(`Delete the VM ${name} with its NVRAM and TPM? Its disks stay`, invocation)) return 1;
    await domain.undefine({ nvram: true, tpm: true, managedSave: true, snapshotsMetadata: true });
    if (options.json) terminal.print(JSON.stringify({ name, deleted: true, disksKept: disks }));
    else if (!options.quiet) {
      terminal.print(`Deleted ${name}`);
      for (const disk of disks) terminal.note(`Its disk stays: ${disk}`);
    }
    return 0;
  });
}

function disksOf(xml: string): string[] {
  return [...parseXml(xml).getElementsByTagName("disk")]
    .filter((disk) => (disk.getAttribute("device") ?? "disk") === "disk")
    .flatMap((disk) => [...disk.getElementsByTagName("source")].slice(0, 1))
    .map((source) => source.getAttribute("file") ?? source.getAttribute("dev") ?? source.getAttribute("volume"))
    .filter((path) => path !== null);
}
