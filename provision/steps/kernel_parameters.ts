/**
 * Kernel parameters: which ones are needed. Where they go, in a place of our own or among the person's, is the boot
 * loader's business (distro/boot_loader.ts); what is asked for already is not asked for twice. Sources:
 * kernel-parameters.txt (intel_iommu, iommu, isolcpus, nohz_full, rcu_nocbs), hugetlbpage.rst (hugepagesz, hugepages),
 * the ACS override patch (pcie_acs_override).
 */
import type { Finding } from "../../model/errors.ts";
import { cardBoundAtBoot, type HostSpec } from "../../model/host_spec.ts";
import { type BootLoader, bootLoader } from "../distro/boot_loader.ts";
import { splitParameters } from "../distro/grub.ts";
import { grub } from "../distro/grub_parameters.ts";
import type { Step } from "../step.ts";
import { renderCpuset } from "../vm/cpu_list.ts";

export { dropIn } from "../distro/grub_parameters.ts";
/** The initramfs script acts only when it sees this. */
const vfioSwitch = "neuron.vfio=1";

export interface KernelParametersSeen {
  readonly loader: BootLoader;
  readonly running: readonly string[];
}

/** Parameters that mean something only together. */
type Group = readonly string[];

function wantedGroups(spec: HostSpec): Group[] {
  const groups: Group[] = [];
  if (spec.gpu !== null) {
    if (spec.iommu.needsIntelParameter) groups.push(["intel_iommu=on"]);
    groups.push(["iommu=pt"]);
    if (cardBoundAtBoot(spec) !== null) groups.push([vfioSwitch]);
  }
  if (spec.acsOverride) groups.push(["pcie_acs_override=downstream,multifunction"]);
  const pages = spec.hugepages;
  if (pages?.sizeKib === 1048576) groups.push(["hugepagesz=1G", `hugepages=${renderPages(pages.pagesByNode)}`]);
  if (spec.isolatedCpus.length > 0) {
    const list = renderCpuset(spec.isolatedCpus.toSorted((a, b) => a - b));
    groups.push([`isolcpus=domain,managed_irq,${list}`], [`nohz_full=${list}`], [`rcu_nocbs=${list}`]);
  }
  return groups;
}

/** `8`, or `0:4,1:4` where more than node 0 is concerned (Linux 5.16). */
function renderPages(byNode: readonly { node: number; pages: number }[]): string {
  const [only, ...more] = byNode;
  if (only !== undefined && more.length === 0 && only.node === 0) return `${only.pages}`;
  return byNode.map(({ node, pages }) => `${node}:${pages}`).join(",");
}

/** Other ways to say the same. */
function means(have: string, wanted: string): boolean {
  if (have === wanted) return true;
  if (wanted === "iommu=pt") return have === "iommu.passthrough=1";
  return wanted === "intel_iommu=on" && have.startsWith("intel_iommu=on,");
}

const holds = (parameters: readonly string[], group: Group) =>
  group.every((wanted) => parameters.some((have) => means(have, wanted)));

const missing = (spec: HostSpec, parameters: readonly string[]) =>
  wantedGroups(spec).filter((group) => !holds(parameters, group)).flat();

export const kernelParameters: Step<KernelParametersSeen> = {
  name: "kernel_parameters",
  title: "Kernel parameters",
  phase: "host",

  inspect(host) {
    return Promise.resolve({
      // Without one preflight refuses what needs it.
      loader: bootLoader(host) ?? grub(host),
      running: splitParameters(host.readText("/proc/cmdline")?.trim() ?? ""),
    });
  },

  wants: (spec, seen) => seen.loader.wants((there) => missing(spec, there)),

  verify(spec, seen, when) {
    if (when === "written") return [];
    return missing(spec, seen.running).map((parameter): Finding => ({
      code: "kernel-parameter-missing",
      severity: "blocker",
      title: `The running kernel was started without ${parameter}`,
      hint: "Reboot; if it stays, look which boot entry was started",
      target: parameter,
    }));
  },
};
