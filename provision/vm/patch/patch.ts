/**
 * Changes a domain XML that somebody else may have written: exactly the wanted nodes change, all else stays character for
 * character. A domain is never regenerated. Pure.
 */
import {
  addPciHostdev,
  addUsbHostdev,
  isUsbTurnedOff,
  removePciHostdev,
  removeUsbHostdev,
  type UsbId,
} from "./hostdevs.ts";
import type { Finding } from "../../../model/errors.ts";
import { addCdrom, removeCdrom } from "./cdroms.ts";
import { type BootKind, missingKinds, setBootOrder } from "./boot.ts";
import { setDescription, setTitle } from "./identity.ts";
import { setMemory } from "./memory.ts";
import { applyEdits, type Edit, readSource, type SourceElement } from "./source.ts";
import { setVcpus } from "./vcpus.ts";

/** What to change; what is absent stays. */
export interface DomainPatch {
  readonly memoryMib?: number;
  readonly vcpus?: number;
  readonly title?: string;
  readonly description?: string;
  /** Boot exactly so: the first of each kind that can. */
  readonly boot?: readonly BootKind[];
  readonly addUsb?: readonly UsbId[];
  readonly removeUsb?: readonly UsbId[];
  /** PCI addresses, each one function. */
  readonly addPci?: readonly string[];
  readonly removePci?: readonly string[];
  /** Absolute paths of media, each in a CD drive of its own. */
  readonly addCdrom?: readonly string[];
  readonly removeCdrom?: readonly string[];
}

/** One change of a domain: reads the tree, gives the edits; none when the domain is already so. */
export type Patcher = (text: string, domain: SourceElement) => readonly Edit[];

/**
 * The domain XML with the patch applied; the very same text when nothing had to change.
 * @throws AppError `xml-invalid` when the text is no domain; `not-found` when something to remove is not there;
 *   `unsupported` where a change would need a decision that only a person can take
 */
export function patchDomain(text: string, patch: DomainPatch): string {
  return patchersOf(patch).reduce((now, patcher) => applyEdits(now, patcher(now, readSource(now, "domain"))), text);
}

/** What the person should know about a patch that can be made but may not do what they expect. */
export function patchFindings(text: string, patch: DomainPatch): Finding[] {
  const domain = readSource(text, "domain");
  const findings: Finding[] = [];
  if ((patch.addUsb ?? []).length > 0 && isUsbTurnedOff(domain)) {
    findings.push({
      code: "usb-turned-off",
      severity: "warning",
      title: "The domain has its USB turned off: libvirt will refuse the USB device",
      hint: "Remove <controller type='usb' model='none'/> from it (virsh edit)",
    });
  }
  const missing = missingKinds(domain, patch.boot ?? []);
  if (missing.length > 0) {
    findings.push({
      code: "boot-device-missing",
      severity: "warning",
      title: `The domain has nothing of the kind ${missing.join(", ")} to boot from`,
    });
  }
  return findings;
}

function patchersOf(patch: DomainPatch): Patcher[] {
  const { title, description, memoryMib, vcpus, boot } = patch;
  // An empty patch still says when the text is no domain.
  const patchers: Patcher[] = [() => []];
  if (title !== undefined) patchers.push((text, domain) => setTitle(text, domain, title));
  if (description !== undefined) patchers.push((text, domain) => setDescription(text, domain, description));
  if (memoryMib !== undefined) patchers.push((text, domain) => setMemory(text, domain, memoryMib));
  if (vcpus !== undefined) patchers.push((text, domain) => setVcpus(text, domain, vcpus));
  for (const id of patch.removeUsb ?? []) patchers.push((text, domain) => removeUsbHostdev(text, domain, id));
  for (const address of patch.removePci ?? []) patchers.push((text, domain) => removePciHostdev(text, domain, address));
  for (const id of patch.addUsb ?? []) patchers.push((text, domain) => addUsbHostdev(text, domain, id));
  for (const address of patch.addPci ?? []) patchers.push((text, domain) => addPciHostdev(text, domain, address));
  for (const path of patch.removeCdrom ?? []) patchers.push((text, domain) => removeCdrom(text, domain, path));
  for (const path of patch.addCdrom ?? []) patchers.push((text, domain) => addCdrom(text, domain, path));
  if (boot !== undefined) patchers.push((text, domain) => setBootOrder(text, domain, boot));
  return patchers;
}
