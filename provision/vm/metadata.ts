/**
 * What belongs to a VM and no libvirt element can hold (profile, tags, notes, kiosk …) travels in the domain's metadata
 * under Neuron's own namespace: the whole VmSpec as JSON. What a person edited in the XML counts, not this copy.
 */
import type { DomainInput } from "../../templates/domain_input.ts";
import { type GuestSystem, type VmSpec, vmSpecSchema } from "../../model/vm_spec.ts";

export const METADATA_NAMESPACE = "urn:neuron:vm:1";

/** libosinfo's ids; virt-manager shows name and icon by them. */
const osinfoIds: Readonly<Record<GuestSystem, string | null>> = {
  windows11: "http://microsoft.com/win/11",
  windows10: "http://microsoft.com/win/10",
  linux: "http://libosinfo.org/linux/2022",
  other: null,
};

export function metadataOf(spec: VmSpec): DomainInput["metadata"] {
  return {
    namespace: METADATA_NAMESPACE,
    profile: spec.profile,
    specJson: JSON.stringify(spec),
    osinfoId: osinfoIds[spec.os],
  };
}

/** The spec in the text of a `neuron:spec` element; null when it is none of this version. */
export function parseSpecJson(text: string): VmSpec | null {
  try {
    const result = vmSpecSchema.safeParse(JSON.parse(text));
    return result.success ? result.data : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
