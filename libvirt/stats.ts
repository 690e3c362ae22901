/** Domain state and statistics in bulk: one call for all domains, typed and in plain units. */
import type { Caller } from "./caller.ts";
import { Domain } from "./domain.ts";
import { type DomainState, domainState, stateReason } from "./domain_state.ts";
import { flagSet, type FlagsOf } from "./names.ts";
import { VirConnectGetAllDomainStatsFlags, VirDomainStatsTypes } from "./protocol/constants.gen.ts";
import type { RemoteDomainStatsRecord } from "./protocol/remote.gen.ts";
import { type TypedParams, typedParams } from "./typed_params.ts";

const groupFlags = flagSet(VirDomainStatsTypes, "VIR_DOMAIN_STATS_");
const queryFlags = flagSet(VirConnectGetAllDomainStatsFlags, "VIR_CONNECT_GET_ALL_DOMAINS_STATS_");

/** Groups of statistics: `{ state: true, cpuTotal: true, balloon: true, vcpu: true, interface: true, block: true, … }`. */
export type StatsGroups = FlagsOf<typeof VirDomainStatsTypes, "VIR_DOMAIN_STATS_">;

export interface StatsQuery {
  /** The groups wanted; all that the daemon has when left out. */
  groups?: StatsGroups;
  /** Which domains, as for listing; `nowait` skips what a domain busy with a job would make us wait for. */
  filter?: FlagsOf<typeof VirConnectGetAllDomainStatsFlags, "VIR_CONNECT_GET_ALL_DOMAINS_STATS_">;
  /** Only these domains; all when left out. */
  domains?: readonly Domain[];
}

export interface DomainWithState {
  domain: Domain;
  state: DomainState;
  /** Why it is in that state: `booted`, `user`, `migrated`, … */
  reason: string;
}

/**
 * A domain's statistics. A field is undefined where the daemon gave none (a group not asked for, a domain that is off, a
 * guest without a balloon driver). `raw` has everything by libvirt's own names (virConnectGetAllDomainStats).
 */
export interface DomainStats {
  domain: Domain;
  state: DomainState | undefined;
  reason: string | undefined;
  /** Since the domain was started. */
  cpu: { timeNs: number | undefined; userNs: number | undefined; systemNs: number | undefined };
  balloon: {
    currentKib: number | undefined;
    maximumKib: number | undefined;
    /** What the guest says, through its balloon driver. */
    unusedKib: number | undefined;
    usableKib: number | undefined;
    availableKib: number | undefined;
    /** What the guest takes on the host. */
    residentKib: number | undefined;
  };
  vcpus: { timeNs: number | undefined; waitNs: number | undefined; halted: boolean | undefined }[];
  interfaces: { name: string; rxBytes: number; txBytes: number; rxDropped: number; txDropped: number }[];
  blocks: {
    name: string;
    path: string | undefined;
    readBytes: number;
    writtenBytes: number;
    readRequests: number;
    writeRequests: number;
    allocationBytes: number | undefined;
    capacityBytes: number | undefined;
    physicalBytes: number | undefined;
  }[];
  raw: TypedParams;
}

async function records(connection: Caller, query: StatsQuery): Promise<RemoteDomainStatsRecord[]> {
  const { retStats } = await connection.call("CONNECT_GET_ALL_DOMAIN_STATS", {
    doms: query.domains?.map((domain) => domain.ref) ?? [],
    stats: groupFlags(query.groups),
    flags: queryFlags(query.filter),
  });
  return retStats;
}

/** See Connection.listDomainsWithState. */
export async function domainsWithState(connection: Caller): Promise<DomainWithState[]> {
  const found = await records(connection, { groups: { state: true } });
  return found.map(({ dom, params }) => {
    let state = 0;
    let reason = 0;
    for (const { field, value } of params) {
      if (field === "state.state") state = Number(value.value);
      else if (field === "state.reason") reason = Number(value.value);
    }
    return { domain: new Domain(connection, dom), state: domainState(state), reason: stateReason(state, reason) };
  });
}

/** See Connection.allDomainStats. */
export async function allDomainStats(connection: Caller, query: StatsQuery): Promise<DomainStats[]> {
  const found = await records(connection, query);
  return found.map(({ dom, params }) => domainStats(new Domain(connection, dom), typedParams(params)));
}

function domainStats(domain: Domain, raw: TypedParams): DomainStats {
  const number = (name: string) => {
    const value = raw[name];
    return typeof value === "number" ? value : undefined;
  };
  const text = (name: string) => {
    const value = raw[name];
    return typeof value === "string" ? value : undefined;
  };
  const state = number("state.state");
  const each = <T>(count: number | undefined, make: (index: number) => T) =>
    Array.from({ length: count ?? 0 }, (_, index) => make(index));
  return {
    domain,
    state: state === undefined ? undefined : domainState(state),
    reason: state === undefined ? undefined : stateReason(state, number("state.reason") ?? 0),
    cpu: { timeNs: number("cpu.time"), userNs: number("cpu.user"), systemNs: number("cpu.system") },
    balloon: {
      currentKib: number("balloon.current"),
      maximumKib: number("balloon.maximum"),
      unusedKib: number("balloon.unused"),
      usableKib: number("balloon.usable"),
      availableKib: number("balloon.available"),
      residentKib: number("balloon.rss"),
    },
    vcpus: each(number("vcpu.maximum"), (i) => {
      const halted = raw[`vcpu.${i}.halted`];
      return {
        timeNs: number(`vcpu.${i}.time`),
        waitNs: number(`vcpu.${i}.wait`),
        halted: typeof halted === "boolean" ? halted : undefined,
      };
    }),
    interfaces: each(number("net.count"), (i) => ({
      name: text(`net.${i}.name`) ?? "",
      rxBytes: number(`net.${i}.rx.bytes`) ?? 0,
      txBytes: number(`net.${i}.tx.bytes`) ?? 0,
      rxDropped: number(`net.${i}.rx.drop`) ?? 0,
      txDropped: number(`net.${i}.tx.drop`) ?? 0,
    })),
    blocks: each(number("block.count"), (i) => ({
      name: text(`block.${i}.name`) ?? "",
      path: text(`block.${i}.path`),
      readBytes: number(`block.${i}.rd.bytes`) ?? 0,
      writtenBytes: number(`block.${i}.wr.bytes`) ?? 0,
      readRequests: number(`block.${i}.rd.reqs`) ?? 0,
      writeRequests: number(`block.${i}.wr.reqs`) ?? 0,
      allocationBytes: number(`block.${i}.allocation`),
      capacityBytes: number(`block.${i}.capacity`),
      physicalBytes: number(`block.${i}.physical`),
    })),
    raw,
  };
}
