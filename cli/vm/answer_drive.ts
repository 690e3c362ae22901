/**
 * The answer medium in a drive of a VM for as long as its installation lasts. It lies beside the VM's disk, where QEMU
 * may read; libvirt gives it to QEMU's user when the VM starts.
 */
import { dirname } from "node:path";
import type { Connection, Domain } from "../../libvirt/mod.ts";
import { AppError } from "../../model/errors.ts";
import { makeMedium } from "../../provision/unattend/make_medium.ts";
import { DEFAULT_POOL_FOLDER } from "../../provision/vm/domain_facts.ts";
import { patchDomain } from "../../provision/vm/patch/patch.ts";
import { attributeOf, childOf, childrenOf, readSource } from "../../provision/vm/patch/source.ts";
import type { Answers } from "../../model/answers.ts";
import type { Host } from "../../provision/host/host.ts";
import { type MediumExtras, planMedium } from "./answer_medium.ts";

/** @throws AppError `conflict` when the VM runs, and as `vm answer-medium` does */
export async function insertAnswers(
  connection: Connection,
  domain: Domain,
  host: Host,
  answers: Answers,
  options: MediumExtras & { note(text: string): void },
): Promise<string> {
  if (await domain.isActive()) {
    throw new AppError("conflict", `Cannot give "${domain.name}" an answer medium: it is running`, {
      hint: `Switch it off first: neuron-setup vm destroy ${domain.name}`,
    });
  }
  const { plan, files } = await planMedium(host, answers, options);
  for (const { severity, title } of plan.notes) options.note(`${severity}: ${title}`);
  const before = await definition(domain);
  const path = answersPathOf(domain, before);
  await makeMedium(host, files, path);
  const after = patchDomain(before, { addCdrom: [path] });
  if (after !== before) await connection.defineDomain(after, { validate: true });
  return path;
}

/** The answer medium in one of its drives; null: there is none. */
export async function answersIn(domain: Domain): Promise<string | null> {
  const xml = await domain.xml();
  const path = answersPathOf(domain, xml);
  return sourcesOf(xml, "cdrom").includes(path) ? path : null;
}

/** What is in the CD drives of its definition. */
export async function cdromsOf(domain: Domain): Promise<string[]> {
  return sourcesOf(await definition(domain), "cdrom");
}

/** Another medium in place of one that is there, from the VM's next start on. */
export async function swapCdrom(connection: Connection, domain: Domain, from: string, to: string): Promise<void> {
  const xml = patchDomain(await definition(domain), { removeCdrom: [from], addCdrom: [to] });
  await connection.defineDomain(xml, { validate: true });
}

const answersPathOf = (domain: Domain, xml: string) => `${folderBeside(xml)}/neuron-answers-${domain.uuid}.iso`;

/** The running VM has it open still; from its next start on there is neither drive nor file. */
export async function takeAnswersAway(connection: Connection, domain: Domain, path: string): Promise<void> {
  await connection.defineDomain(patchDomain(await definition(domain), { removeCdrom: [path] }), { validate: true });
  await Deno.remove(path);
}

/** With its secrets, or redefining would lose the graphics password. */
const definition = (domain: Domain) => domain.xml({ inactive: true, secure: true });

function folderBeside(xml: string): string {
  const file = sourcesOf(xml, "disk")[0];
  return file === undefined ? DEFAULT_POOL_FOLDER : dirname(file);
}

function sourcesOf(xml: string, device: "disk" | "cdrom"): string[] {
  return childrenOf(childOf(readSource(xml, "domain"), "devices"), "disk")
    .filter((disk) => (attributeOf(disk, "device") ?? "disk") === device)
    .map((disk) => attributeOf(childOf(disk, "source"), "file")).filter((path) => path !== undefined);
}
