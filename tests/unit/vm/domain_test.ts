import { assert, assertEquals, assertFalse } from "@std/assert";
import { vmSpecSchema } from "../../../model/vm_spec.ts";
import { shippedProfiles } from "../../../provision/profiles.ts";
import { parseDomainCapabilities } from "../../../provision/vm/capabilities.ts";
import { parseSpecJson } from "../../../provision/vm/metadata.ts";
import { renderDomain } from "../../../provision/vm/render_domain.ts";
import { parseXml } from "../../../provision/vm/xml.ts";
import { cores } from "../resolve/machine.ts";
import { fields, metadataOnly } from "./fields.ts";
import { example } from "./specs.ts";
import { hasPath } from "./xml_paths.ts";

for (const { field, answers, elements, absent } of fields) {
  Deno.test(`renderDomain(): ${field} leads to its elements`, () => {
    const { spec, facts } = example(answers);
    const xml = renderDomain(spec, facts);
    for (const path of elements) assert(hasPath(xml, path), `${path} is not in\n${xml}`);
    for (const path of absent ?? []) assertFalse(hasPath(xml, path), `${path} is in\n${xml}`);
  });
}

Deno.test("the table of fields names every field of VmSpec", () => {
  const named = fields.map((one) => one.field).join(" ");
  const missing = Object.keys(vmSpecSchema.shape).filter((key) => !named.includes(key) && !metadataOnly.includes(key));
  assertEquals(missing, []);
});

Deno.test("renderDomain() carries the whole spec in the metadata", () => {
  const { spec, facts } = example({ vm: { profile: "gaming", tags: ["a", "<b>"], notes: 'x "y" & z', kiosk: true } });
  const document = parseXml(renderDomain(spec, facts));
  const [element] = [...document.getElementsByTagNameNS("urn:neuron:vm:1", "spec")];
  assertEquals(parseSpecJson(element!.textContent!), spec);
  assertEquals(parseSpecJson("{}"), null);
  assertEquals(parseSpecJson("not json"), null);
});

Deno.test("renderDomain() on KVM has every Hyper-V enlightenment, evmcs on Intel only, and topoext on AMD only", () => {
  const names = ["relaxed", "vapic", "vpindex", "runtime", "synic", "frequencies", "tlbflush", "ipi", "reset"];
  const paths = [
    ...names.map((name) => `features/hyperv/${name}[state=on]`),
    "features/hyperv/spinlocks[state=on][retries=8191]",
    "features/hyperv/stimer[state=on]/direct[state=on]",
    "features/ioapic[driver=kvm]",
    "clock/timer[name=hypervclock][present=yes]",
    "cpu[mode=host-passthrough][check=none]/cache[mode=passthrough]",
  ];
  const intel = example({});
  const intelXml = renderDomain(intel.spec, intel.facts);
  for (const path of [...paths, "features/hyperv/evmcs[state=on]"]) assert(hasPath(intelXml, path), path);
  assertFalse(hasPath(intelXml, "cpu/feature[name=topoext]"));
  const amd = example({}, { vendor: "amd" });
  const amdXml = renderDomain(amd.spec, amd.facts);
  for (const path of [...paths, "cpu/feature[policy=require][name=topoext]"]) assert(hasPath(amdXml, path), path);
  assertFalse(hasPath(amdXml, "features/hyperv/evmcs"));
});

Deno.test("renderDomain() leaves out what the hypervisor does not offer", () => {
  const { spec, facts } = example({ vm: { profile: "gaming" } });
  const bare = parseDomainCapabilities("<domainCapabilities><domain>qemu</domain><vcpu max='4'/></domainCapabilities>");
  const xml = renderDomain(spec, { ...facts, capabilities: bare });
  assert(hasPath(xml, "cpu[mode=maximum]"));
  for (
    const path of [
      "features/hyperv",
      "features/ioapic",
      "devices/tpm",
      "devices/graphics",
      "devices/redirdev",
      "devices/rng",
      "iothreads",
      "os[firmware=efi]",
      "cputune/iothreadpin",
      "cpu/cache",
    ]
  ) {
    assertFalse(hasPath(xml, path), path);
  }
});

Deno.test("renderDomain() gives VNC a clipboard where QEMU has its own agent", () => {
  const { spec, facts } = example({ host: { gpu: "none" } });
  const channels = new Set([...facts.capabilities.channels, "qemu-vdagent"]);
  const xml = renderDomain(spec, { ...facts, capabilities: { ...facts.capabilities, channels } });
  assert(hasPath(xml, "devices/channel[type=qemu-vdagent]/source/clipboard[copypaste=yes]"));
});

Deno.test("renderDomain() takes the memory of the card's node", () => {
  const topology = [...cores(8), ...cores(8, { firstCpu: 8, firstCore: 8, numaNode: 1, l3: 1 })];
  const { spec, facts } = example({}, { topology, nodesGib: [32, 32], gpuNode: 1 });
  assert(hasPath(renderDomain(spec, facts), "numatune/memory[mode=preferred][nodeset=1]"));
});

Deno.test("renderDomain() keeps its golden form for every profile, system and display", async (t) => {
  for (const { name } of shippedProfiles) {
    for (const [kind, host] of [["passthrough", {}], ["basic", { gpu: "none" }]] as const) {
      for (const os of ["windows11", "windows10", "linux"]) {
        const { spec, facts } = example({ host, vm: { profile: name, os } });
        await t.step(`${name} ${os} ${kind}`, (step) => assertGolden(step.name, renderDomain(spec, facts)));
      }
    }
  }
  const { spec, facts } = example({ host: { gpu: "none" }, vm: { os: "other" } });
  await t.step("other", (step) => assertGolden(step.name, renderDomain(spec, facts)));
});

/** Files instead of one snapshot: they can be read, diffed and validated each by itself. NEURON_GOLDEN=write makes them. */
function assertGolden(name: string, xml: string): void {
  const path = `${import.meta.dirname}/../../fixtures/domains/golden/${name.replaceAll(" ", "-")}.xml`;
  if (Deno.env.get("NEURON_GOLDEN") === "write") Deno.writeTextFileSync(path, xml);
  assertEquals(xml, Deno.readTextFileSync(path));
}
