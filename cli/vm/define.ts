/** `vm define FILE.xml`: makes a VM of a domain XML, or gives an existing one of the same UUID that definition. */
import { readSource } from "../../provision/vm/patch/source.ts";
import type { ExitCode, Invocation } from "../command.ts";
import { onHypervisor } from "./hypervisor.ts";
import { readInput } from "./input.ts";
import { oneWord } from "./words.ts";

export async function run(invocation: Invocation): Promise<ExitCode> {
  const path = oneWord(invocation, "define", "a domain XML file");
  const xml = await readInput(path);
  readSource(xml, "domain");
  return await onHypervisor(invocation, ["define", "--validate", path], async (connection) => {
    const domain = await connection.defineDomain(xml, { validate: true });
    const { options, terminal } = invocation;
    if (options.json) terminal.print(JSON.stringify({ name: domain.name, uuid: domain.uuid, changed: true }));
    else if (!options.quiet) terminal.print(`Defined ${domain.name}`);
    return 0;
  });
}
