/**
 * systemd's unit files: where packages put them, and the links that enable them. Enabling is a link, as
 * `systemctl enable` makes it, so that it can be planned, journaled and taken back like any file.
 * Sources: systemd.unit(5) (search path, [Install]), systemctl(1).
 */
import type { HostFiles } from "../host/host.ts";
import type { WantedCommand, WantedLink } from "../step.ts";

const vendorFolders = ["/usr/lib/systemd/system", "/lib/systemd/system"];
const adminFolder = "/etc/systemd/system";

export const daemonReload: WantedCommand = {
  id: "systemctl-daemon-reload",
  argv: ["systemctl", "daemon-reload"],
  reason: "systemd reads its units again",
  due: false,
  derives: [],
};

export interface UnitSeen {
  readonly name: string;
  /** Where the unit file is; null when no package brought it. */
  readonly path: string | null;
  /** Targets that shall pull it in, from its [Install] section. */
  readonly wantedBy: readonly string[];
  /** Targets that somebody else's link, or a package's, pulls it in from: nothing to do there. */
  readonly enabledIn: readonly string[];
  /** A person masked it: their decision. */
  readonly masked: boolean;
}

export function readUnit(files: HostFiles, name: string): UnitSeen {
  const path = vendorFolders.map((folder) => `${folder}/${name}`).find((file) => files.stat(file) !== null) ?? null;
  const wantedBy = parseWantedBy(path === null ? "" : files.readText(path) ?? "");
  const enabledIn = wantedBy.filter((target) => {
    const link = `${adminFolder}/${target}.wants/${name}`;
    if (files.stat(link) !== null && files.readLink(link) !== path) return true;
    return vendorFolders.some((folder) => files.stat(`${folder}/${target}.wants/${name}`) !== null);
  });
  return {
    name,
    path,
    wantedBy,
    enabledIn,
    masked: files.readLink(`${adminFolder}/${name}`) === "/dev/null",
  };
}

export function parseWantedBy(text: string): string[] {
  const install = text.split(/^\[Install\]\s*$/m)[1] ?? "";
  return install.split(/^\[/m)[0]!.split("\n").flatMap((line) => {
    const match = /^WantedBy=(.*)$/.exec(line.trim());
    return match === null ? [] : match[1]!.split(/\s+/).filter((target) => target !== "");
  });
}

/** Where others enabled it already, in whichever folder and however written, there is nothing of ours. */
export function enablingLinks(unit: UnitSeen): WantedLink[] {
  const { name, path } = unit;
  if (path === null || unit.masked) return [];
  return unit.wantedBy.filter((target) => !unit.enabledIn.includes(target)).map((target) => ({
    kind: "link",
    path: `${adminFolder}/${target}.wants/${name}`,
    target: path,
    reason: `${name} starts with the machine`,
    triggers: [daemonReload.id],
  }));
}
