/**
 * What makes a host usable for the person before it: a screen and a network. Seen before the trial boot and again in it.
 * Sources: sysfs-bus-pci, /sys/class/drm (connector status), proc_pid_net(5) (route, ipv6_route).
 */
import type { Finding } from "../../model/errors.ts";
import { cardBoundAtBoot, type HostSpec } from "../../model/host_spec.ts";
import { readDisplays } from "../hardware/displays.ts";
import { Reading } from "../hardware/reading.ts";
import type { Host, HostFiles } from "../host/host.ts";

export interface HostLife {
  /** Graphics devices that stay with the host and that a driver runs, by address. */
  readonly screens: readonly string[];
  /** Connectors of those with a monitor on. */
  readonly monitors: readonly string[];
  /** Network devices with a default route. */
  readonly routes: readonly string[];
}

const devices = "/sys/bus/pci/devices";

export function readHostLife(host: Host, spec: HostSpec): HostLife {
  const given = new Set(cardBoundAtBoot(spec)?.functions.map(({ address }) => address) ?? []);
  const stays = (address: string | null) => address === null || !given.has(address);
  const screens = (host.list(devices) ?? []).filter((address) =>
    stays(address) && host.readText(`${devices}/${address}/class`)?.startsWith("0x03") === true &&
    host.readLink(`${devices}/${address}/driver`) !== null
  );
  const monitors = readDisplays(new Reading(host)).filter(({ connected, gpu }) => connected && stays(gpu));
  return { screens, monitors: monitors.map(({ connector }) => connector), routes: readDefaultRoutes(host) };
}

/** Flag RTF_UP is 1, RTF_REJECT 0x200 (source: linux/route.h). */
function readDefaultRoutes(files: HostFiles): string[] {
  const rows = (path: string) => (files.readText(path) ?? "").split("\n").map((line) => line.trim().split(/\s+/));
  const usable = (flags: string | undefined) => (parseInt(flags ?? "0", 16) & 0x201) === 1;
  const v4 = rows("/proc/net/route").filter((row) => row[1] === "00000000" && row[7] === "00000000" && usable(row[3]))
    .map((row) => row[0]!);
  const v6 = rows("/proc/net/ipv6_route").filter((row) =>
    row[0] === "0".repeat(32) && row[1] === "00" && usable(row[8])
  )
    .map((row) => row[9]!);
  return [...new Set([...v4, ...v6])].filter((name) => name !== "lo").sort();
}

/** What was there before and is not any more. Another monitor, or another network device, is as good as the old one. */
export function lostLife(before: HostLife, now: HostLife): Finding[] {
  const findings: Finding[] = [];
  const lost = (code: string, title: string, hint: string) => findings.push({ code, severity: "blocker", title, hint });
  for (const screen of before.screens.filter((address) => !now.screens.includes(address))) {
    lost(
      "host-screen-lost",
      `The host's own graphics device ${screen} has no driver any more`,
      "The kernel's messages say why (journalctl -b -k)",
    );
  }
  if (before.monitors.length > 0 && now.monitors.length === 0) {
    lost(
      "host-monitor-lost",
      `No monitor is on at the host's own graphics: before it was ${before.monitors.join(", ")}`,
      "Connect a monitor to a card that stays with the host, and switch it on",
    );
  }
  if (before.routes.length > 0 && now.routes.length === 0) {
    lost(
      "host-network-lost",
      `The host has no way to the network any more: before it was ${before.routes.join(", ")}`,
      "Is the network device in the card's IOMMU group? neuron-setup detect shows it",
    );
  }
  return findings;
}
