/** `vm edit NAME`: the definition of a VM with exactly the asked changes; a running VM has them after its next start. */
import { AppError } from "../../model/errors.ts";
import { patchDomain, patchFindings } from "../../provision/vm/patch/patch.ts";
import type { ExitCode, Invocation } from "../command.ts";
import { findDomain, onHypervisor } from "./hypervisor.ts";
import { readPatch } from "./patch.ts";
import { oneWord } from "./words.ts";

export function run(invocation: Invocation): Promise<ExitCode> {
  const name = oneWord(invocation, "edit", "a name");
  const patch = readPatch(invocation);
  const { options, terminal } = invocation;
  return onHypervisor(invocation, ["edit", name], async (connection) => {
    const domain = await findDomain(connection, name);
    if (!await domain.isPersistent()) {
      throw new AppError("conflict", `Cannot edit ${name}: it is transient and has no definition`, {
        hint: "Define it first: neuron-setup vm xml NAME > vm.xml, then vm define vm.xml",
      });
    }
    // With its secrets, or redefining would lose the graphics password.
    const before = await domain.xml({ inactive: true, secure: true });
    for (const finding of patchFindings(before, patch)) terminal.note(`${finding.severity}: ${finding.title}`);
    const after = patchDomain(before, patch);
    if (after !== before) await connection.defineDomain(after, { validate: true });
    const waits = after !== before && await domain.isActive();
    if (options.json) terminal.print(JSON.stringify({ name, changed: after !== before, needsRestart: waits }));
    else if (!options.quiet) terminal.print(after === before ? `${name} is already so` : `Changed ${name}`);
    if (waits && !options.quiet && !options.json) terminal.note("It runs: the change is there after its next start");
    return 0;
  });
}
