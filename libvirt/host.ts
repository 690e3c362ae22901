/** What a daemon says of its host, in plain units. Pure. */
import type { RemoteConnectGetDomainCapabilitiesArgs, RemoteNodeGetInfoRet } from "./protocol/remote.gen.ts";

export interface NodeInfo {
  /** The processor's architecture, such as `x86_64`. */
  model: string;
  memoryKib: number;
  /** Logical processors. */
  cpus: number;
  mhz: number;
  numaNodes: number;
  socketsPerNode: number;
  coresPerSocket: number;
  threadsPerCore: number;
}

/** Which kind of domain is meant; libvirt chooses what is left out. */
export interface DomainCapabilitiesQuery {
  emulator?: string;
  /** `x86_64` */
  arch?: string;
  /** `q35` */
  machine?: string;
  /** `kvm`, `qemu` */
  virtType?: string;
}

export function domainCapabilitiesArgs(query: DomainCapabilitiesQuery): RemoteConnectGetDomainCapabilitiesArgs {
  return {
    emulatorbin: query.emulator ?? null,
    arch: query.arch ?? null,
    machine: query.machine ?? null,
    virttype: query.virtType ?? null,
    flags: 0,
  };
}

export function nodeInfo(info: RemoteNodeGetInfoRet): NodeInfo {
  return {
    model: textOfChars(info.model),
    memoryKib: Number(info.memory),
    cpus: info.cpus,
    mhz: info.mhz,
    numaNodes: info.nodes,
    socketsPerNode: info.sockets,
    coresPerSocket: info.cores,
    threadsPerCore: info.threads,
  };
}

/** libvirt packs a version as major × 1,000,000 + minor × 1,000 + release. */
export function versionText(packed: bigint): string {
  const version = Number(packed);
  return [Math.floor(version / 1_000_000), Math.floor(version / 1000) % 1000, version % 1000].join(".");
}

/** A C string in an array of chars, up to its NUL. */
function textOfChars(chars: readonly number[]): string {
  const end = chars.indexOf(0);
  const bytes = Uint8Array.from(end < 0 ? chars : chars.slice(0, end), (char) => char & 0xff);
  return new TextDecoder().decode(bytes);
}
