/** `vm render`: the domain XML that would be defined, on stdout. Touches nothing. */
import { detect } from "../../provision/hardware/detect.ts";
import { readProfiles } from "../../provision/profile_store.ts";
import { resolve } from "../../provision/resolve.ts";
import { domainFacts } from "../../provision/vm/domain_facts.ts";
import { readCapabilities } from "../../provision/vm/read_capabilities.ts";
import { renderDomain } from "../../provision/vm/render_domain.ts";
import { templateOverrides } from "../../provision/vm/template_overrides.ts";
import type { ExitCode, Invocation } from "../command.ts";
import { openMachine, readWish, refuseWords } from "../machine.ts";

export async function run(invocation: Invocation): Promise<ExitCode> {
  refuseWords("vm render", invocation);
  const { options, flags, terminal } = invocation;
  const host = openMachine(invocation);
  const { answers } = readWish(host, invocation);
  const detection = detect(host);
  const { hostSpec, vmSpec, notes } = resolve(answers, detection, readProfiles(host));
  // Only who names a hypervisor wants it asked: a rooted host is another machine, and rendering needs no daemon.
  const asked = typeof flags.connect === "string" && host.live;
  const facts = domainFacts(
    detection,
    hostSpec,
    asked ? { capabilities: await readCapabilities(options.connect) } : {},
  );
  const xml = renderDomain(vmSpec, facts, templateOverrides(host));
  if (options.json) terminal.print(JSON.stringify({ xml, spec: vmSpec, notes }, null, 2));
  else terminal.print(xml.trimEnd());
  if (!options.quiet && !options.json) {
    for (const note of notes.filter((one) => one.severity !== "info" || options.verbose)) {
      terminal.note(`${note.severity}: ${note.title}`);
    }
  }
  return 0;
}
