/**
 * Kernel parameters, in a GRUB drop-in of our own: the person's files are never edited, and what they already ask for is
 * not asked for twice. Sources: kernel-parameters.txt (intel_iommu, iommu, isolcpus, nohz_full, rcu_nocbs),
 * hugetlbpage.rst (hugepagesz, hugepages), the ACS override patch (pcie_acs_override).
 */
import type { Finding } from "../../model/errors.ts";
import type { HostSpec } from "../../model/host_spec.ts";
import { grubConfig, grubDropIns, parseKernelLines, readGrubParameters, splitParameters } from "../distro/grub.ts";
import type { Step } from "../step.ts";
import { renderCpuset } from "../vm/cpu_list.ts";
import { obsolete, oursAmong, withHead } from "./written.ts";

/** Behind all others: a drop-in that sets the variable anew would throw ours away. */
export const dropIn = `${grubDropIns}/zz-neuron.cfg`;
/** The initramfs script acts only when it sees this. */
const vfioSwitch = "neuron.vfio=1";

export interface KernelParametersSeen {
  /** What the person's own configuration holds. */
  readonly configured: readonly string[];
  readonly ours: ReadonlySet<string>;
  /** The parameters of every Linux entry of grub.cfg. */
  readonly entries: readonly (readonly string[])[];
  readonly running: readonly string[];
}

/** Parameters that mean something only together. */
type Group = readonly string[];

function wantedGroups(spec: HostSpec): Group[] {
  const groups: Group[] = [];
  if (spec.gpu !== null) {
    if (spec.iommu.needsIntelParameter) groups.push(["intel_iommu=on"]);
    groups.push(["iommu=pt"], [vfioSwitch]);
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

function renderDropIn(parameters: readonly string[]): string {
  const value = `$GRUB_CMDLINE_LINUX_DEFAULT ${parameters.join(" ")}`;
  return withHead(
    "Kernel parameters for VFIO; update-grub reads this file.",
    // What starts without passthrough is made from what was there before us (trial_boot).
    `export NEURON_CMDLINE_BEFORE="$GRUB_CMDLINE_LINUX_DEFAULT"\nGRUB_CMDLINE_LINUX_DEFAULT="${value}"\n`,
  );
}

export const kernelParameters: Step<KernelParametersSeen> = {
  name: "kernel_parameters",
  title: "Kernel parameters",
  phase: "host",

  inspect(host) {
    const lines = parseKernelLines(host.readText(grubConfig) ?? "");
    return Promise.resolve({
      configured: readGrubParameters(host, dropIn),
      ours: oursAmong(host, [dropIn]),
      entries: lines.map(splitParameters),
      running: splitParameters(host.readText("/proc/cmdline")?.trim() ?? ""),
    });
  },

  wants(spec, seen) {
    const parameters = missing(spec, seen.configured);
    const common = { path: dropIn, triggers: ["update-grub"], needs: "reboot" } as const;
    const command = {
      id: "update-grub",
      argv: ["update-grub"] as const,
      reason: "write the kernel parameters into the boot menu",
      derives: [grubConfig],
      needs: "reboot",
    } as const;
    if (parameters.length === 0) {
      const gone = obsolete([dropIn], seen.ours, "no kernel parameter is needed").map((node) => ({
        ...node,
        ...common,
      }));
      return { nodes: gone, commands: [{ ...command, due: false }] };
    }
    // Recovery entries never get GRUB_CMDLINE_LINUX_DEFAULT, so one entry with everything is enough.
    const due = seen.entries.length > 0 && !seen.entries.some((entry) => missing(spec, entry).length === 0);
    const reason = `the kernel needs ${parameters.join(" ")}`;
    return {
      nodes: [{ kind: "file", ...common, text: renderDropIn(parameters), reason }],
      commands: [{ ...command, due }],
    };
  },

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
