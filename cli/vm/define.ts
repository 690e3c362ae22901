/**
 * `vm define FILE.xml`: makes a VM of a domain XML, or gives an existing one of the same UUID that definition.
 * `vm define --answers FILE`: makes a new VM of answers, with its disks.
 */
import { AppError } from "../../model/errors.ts";
import { detect } from "../../provision/hardware/detect.ts";
import { readProfiles } from "../../provision/profile_store.ts";
import { resolve } from "../../provision/resolve.ts";
import { createVm } from "../../provision/vm/create.ts";
import { readSource } from "../../provision/vm/patch/source.ts";
import { readCapabilities } from "../../provision/vm/read_capabilities.ts";
import { templateOverrides } from "../../provision/vm/template_overrides.ts";
import type { ExitCode, Invocation } from "../command.ts";
import { openMachine, readWish } from "../machine.ts";
import { onHypervisor } from "./hypervisor.ts";
import { readInput } from "./input.ts";
import { oneWord } from "./words.ts";

export async function run(invocation: Invocation): Promise<ExitCode> {
  if (typeof invocation.flags.answers !== "string") return await defineFile(invocation);
  if (invocation.words.length === 0) return await defineAnswers(invocation);
  throw new AppError("usage", "vm define takes a domain XML file or --answers, not both", {
    hint: "Write neuron-setup vm define FILE.xml, or neuron-setup vm define --answers FILE",
  });
}

async function defineFile(invocation: Invocation): Promise<ExitCode> {
  const path = oneWord(invocation, "define", "a domain XML file");
  const xml = await readInput(path);
  readSource(xml, "domain");
  return await onHypervisor(invocation, ["define", "--validate", path], async (connection) => {
    const domain = await connection.defineDomain(xml, { validate: true });
    report(invocation, { name: domain.name, uuid: domain.uuid, changed: true }, []);
    return 0;
  });
}

async function defineAnswers(invocation: Invocation): Promise<ExitCode> {
  const host = openMachine(invocation);
  const { answers } = readWish(host, invocation);
  const detection = detect(host);
  const { hostSpec, vmSpec: spec, notes } = resolve(answers, detection, readProfiles(host));
  return await onHypervisor(invocation, ["define", spec.name], async (connection) => {
    const capabilities = await readCapabilities(invocation.options.connect);
    const loader = templateOverrides(host);
    const { domain, volumesMade, volumesFound } = await createVm(connection, {
      spec,
      hostSpec,
      detection,
      capabilities,
      loader,
    });
    const warnings = notes.filter((note) => note.severity === "warning").map((note) => `warning: ${note.title}`);
    const taken = volumesFound.map((path) => `Its disk was there already and is taken as it is: ${path}`);
    report(invocation, { name: domain.name, uuid: domain.uuid, changed: true, volumesMade, volumesFound }, [
      ...warnings,
      ...taken,
    ]);
    return 0;
  });
}

interface Defined {
  readonly name: string;
  readonly uuid: string;
  readonly changed: true;
  readonly volumesMade?: readonly string[];
  readonly volumesFound?: readonly string[];
}

function report({ options, terminal }: Invocation, result: Defined, notes: readonly string[]): void {
  if (options.json) {
    terminal.print(JSON.stringify(result));
    return;
  }
  if (options.quiet) return;
  terminal.print(`Defined ${result.name}`);
  for (const note of notes) terminal.note(note);
}
