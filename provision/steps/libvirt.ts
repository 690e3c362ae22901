/**
 * libvirt runs with the machine, and its network and storage pool "default" are there and start with it: unit links and
 * libvirt's own configuration files. What a person defined under that name stays theirs. On the running machine it also
 * looks whether the daemon answers.
 * Sources: libvirt "Daemons", "Network XML format" (mac, uuid: without them libvirt rewrites the file), "Storage pool XML".
 */
import { open } from "../../libvirt/mod.ts";
import { errorMessage, type Finding } from "../../model/errors.ts";
import { daemonReload, enablingLinks, readUnit, type UnitSeen } from "../distro/systemd_units.ts";
import type { Host, HostFiles } from "../host/host.ts";
import { sha256 } from "../node.ts";
import { readTextOrNull, type Step, type WantedNode } from "../step.ts";
import { mark } from "./written.ts";

export const networkPath = "/etc/libvirt/qemu/networks/default.xml";
export const poolPath = "/etc/libvirt/storage/default.xml";
const autostarts = [
  { definition: networkPath, link: "/etc/libvirt/qemu/networks/autostart/default.xml", what: "network" },
  { definition: poolPath, link: "/etc/libvirt/storage/autostart/default.xml", what: "storage pool" },
];

/** One daemon for all, or one for each driver; Debian 12 has the first, Fedora and others the second. */
const daemons = {
  monolithic: ["libvirtd.service", "libvirtd.socket", "libvirtd-ro.socket", "virtlockd.socket", "virtlogd.socket"],
  modular: [
    "virtqemud.socket",
    "virtnetworkd.socket",
    "virtstoraged.socket",
    "virtnodedevd.socket",
    "virtlockd.socket",
    "virtlogd.socket",
  ],
};
const services = {
  monolithic: ["libvirtd.service"],
  modular: ["virtnetworkd.service", "virtstoraged.service", "virtqemud.service"],
};

export interface LibvirtSeen {
  /** Null when libvirt is not installed. */
  readonly kind: keyof typeof daemons | null;
  readonly units: readonly UnitSeen[];
  readonly network: "missing" | "ours" | "theirs";
  readonly pool: "missing" | "ours" | "theirs";
  /** Autostart links of somebody else: nothing to do there. */
  readonly autostarted: ReadonlySet<string>;
  /** Null when it answers, or when nobody asked (a copy); else what stood in the way. */
  readonly trouble: string | null;
  /** What of network and pool "default" does not run; empty on a copy. */
  readonly stopped: readonly string[];
}

const uuidOf = (name: string) =>
  sha256(`neuron ${name}`).replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, "$1-$2-4$3-8$4-$5");
const networkUuid = uuidOf("network default");
const poolUuid = uuidOf("pool default");

const networkXml = `<!-- ${mark} -->
<network>
  <name>default</name>
  <uuid>${networkUuid}</uuid>
  <forward mode='nat'/>
  <bridge name='virbr0' stp='on' delay='0'/>
  <mac address='52:54:00:6e:65:75'/>
  <ip address='192.168.122.1' netmask='255.255.255.0'>
    <dhcp>
      <range start='192.168.122.2' end='192.168.122.254'/>
    </dhcp>
  </ip>
</network>
`;

const poolXml = `<!-- ${mark} -->
<pool type='dir'>
  <name>default</name>
  <uuid>${poolUuid}</uuid>
  <source/>
  <target>
    <path>/var/lib/libvirt/images</path>
  </target>
</pool>
`;

/**
 * Ours carries our mark and our UUID: damage may spare either. What libvirt wrote itself is the person's by now. A file
 * that was emptied or zeroed, of whoever, defines nothing: libvirt cannot load it.
 */
function ownerOf(files: HostFiles, path: string, uuid: string): "missing" | "ours" | "theirs" {
  const text = readTextOrNull(files, path);
  if (text === null || !/<(network|pool)\b/.test(text)) return "missing";
  const rewritten = text.includes("WARNING: THIS IS AN AUTO-GENERATED FILE");
  return !rewritten && (text.includes(mark) || text.includes(uuid)) ? "ours" : "theirs";
}

/** A daemon that nobody needed has ended, and its socket starts it anew: on a slow, busy machine that takes its time. */
const LONGEST_ANSWER_S = 60;

/** Whether the running daemon answers, and which of its defaults do not run. */
export async function askLibvirt(): Promise<Pick<LibvirtSeen, "trouble" | "stopped">> {
  const signal = AbortSignal.timeout(LONGEST_ANSWER_S * 1000);
  try {
    await using connection = await open("qemu:///system", { signal });
    const networks = await connection.listNetworks({ active: true });
    const pools = await connection.listStoragePools({ active: true });
    const runs = (list: readonly { readonly name: string }[]) => list.some(({ name }) => name === "default");
    const stopped = [...(runs(networks) ? [] : ["network"]), ...(runs(pools) ? [] : ["storage pool"])];
    return { trouble: null, stopped };
  } catch (error) {
    const trouble = signal.aborted ? `nothing within ${LONGEST_ANSWER_S} seconds` : errorMessage(error);
    return { trouble, stopped: [] };
  }
}

export type LibvirtKind = keyof typeof daemons;

/** Null when libvirt is not installed. */
export function installedLibvirt(host: Host): LibvirtKind | null {
  const has = (unit: string) => readUnit(host, unit).path !== null;
  return has("libvirtd.service") ? "monolithic" : has("virtqemud.socket") ? "modular" : null;
}

export const libvirt: Step<LibvirtSeen> = {
  name: "libvirt",
  title: "libvirt",
  phase: "host",

  async inspect(host) {
    const kind = installedLibvirt(host);
    return {
      kind,
      units: kind === null ? [] : daemons[kind].map((name) => readUnit(host, name)),
      network: ownerOf(host, networkPath, networkUuid),
      pool: ownerOf(host, poolPath, poolUuid),
      autostarted: new Set(
        autostarts.filter(({ link, definition }) => host.stat(link) !== null && host.readLink(link) !== definition)
          .map(({ link }) => link),
      ),
      ...(host.live && kind !== null ? await askLibvirt() : { trouble: null, stopped: [] }),
    };
  },

  wants(_spec, seen) {
    if (seen.kind === null) return { nodes: [] };
    const reload = "reload-libvirt";
    const nodes: WantedNode[] = seen.units.flatMap((unit) => enablingLinks(unit));
    const define = (path: string, text: string, what: string) =>
      nodes.push({
        kind: "file",
        path,
        text,
        mode: 0o600,
        triggers: [reload],
        reason: `the ${what} "default" is defined`,
      });
    if (seen.network !== "theirs") define(networkPath, networkXml, "network");
    if (seen.pool !== "theirs") define(poolPath, poolXml, "storage pool");
    for (const { definition, link, what } of autostarts) {
      if (seen.autostarted.has(link)) continue;
      const reason = `the ${what} "default" starts with libvirt`;
      nodes.push({ kind: "link", path: link, target: definition, triggers: [reload], reason });
    }
    const restart = ["systemctl", "reload-or-restart", ...services[seen.kind]] as [string, ...string[]];
    return {
      nodes,
      commands: [daemonReload, {
        id: reload,
        argv: restart,
        reason: "libvirt reads its definitions and starts what starts with it",
        due: seen.trouble !== null,
        derives: [],
      }],
    };
  },

  verify(_spec, seen, when): Finding[] {
    if (when === "written") return [];
    const stopped = seen.stopped.map((what): Finding => ({
      code: "libvirt-default-stopped",
      severity: "blocker",
      title: `libvirt's ${what} "default" is not running`,
      hint: "journalctl -u libvirtd says why it could not be started",
      target: what,
    }));
    if (seen.trouble === null) return stopped;
    return [{
      code: "libvirt-not-answering",
      severity: "blocker",
      title: `libvirt does not answer at qemu:///system: ${seen.trouble}`,
      hint: "systemctl status libvirtd and journalctl -u libvirtd say why",
    }];
  },
};
