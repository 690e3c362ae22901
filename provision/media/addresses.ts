/**
 * Whether an IP address belongs to the public internet. What a link or a redirect leads to must: else a download could
 * be made to talk to this machine, to its network or to a cloud's metadata service (169.254.169.254).
 * Source: IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890 and its updates).
 */
import { isIP } from "node:net";

/** Networks that are not globally reachable, as address and prefix length. */
const privateIpv4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
];

/** Of 2000::/3; everything outside 2000::/3 is not global unicast anyway. */
const privateIpv6: readonly (readonly [string, number])[] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
];

/** False for what is no address. */
export function isPublicAddress(address: string): boolean {
  const bare = address.split("%")[0]!;
  const family = isIP(bare);
  if (family === 4) return isPublicIpv4(ipv4Bits(bare));
  if (family !== 6) return false;
  const bits = ipv6Bits(bare);
  // IPv4 inside IPv6: mapped (RFC 4291) and NAT64 (RFC 6052) reach the IPv4 address in their last 32 bits.
  if (bits >> 32n === 0xffffn || bits >> 32n === ipv6Bits("64:ff9b::") >> 32n) {
    return isPublicIpv4(Number(bits & 0xffffffffn));
  }
  return within6(bits, "2000::", 3) && !privateIpv6.some(([network, length]) => within6(bits, network, length));
}

/** The address in a URL's host (`127.0.0.1`, `[::1]`); null for a name. */
export function literalAddress(hostname: string): string | null {
  const bare = hostname.replace(/^\[(.*)\]$/, "$1");
  return isIP(bare) === 0 ? null : bare;
}

function isPublicIpv4(bits: number): boolean {
  return !privateIpv4.some(([network, length]) => (bits ^ ipv4Bits(network)) >>> (32 - length) === 0);
}

function ipv4Bits(address: string): number {
  return address.split(".").reduce((bits, part) => (bits << 8 | Number(part)) >>> 0, 0);
}

function within6(bits: bigint, network: string, length: number): boolean {
  return (bits ^ ipv6Bits(network)) >> BigInt(128 - length) === 0n;
}

/** The 128 bits of a valid address, `::` and a dotted tail included. */
function ipv6Bits(address: string): bigint {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  const text = dotted === null ? address : `${dotted[1]}${asGroups(ipv4Bits(dotted[2]!))}`;
  const [left, right] = text.split("::") as [string, string | undefined];
  const head = left === "" ? [] : left.split(":");
  const tail = right === undefined || right === "" ? [] : right.split(":");
  const groups = [...head, ...Array(8 - head.length - tail.length).fill("0") as string[], ...tail];
  return groups.reduce((bits, group) => bits << 16n | BigInt(`0x${group}`), 0n);
}

function asGroups(ipv4: number): string {
  return `${(ipv4 >>> 16).toString(16)}:${(ipv4 & 0xffff).toString(16)}`;
}
