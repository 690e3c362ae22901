/**
 * A dozen VMs for a demonstration machine, in libvirt's test driver: they can be started, paused and deleted, and no
 * guest runs in them. Made from the same profiles, resolve() and templates as real ones.
 */
import { DOMParser, XMLSerializer } from "@xmldom/xmldom";
import type { Connection } from "../../libvirt/mod.ts";
import type { Answers } from "../../model/answers.ts";
import type { Detection } from "../../model/detection.ts";
import { AppError } from "../../model/errors.ts";
import { resolve } from "../../provision/resolve.ts";
import { domainFacts } from "../../provision/vm/domain_facts.ts";
import { renderDomain } from "../../provision/vm/render_domain.ts";

interface DemoDomain {
  readonly name: string;
  readonly title: string;
  readonly os: "windows11" | "windows10" | "linux";
  readonly profile: string;
  /** Gets the machine's card, where it has one to give. */
  readonly gpu?: true;
  readonly state: "running" | "paused" | "off";
}

const demoDomains: readonly DemoDomain[] = [
  { name: "gaming", title: "Gaming", os: "windows11", profile: "gaming", gpu: true, state: "running" },
  { name: "studio", title: "Photo and video", os: "windows11", profile: "adobe-creative", gpu: true, state: "off" },
  { name: "office", title: "Office", os: "windows11", profile: "office-productivity", state: "running" },
  { name: "bookkeeping", title: "Bookkeeping", os: "windows10", profile: "office-productivity", state: "running" },
  { name: "family", title: "Family", os: "windows11", profile: "general", state: "off" },
  { name: "scanner", title: "Scanner that needs Windows 10", os: "windows10", profile: "general", state: "off" },
  { name: "build-windows", title: "Build machine", os: "windows11", profile: "development", state: "running" },
  { name: "build-linux", title: "Build machine", os: "linux", profile: "development", state: "running" },
  { name: "web-test", title: "Browser tests", os: "windows11", profile: "development", state: "paused" },
  { name: "backup-test", title: "Restore test", os: "linux", profile: "general", state: "off" },
  { name: "music", title: "Music", os: "windows11", profile: "adobe-creative", state: "off" },
  { name: "old-laptop", title: "The old laptop", os: "windows10", profile: "general", state: "off" },
];

/** The test driver lives in memory: each start begins with this dozen. */
export async function makeDemoDomains(connection: Connection, detection: Detection): Promise<void> {
  for (const domain of await connection.listDomains()) {
    if (domain.name === "test") await removeDriversOwn(domain);
  }
  for (const demo of demoDomains) {
    const domain = await connection.defineDomain(renderForTestDriver(demo, detection));
    if (demo.state !== "off") await domain.start();
    if (demo.state === "paused") await domain.suspend();
  }
}

/** The test driver begins with one running domain called "test". */
async function removeDriversOwn(domain: { destroy(): Promise<void>; undefine(): Promise<void> }): Promise<void> {
  await domain.destroy();
  await domain.undefine();
}

function renderForTestDriver(demo: DemoDomain, detection: Detection): string {
  const { hostSpec, vmSpec } = resolveDemo(demo, detection);
  const document = new DOMParser().parseFromString(renderDomain(vmSpec, domainFacts(detection, hostSpec)), "text/xml");
  // The driver runs nothing, and takes no other type.
  document.documentElement!.setAttribute("type", "test");
  return new XMLSerializer().serializeToString(document);
}

function resolveDemo(demo: DemoDomain, detection: Detection) {
  const { name, title, os, profile } = demo;
  const answers = (gpu: "auto" | "none"): Answers => ({
    schema: "neuron.answers/1",
    host: { gpu },
    vm: { name, title, os, profile },
  });
  try {
    return resolve(answers(demo.gpu === true ? "auto" : "none"), detection);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "hardware-unsuitable") throw error;
    return resolve(answers("none"), detection);
  }
}
