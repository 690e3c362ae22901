/** `vm list`: every VM with its state. */
import type { ExitCode, Invocation } from "../command.ts";
import { refuseWords } from "../machine.ts";
import { onHypervisor } from "./hypervisor.ts";

export function run(invocation: Invocation): Promise<ExitCode> {
  refuseWords("vm list", invocation);
  const { options, terminal } = invocation;
  return onHypervisor(invocation, ["list", "--all"], async (connection) => {
    const rows = (await connection.listDomainsWithState())
      .map(({ domain, state, reason }) => ({ name: domain.name, uuid: domain.uuid, state, reason }))
      .sort((a, b) => a.name < b.name ? -1 : 1);
    if (options.json) terminal.print(JSON.stringify(rows, null, 2));
    else if (rows.length === 0) terminal.note("There are no VMs");
    else {
      const width = Math.max(...rows.map((row) => row.name.length));
      for (const row of rows) terminal.print(`${row.name.padEnd(width)}  ${row.state}`);
    }
    return 0;
  });
}
