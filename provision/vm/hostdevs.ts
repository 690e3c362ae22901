/** Host PCI functions as the guest sees them: the functions of one card share one slot behind a root port. Pure. */
import type { DomainInput, HostdevInput } from "../../templates/domain_input.ts";
import { comparePciAddress, parsePciAddress, slotOf } from "../../model/pci_address.ts";
import type { VmSpec } from "../../model/vm_spec.ts";
import type { DomainFacts } from "./domain_facts.ts";

const AUDIO = "0403";

export function hostdevsOf(spec: VmSpec, facts: DomainFacts): DomainInput["hostdevs"] {
  const { gpu, pci } = spec.devices;
  const ofCard = gpu.mode !== "passthrough"
    ? []
    : facts.gpuFunctions.filter((fn) => gpu.audio || fn.classCode !== AUDIO).map((fn) => fn.address);
  // A card that the facts do not know is still what the person named.
  if (gpu.mode === "passthrough" && gpu.address !== null && !ofCard.includes(gpu.address)) ofCard.unshift(gpu.address);
  const others = pci.filter((address) => !ofCard.includes(address)).toSorted(comparePciAddress);
  const slots = Map.groupBy([...ofCard.toSorted(comparePciAddress), ...new Set(others)], slotOf);
  return [...slots.values()].map((addresses, index) => {
    const port = index + 1;
    return { port, functions: functionsOf(addresses, port, gpu.address, gpu.romFile ?? null) };
  });
}

/** Guests look at function 0 first and find the others only where it is: it must be there. */
function functionsOf(
  addresses: readonly string[],
  port: number,
  gpuAddress: string | null,
  romFile: string | null,
): HostdevInput[] {
  const parsed = addresses.map(parsePciAddress);
  const keepNumbers = parsed[0]!.function === 0;
  return parsed.map((address, index) => ({
    host: {
      domain: hex(address.domain, 4),
      bus: hex(address.bus, 2),
      slot: hex(address.slot, 2),
      function: hex(address.function, 1),
    },
    guestBus: hex(port, 2),
    guestFunction: hex(keepNumbers ? address.function : index, 1),
    multifunction: index === 0 && parsed.length > 1,
    romFile: addresses[index] === gpuAddress ? romFile : null,
  }));
}

function hex(value: number, digits: number): string {
  return `0x${value.toString(16).padStart(digits, "0")}`;
}
