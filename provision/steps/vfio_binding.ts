/**
 * Which functions are handed over: one list, matched by address and ids, that the initramfs script reads. Two cards of
 * the same model stay apart, and a card that moved is reported instead of something else being taken. After the reboot
 * it looks whether vfio-pci really holds every function and whether the group is viable (kernel: vfio.rst).
 */
import type { Finding } from "../../model/errors.ts";
import { cardBoundAtBoot, type GpuSpec } from "../../model/host_spec.ts";
import { type InitramfsBuilder, initramfsBuilder, initrds } from "../distro/initramfs.ts";
import { initramfsTools } from "../distro/initramfs_tools.ts";
import type { HostFiles } from "../host/host.ts";
import type { Step } from "../step.ts";
import { obsolete, oursAmong, withHead } from "./written.ts";

export const functionsPath = "/etc/neuron/vfio-functions";
const devices = "/sys/bus/pci/devices";

export interface VfioBindingSeen {
  readonly ours: ReadonlySet<string>;
  readonly builder: InitramfsBuilder;
  readonly initrds: readonly string[];
  readonly functions: readonly FunctionSeen[];
  /** Where a person gave cards to vfio-pci by their ids; that stays, and does no harm. */
  readonly byHand: readonly string[];
}

export interface FunctionSeen {
  readonly address: string;
  /** `10de:2206`; null when there is no device at this address. */
  readonly ids: string | null;
  readonly driver: string | null;
  readonly hasGroup: boolean;
  /** Others of its group that a driver of the host holds. */
  readonly rivals: readonly { readonly address: string; readonly driver: string }[];
}

function renderFunctions(gpu: GpuSpec): string {
  const lines = gpu.functions.map((fn) => `${fn.address} ${fn.vendorId} ${fn.deviceId}\n`);
  // Without the card's name: that changes with the names' database, and every change here builds an initrd.
  return withHead('Functions for vfio-pci, as "address vendor device".', lines.join(""));
}

/** A function, its driver, and what of its group stands in the way. */
function placesByHand(files: HostFiles): string[] {
  const folder = "/etc/modprobe.d";
  const paths = (files.list(folder) ?? []).filter((name) => name.endsWith(".conf")).map((name) => `${folder}/${name}`);
  const inFiles = paths.filter((path) => /^[ \t]*options\s+vfio[-_]pci\s.*\bids=/m.test(files.readText(path) ?? ""));
  const inLine = /(^|\s)vfio[-_]pci\.ids=/.test(files.readText("/proc/cmdline") ?? "");
  return [...(inLine ? ["vfio-pci.ids on the kernel's command line"] : []), ...inFiles];
}

export function inspectFunction(files: HostFiles, address: string): FunctionSeen {
  const read = (path: string) => files.readText(path)?.trim().replace(/^0x/, "") ?? null;
  const driverOf = (device: string) => files.readLink(`${devices}/${device}/driver`)?.split("/").at(-1) ?? null;
  const vendor = read(`${devices}/${address}/vendor`);
  const device = read(`${devices}/${address}/device`);
  const group = files.list(`${devices}/${address}/iommu_group/devices`) ?? [];
  // vfio tolerates bridges, and devices nobody drives or only a stub does (kernel: vfio_dev_viable).
  const bridge = (other: string) => read(`${devices}/${other}/class`)?.startsWith("06") === true;
  const harmless = ["vfio-pci", "pci-stub", "pcieport"];
  const rivals = group.filter((other) => other !== address && !bridge(other)).flatMap((other) => {
    const driver = driverOf(other);
    return driver === null || harmless.includes(driver) ? [] : [{ address: other, driver }];
  });
  return {
    address,
    ids: vendor === null || device === null ? null : `${vendor}:${device}`,
    driver: driverOf(address),
    hasGroup: files.readLink(`${devices}/${address}/iommu_group`) !== null,
    rivals,
  };
}

const idsOf = (fn: { vendorId: string; deviceId: string }) => `${fn.vendorId}:${fn.deviceId}`;

function moved(address: string, found: string | null, wanted: string): Finding {
  return {
    code: "vfio-function-moved",
    severity: "blocker",
    title: found === null
      ? `There is no device at ${address}, where ${wanted} was`
      : `At ${address} is ${found}, where ${wanted} was`,
    hint: "Choose the card anew: neuron-setup detect shows where it is now",
    target: address,
  };
}

export const vfioBinding: Step<VfioBindingSeen> = {
  name: "vfio_binding",
  title: "Card for the VM",
  phase: "host",

  inspect(host, spec) {
    // Without one preflight refuses what needs it.
    const builder = initramfsBuilder(host) ?? initramfsTools;
    return Promise.resolve({
      ours: oursAmong(host, [functionsPath]),
      builder,
      initrds: initrds(host, builder).map(({ path }) => path),
      functions: spec.gpu?.functions.map(({ address }) => inspectFunction(host, address)) ?? [],
      byHand: placesByHand(host),
    });
  },

  blockers(spec, seen) {
    return spec.gpu?.functions.flatMap((fn) => {
      const found = seen.functions.find(({ address }) => address === fn.address)?.ids ?? null;
      return found === idsOf(fn) ? [] : [moved(fn.address, found, idsOf(fn))];
    }) ?? [];
  },

  wants(spec, seen) {
    const { command } = seen.builder;
    const common = { triggers: [command.id], needs: "reboot" } as const;
    const commands = [{ ...command, derives: seen.initrds, due: false }];
    const gpu = cardBoundAtBoot(spec);
    if (gpu === null) {
      const gone = obsolete([functionsPath], seen.ours, "no card is handed over when the machine starts");
      return { nodes: gone.map((node) => ({ ...node, ...common })), commands };
    }
    const beside = seen.byHand.length === 0 ? "" : `; ${seen.byHand.join(", ")} stays beside it`;
    const reason = `the VM gets ${gpu.name} (${gpu.address})${beside}`;
    return {
      nodes: [{ kind: "file", path: functionsPath, text: renderFunctions(gpu), reason, ...common }],
      commands,
    };
  },

  verify(spec, seen, when) {
    if (when === "written") return [];
    return spec.gpu?.functions.flatMap((fn): Finding[] => {
      const now = seen.functions.find(({ address }) => address === fn.address);
      const ids = now?.ids ?? null;
      if (now === undefined || ids !== idsOf(fn)) return [moved(fn.address, ids, idsOf(fn))];
      const findings: Finding[] = [];
      if (now.driver !== "vfio-pci" && cardBoundAtBoot(spec) !== null) {
        findings.push({
          code: "vfio-not-bound",
          severity: "blocker",
          title: `${fn.address} is not held by vfio-pci: its driver is ${
            now.driver === null ? "none" : `"${now.driver}"`
          }`,
          hint: "Look at the kernel's messages for lines that begin with neuron: (dmesg | grep neuron:)",
          target: fn.address,
        });
      }
      // vfio-pci binds nothing without a group; a card that is only lent later would be found out then.
      if (spec.gpuHandover && !now.hasGroup) {
        findings.push({
          code: "vfio-group-missing",
          severity: "blocker",
          title: `${fn.address} is in no IOMMU group`,
          hint: "neuron-setup detect says whether the IOMMU is on, and what to do",
          target: fn.address,
        });
      }
      const own = spec.gpu?.functions.map(({ address }) => address) ?? [];
      // Its own functions are lent together.
      for (const rival of now.rivals.filter(({ address }) => !spec.gpuHandover || !own.includes(address))) {
        findings.push({
          code: "vfio-group-not-viable",
          severity: "blocker",
          title: `The IOMMU group of ${fn.address} is not viable: ${rival.address} is held by "${rival.driver}"`,
          hint: "neuron-setup detect says what shares the group and what to do",
          target: fn.address,
        });
      }
      return findings;
    }) ?? [];
  },
};
