/**
 * How the new system's network is told: a keyfile of NetworkManager where that is there, else a file of systemd-networkd.
 * Sources: nm-settings-keyfile(5), systemd.network(5). Pure.
 */
import type { PlannedFile } from "./files.ts";
import type { Identities } from "./identities.ts";
import type { LiveSystem } from "./live_system.ts";
import { ipFamily, type NetworkSettings } from "./settings.ts";

/** Null: the program does it by itself (NetworkManager asks by DHCP on every cable). */
export function networkFile(network: NetworkSettings, ids: Identities, system: LiveSystem): PlannedFile | null {
  const reason = network.mode === "dhcp" ? "network by DHCP" : `network with the address ${network.address}`;
  if (!system.networkManager) {
    const content = { text: networkdFile(network) };
    return { path: "/etc/systemd/network/10-neuron.network", content, reason };
  }
  if (network.mode === "dhcp" && network.device === null) return null;
  // NetworkManager reads no keyfile that others may read.
  const content = { text: keyfile(network, ids), mode: 0o600 };
  return { path: "/etc/NetworkManager/system-connections/neuron.nmconnection", content, reason };
}

function networkdFile(network: NetworkSettings): string {
  const match = network.device === null ? "Type=ether" : `Name=${network.device}`;
  const lines = network.mode === "dhcp" ? ["DHCP=yes"] : [
    `Address=${network.address}`,
    ...(network.gateway === null ? [] : [`Gateway=${network.gateway}`]),
    ...network.nameServers.map((server) => `DNS=${server}`),
  ];
  return ["[Match]", match, "", "[Network]", ...lines, ""].join("\n");
}

function keyfile(network: NetworkSettings, ids: Identities): string {
  const head = [
    "[connection]",
    "id=neuron",
    `uuid=${ids.connection}`,
    "type=ethernet",
    ...(network.device === null ? [] : [`interface-name=${network.device}`]),
    "autoconnect-priority=10",
    "",
  ];
  if (network.mode === "dhcp") return [...head, "[ipv4]", "method=auto", "", "[ipv6]", "method=auto", ""].join("\n");
  const family = ipFamily(network.address.split("/")[0]!);
  const section = (of: 4 | 6) => {
    const servers = network.nameServers.filter((server) => ipFamily(server) === of);
    const isOurs = of === family;
    return [
      `[ipv${of}]`,
      // The other family as the network offers it.
      `method=${isOurs ? "manual" : "auto"}`,
      ...(isOurs ? [`address1=${network.address}${network.gateway === null ? "" : `,${network.gateway}`}`] : []),
      ...(servers.length === 0 ? [] : [`dns=${servers.map((server) => `${server};`).join("")}`]),
      "",
    ];
  };
  return [...head, ...section(4), ...section(6)].join("\n");
}
