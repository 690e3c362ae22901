/**
 * Memory pages for the VM. 2 MiB pages are taken at every start by systemd-tmpfiles, per NUMA node; 1 GiB pages come from
 * the kernel's command line (kernel_parameters) and need a mount of their own. Never more than leaves the host its reserve.
 * Sources: hugetlbpage.rst, tmpfiles.d(5), libvirt "Allocating memory" (hugetlbfs_mount).
 */
import type { Finding } from "../../model/errors.ts";
import type { HostSpec } from "../../model/host_spec.ts";
import { daemonReload } from "../distro/systemd_units.ts";
import type { Host } from "../host/host.ts";
import type { Step, WantedCommand, WantedNode } from "../step.ts";
import { obsolete, oursAmong, withHead } from "./written.ts";

export const tmpfilesPath = "/etc/tmpfiles.d/neuron-hugepages.conf";
const unitName = "dev-hugepages1G.mount";
export const unitPath = `/etc/systemd/system/${unitName}`;
export const linkPath = `/etc/systemd/system/sysinit.target.wants/${unitName}`;

/** What must stay for the host itself, whatever the answers say: 1 GiB, of small machines a quarter. */
const reserveKib = (memoryKib: number) => Math.min(1024 * 1024, memoryKib / 4);

export interface HugepagesSeen {
  readonly ours: ReadonlySet<string>;
  readonly hasLink: boolean;
  /** Whether some other mount already offers 1 GiB pages. */
  readonly mounted1G: boolean;
  readonly memoryKib: number | null;
  /** Pages by node as the kernel has them now; -1 where it does not say. */
  readonly pages: ReadonlyMap<number, number>;
}

const nrPath = (node: number, sizeKib: number) =>
  `/sys/devices/system/node/node${node}/hugepages/hugepages-${sizeKib}kB/nr_hugepages`;

function readPages(host: Host, node: number, sizeKib: number): number {
  // A kernel without NUMA has no node folders.
  const text = host.readText(nrPath(node, sizeKib)) ??
    host.readText(`/sys/kernel/mm/hugepages/hugepages-${sizeKib}kB/nr_hugepages`);
  return text === null ? -1 : Number(text.trim());
}

function parseMemTotalKib(text: string | null): number | null {
  const match = /^MemTotal:\s+(\d+) kB$/m.exec(text ?? "");
  return match === null ? null : Number(match[1]);
}

const mountUnit = withHead(
  "1 GiB pages for VMs; libvirt finds the mount by itself.",
  `[Unit]
Description=1 GiB huge pages
Documentation=https://docs.kernel.org/admin-guide/mm/hugetlbpage.html
DefaultDependencies=no
Before=sysinit.target
ConditionPathExists=/sys/kernel/mm/hugepages/hugepages-1048576kB

[Mount]
What=hugetlbfs
Where=/dev/hugepages1G
Type=hugetlbfs
Options=pagesize=1G

[Install]
WantedBy=sysinit.target
`,
);

function renderTmpfiles(spec: HostSpec): string {
  const lines = spec.hugepages?.pagesByNode.map(({ node, pages }) => `w ${nrPath(node, 2048)} - - - - ${pages}\n`) ??
    [];
  return withHead("2 MiB pages for VMs, by NUMA node.", lines.join(""));
}

function wantedNodes(spec: HostSpec, seen: HugepagesSeen): WantedNode[] {
  if (spec.hugepages?.sizeKib === 2048) {
    const reason = "the VM's memory lies on 2 MiB pages";
    return [{ kind: "file", path: tmpfilesPath, text: renderTmpfiles(spec), reason, triggers: ["tmpfiles-hugepages"] }];
  }
  if (spec.hugepages === null || (seen.mounted1G && !seen.ours.has(unitPath))) return [];
  const triggers = [daemonReload.id];
  const reason = "the VM's memory lies on 1 GiB pages";
  return [
    { kind: "file", path: unitPath, text: mountUnit, reason, triggers, needs: "reboot" },
    { kind: "link", path: linkPath, target: unitPath, reason, triggers },
  ];
}

export const hugepages: Step<HugepagesSeen> = {
  name: "hugepages",
  title: "Memory pages",
  phase: "host",

  inspect(host, spec) {
    const { sizeKib = 2048, pagesByNode = [] } = spec.hugepages ?? {};
    const mounts = host.readText("/proc/mounts") ?? "";
    return Promise.resolve({
      ours: oursAmong(host, [tmpfilesPath, unitPath]),
      hasLink: host.readLink(linkPath) === unitPath,
      mounted1G: mounts.split("\n").some((line) => /^\S+ \S+ hugetlbfs .*pagesize=1024M/.test(line)),
      memoryKib: parseMemTotalKib(host.readText("/proc/meminfo")),
      pages: new Map(pagesByNode.map(({ node }) => [node, readPages(host, node, sizeKib)])),
    });
  },

  blockers(spec, seen) {
    const pages = spec.hugepages?.pagesByNode.reduce((sum, entry) => sum + entry.pages, 0) ?? 0;
    const wantedKib = pages * (spec.hugepages?.sizeKib ?? 0);
    if (seen.memoryKib === null || wantedKib + reserveKib(seen.memoryKib) <= seen.memoryKib) return [];
    const mib = (kib: number) => Math.floor(kib / 1024);
    return [{
      code: "hugepages-too-many",
      severity: "blocker",
      title: `${mib(wantedKib)} MiB of huge pages leave too little of this machine's ${
        mib(seen.memoryKib)
      } MiB for itself`,
      hint: 'Give the VM less memory, or write "host.hugepages": "none"',
    }];
  },

  wants(spec, seen) {
    const nodes = wantedNodes(spec, seen);
    const wanted = new Set(nodes.map(({ path }) => path));
    const reason = "these pages are not wanted any more";
    const gone: WantedNode[] = obsolete([tmpfilesPath, unitPath].filter((path) => !wanted.has(path)), seen.ours, reason)
      .map((node) => node.path === unitPath ? { ...node, triggers: [daemonReload.id] } : node);
    if (!wanted.has(linkPath) && seen.hasLink) {
      gone.push({ kind: "absent", path: linkPath, reason, triggers: [daemonReload.id] });
    }
    const before = [...seen.pages.values()].reduce((sum, pages) => sum + Math.max(0, pages), 0);
    const short = spec.hugepages?.pagesByNode.some(({ node, pages }) => (seen.pages.get(node) ?? -1) < pages) ?? false;
    const takeNow: WantedCommand = {
      id: "tmpfiles-hugepages",
      argv: ["systemd-tmpfiles", "--create", tmpfilesPath],
      reason: "take the pages now, while memory is not yet fragmented",
      due: short,
      derives: [],
      undo: ["sysctl", "-w", `vm.nr_hugepages=${before}`],
    };
    const commands = [...(spec.hugepages?.sizeKib === 2048 ? [takeNow] : []), daemonReload];
    return { nodes: [...nodes, ...gone], commands };
  },

  verify(spec, seen, when) {
    if (when === "written") return [];
    return spec.hugepages?.pagesByNode.flatMap(({ node, pages }): Finding[] => {
      const now = seen.pages.get(node) ?? -1;
      if (now >= pages) return [];
      return [{
        code: "hugepages-missing",
        severity: "blocker",
        title: `NUMA node ${node} has ${Math.max(0, now)} of ${pages} huge pages`,
        hint: "Reboot: right after the start memory is not fragmented yet",
        target: nrPath(node, spec.hugepages?.sizeKib ?? 2048),
      }];
    }) ?? [];
  },
};
