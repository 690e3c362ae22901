/** `vm show NAME`: one VM, with the spec it was made from where it has one. */
import { METADATA_NAMESPACE, parseSpecJson } from "../../provision/vm/metadata.ts";
import { parseXml } from "../../provision/vm/xml.ts";
import type { ExitCode, Invocation } from "../command.ts";
import { findDomain, onHypervisor } from "./hypervisor.ts";
import { oneWord } from "./words.ts";

export function run(invocation: Invocation): Promise<ExitCode> {
  const name = oneWord(invocation, "show", "a name");
  const { options, terminal } = invocation;
  return onHypervisor(invocation, ["dominfo", name], async (connection) => {
    const domain = await findDomain(connection, name);
    const document = parseXml(await domain.xml({ inactive: await domain.isPersistent() }));
    const specText = document.getElementsByTagNameNS(METADATA_NAMESPACE, "spec")[0]?.textContent ?? "";
    const title = [...document.documentElement!.childNodes].find((node) => node.nodeName === "title")?.textContent ??
      null;
    const info = await domain.info();
    const shown = {
      name: domain.name,
      uuid: domain.uuid,
      title,
      ...await domain.state(),
      vcpus: info.vcpus,
      maxMemoryKib: Number(info.maxMemoryKib),
      memoryKib: Number(info.memoryKib),
      persistent: await domain.isPersistent(),
      autostart: await domain.autostart(),
      spec: parseSpecJson(specText),
    };
    if (options.json) {
      terminal.print(JSON.stringify(shown, null, 2));
      return 0;
    }
    const lines: Record<string, string> = {
      Name: shown.name,
      ...(title === null ? {} : { Title: title }),
      State: shown.reason === "unknown" ? shown.state : `${shown.state} (${shown.reason})`,
      vCPUs: String(shown.vcpus),
      Memory: `${Math.round(shown.maxMemoryKib / 1024)} MiB`,
      Autostart: shown.autostart ? "yes" : "no",
      ...(shown.spec === null ? {} : { Profile: shown.spec.profile, System: shown.spec.os }),
      UUID: shown.uuid,
    };
    for (const [label, value] of Object.entries(lines)) terminal.print(`${label.padEnd(10)} ${value}`);
    return 0;
  });
}
