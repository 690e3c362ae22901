/** `vm xml NAME`: the domain XML as it is defined; what `vm patch` takes. */
import type { ExitCode, Invocation } from "../command.ts";
import { findDomain, onHypervisor } from "./hypervisor.ts";
import { oneWord } from "./words.ts";

export function run(invocation: Invocation): Promise<ExitCode> {
  const name = oneWord(invocation, "xml", "a name");
  return onHypervisor(invocation, ["dumpxml", "--inactive", name], async (connection) => {
    const domain = await findDomain(connection, name);
    // A transient domain has no definition but the running one.
    const xml = await domain.xml({ inactive: await domain.isPersistent() });
    invocation.terminal.print(invocation.options.json ? JSON.stringify({ name, xml }) : xml.trimEnd());
    return 0;
  });
}
