/** VmSpecs and facts for the tests of domains. */
import { parseAnswers } from "../../../model/answers.ts";
import type { VmSpec } from "../../../model/vm_spec.ts";
import { resolve } from "../../../provision/resolve.ts";
import { type DomainFacts, domainFacts } from "../../../provision/vm/domain_facts.ts";
import { cores, machine, type MachineShape } from "../resolve/machine.ts";

export interface Example {
  readonly spec: VmSpec;
  readonly facts: DomainFacts;
}

/** An Intel machine with 16 cores of two threads and 64 GiB, unless told otherwise. */
export function example(answers: object, shape: MachineShape = {}): Example {
  const detection = machine({ vendor: "intel", topology: cores(16, { threads: 2 }), memoryGib: 64, ...shape });
  const { hostSpec, vmSpec } = resolve(parseAnswers(JSON.stringify(answers), "test"), detection);
  return { spec: vmSpec, facts: domainFacts(detection, hostSpec) };
}

/** The same facts for a hypervisor that can only emulate: what tests without /dev/kvm can define and start. */
export function emulated(facts: DomainFacts): DomainFacts {
  return { ...facts, capabilities: { ...facts.capabilities, type: "qemu" } };
}
