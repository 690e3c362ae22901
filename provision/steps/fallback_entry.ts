/**
 * "Start without passthrough": an entry of GRUB's menu that starts the machine as it did before, with the initial ram
 * disk it had then. Comes before the step that builds new ones, and stays as long as anything of ours is on the kernel's
 * command line. Sources: GRUB manual ("Multi-boot manual config", grub-mkconfig), Debian's 10_linux.
 */
import type { Finding } from "../../model/errors.ts";
import type { HostSpec } from "../../model/host_spec.ts";
import { grubMenu } from "../distro/grub.ts";
import { initramfsBuilder, initrds } from "../distro/initramfs.ts";
import { compareVersions, readBootloader } from "../hardware/boot.ts";
import { Reading } from "../hardware/reading.ts";
import type { Host, HostFiles } from "../host/host.ts";
import { sha256 } from "../node.ts";
import { readTextOrNull, type Step, type WantedCommand, type WantedNode } from "../step.ts";
import entriesScript from "./scripts/grub_entries.sh" with { type: "text" };
import { seal, unseal } from "./sealed.ts";
import { obsolete, oursAmong, withHead } from "./written.ts";

/** Behind the system's entries and the person's: their places in the menu stay what they were. */
export const entriesPath = "/etc/grub.d/42_neuron";
const savedFolder = "/boot/neuron";
const recordPath = "/etc/neuron/saved-initrd";
const entryId = "neuron-without-passthrough";

/** Without such a change every start is as before, and no entry is needed for that. */
export function changesBoot(spec: HostSpec): boolean {
  return spec.gpu !== null || spec.acsOverride || spec.isolatedCpus.length > 0 ||
    spec.hugepages?.sizeKib === 1048576;
}

export interface GrubMenu {
  /** One command with kernel_parameters' and trial_boot's, run after the last of them. */
  readonly write: Omit<WantedCommand, "due">;
  /** grub.cfg; its environment block lies beside it. */
  readonly config: string;
  readonly environment: string;
  /** Some systems call GRUB's second version grub2. */
  readonly programs: { readonly reboot: string; readonly editenv: string };
}

/** Null: other boot loaders keep entries of their own, or none. */
export function grubMenuOf(host: Host): GrubMenu | null {
  if (readBootloader(new Reading(host)) !== "grub") return null;
  const menu = grubMenu(host);
  const config = menu.derives[0]!;
  const name = config.startsWith("/boot/grub2/") ? "grub2" : "grub";
  return {
    write: { ...menu, reason: "write the boot menu" },
    config,
    environment: `/boot/${name}/grubenv`,
    programs: { reboot: `${name}-reboot`, editenv: `${name}-editenv` },
  };
}

/** Null when there is no menu to look at. */
export function menuHas(host: Host, menu: GrubMenu | null, entryId: string): boolean | null {
  const config = menu === null ? null : host.readText(menu.config);
  return config === null || config === "" ? null : config.includes(`'${entryId}'`);
}

export interface FallbackSeen {
  /** Null where there is no menu of GRUB's to write. */
  readonly menu: GrubMenu | null;
  readonly ours: ReadonlySet<string>;
  /** The saved initial ram disk as it shall be; null where there is none to save. */
  readonly initrd: SavedInitrd | null;
  /** Whether grub.cfg has the entry; null when there is no grub.cfg to look at. */
  readonly inMenu: boolean | null;
}

interface SavedInitrd {
  readonly path: string;
  readonly sha256: string;
  readonly valid: boolean;
  /** Where its bytes come from when they have to be written. */
  readonly from: string;
}

/** The copy that is recorded; else the one that lies there; else the one to make now. */
function seeInitrd(host: Host): SavedInitrd | null {
  const record = parseRecord(unseal(readTextOrNull(host, recordPath)));
  const source = sourceInitrd(host);
  // A hidden name is what a killed write left.
  const saved = host.list(savedFolder)?.find((one) => !one.startsWith("."));
  const name = record?.name ?? saved ?? source?.split("/").at(-1);
  if (name === undefined) return null;
  const path = `${savedFolder}/${name}`;
  const lies = host.stat(path)?.kind === "file" ? digestOf(host, path) : null;
  const keeps = record?.sha256 ?? lies;
  if (keeps !== null && keeps === lies) return { path, sha256: keeps, valid: true, from: path };
  // Damaged or gone: the state folder has its bytes since the command that builds initial ram disks ran.
  if (keeps !== null && host.state.has(keeps)) return { path, sha256: keeps, valid: false, from: keeps };
  return source === null ? null : { path, sha256: digestOf(host, source), valid: false, from: source };
}

/** The running kernel's is known to start this machine; of a copy, the newest. */
function sourceInitrd(host: Host): string | null {
  const builder = initramfsBuilder(host);
  if (builder === null) return null;
  const paths = initrds(host, builder).map(({ path }) => path);
  const release = host.readText("/proc/sys/kernel/osrelease")?.trim() ?? "";
  return paths.find((path) => release !== "" && path.includes(release)) ?? paths.sort(compareVersions).at(-1) ?? null;
}

const digestOf = (files: HostFiles, path: string) => sha256(files.readBytes(path) ?? "");

const renderRecord = ({ path, sha256 }: SavedInitrd) =>
  seal(
    withHead("The initial ram disk of the entry without passthrough.", `${sha256} ${path.split("/").at(-1)}\n`),
  );

function parseRecord(text: string | null): { name: string; sha256: string } | null {
  const match = /^([0-9a-f]{64}) ([^/\s]+)$/m.exec(text ?? "");
  return match === null ? null : { sha256: match[1]!, name: match[2]! };
}

function initrdNodes(initrd: SavedInitrd): WantedNode[] {
  const reason = "the entry without passthrough keeps the initial ram disk it has now";
  const { path, valid, from } = initrd;
  return [
    // It may hold keys of encrypted disks.
    {
      kind: "made",
      path,
      mode: 0o600,
      valid,
      what: from.startsWith("/") ? `a copy of ${from}` : "its saved bytes",
      reason,
      make: (host) => Promise.resolve(from.startsWith("/") ? host.readBytes(from)! : host.state.saved(from)),
    },
    { kind: "file", path: recordPath, text: renderRecord(initrd), reason },
  ];
}

export const fallbackEntry: Step<FallbackSeen> = {
  name: "fallback_entry",
  title: "Start without passthrough",
  phase: "host",

  inspect(host) {
    const menu = grubMenuOf(host);
    return Promise.resolve({
      menu,
      ours: oursAmong(host, [entriesPath, recordPath]),
      initrd: seeInitrd(host),
      inMenu: menuHas(host, menu, entryId),
    });
  },

  wants(spec, seen) {
    const { menu } = seen;
    if (menu === null) return { nodes: [] };
    const triggers = [menu.write.id];
    if (!changesBoot(spec)) {
      const gone = obsolete([entriesPath, recordPath], seen.ours, "every start is without passthrough");
      const copy = seen.ours.has(recordPath) && seen.initrd !== null
        ? [{ kind: "absent", path: seen.initrd.path, reason: gone[0]!.reason } as const]
        : [];
      return {
        nodes: [...gone, ...copy].map((node) => ({ ...node, triggers })),
        commands: [{ ...menu.write, due: false }],
      };
    }
    return {
      nodes: [
        {
          kind: "file",
          path: entriesPath,
          text: entriesScript,
          mode: 0o755,
          triggers,
          reason: "an entry of the boot menu starts the machine as before",
        },
        ...seen.initrd === null ? [] : initrdNodes(seen.initrd),
      ],
      commands: [{ ...menu.write, due: seen.inMenu === false }],
    };
  },

  verify(spec, seen, when): Finding[] {
    if (when === "written" || seen.menu === null || !changesBoot(spec) || seen.inMenu !== false) return [];
    return [{
      code: "fallback-entry-missing",
      severity: "warning",
      title: 'The boot menu has no entry "Start without passthrough"',
      hint: `Run ${seen.menu.write.argv.join(" ")} and look what ${entriesPath} says`,
      target: seen.menu.config,
    }];
  },
};
