/**
 * How many vCPUs a domain has, and what must agree with that: the topology's product, pins and groups of vCPUs that no
 * longer exist, NUMA cells. Source: libvirt, formatdomain "CPU Allocation", "CPU Tuning", "CPU model and topology".
 */
import { belowLimit, parseCpuList, renderCpuset } from "../cpu_list.ts";
import { insertTop } from "./identity.ts";
import {
  attributeOf,
  childOf,
  childrenOf,
  type Edit,
  insertElements,
  removeAttribute,
  removeElement,
  setAttribute,
  setText,
  type SourceElement,
} from "./source.ts";

/** The domain starts with all of them. */
export function setVcpus(text: string, domain: SourceElement, vcpus: number): Edit[] {
  const vcpu = childOf(domain, "vcpu");
  const count = vcpu === undefined ? [insertTop(text, domain, "vcpu", `<vcpu>${vcpus}</vcpu>`)] : [
    ...setText(text, vcpu, String(vcpus)),
    ...(attributeOf(vcpu, "current") === undefined ? [] : setAttribute(vcpu, "current", String(vcpus))),
  ];
  return [
    ...count,
    ...setStates(text, childOf(domain, "vcpus"), vcpus),
    ...setTopology(childOf(childOf(domain, "cpu"), "topology"), vcpus),
    ...trimTuning(text, childOf(domain, "cputune"), vcpus),
    ...setCells(domain, vcpus),
  ];
}

interface VcpuState {
  readonly id: number;
  readonly hotpluggable: boolean;
  readonly order: number | null;
  /** Null: to be added. */
  readonly entry: SourceElement | null;
}

/** `<vcpus>` names the state of each single vCPU: all that stay and all that come are on. */
function setStates(text: string, states: SourceElement | undefined, vcpus: number): Edit[] {
  const entries = childrenOf(states, "vcpu");
  if (states === undefined || entries.length === 0) return [];
  const idOf = (entry: SourceElement) => Number(attributeOf(entry, "id"));
  const [gone, kept] = [
    entries.filter((entry) => idOf(entry) >= vcpus),
    entries.filter((entry) => idOf(entry) < vcpus),
  ];
  const all: VcpuState[] = [];
  for (let id = 0; id < vcpus; id++) {
    const entry = kept.find((one) => idOf(one) === id) ?? null;
    // QEMU has those that can be unplugged behind those that cannot; whichever is off can be.
    const hotpluggable = entry === null ? all.at(-1)?.hotpluggable ?? false : isHotpluggable(entry);
    const order = entry === null ? undefined : attributeOf(entry, "order");
    all.push({ id, hotpluggable, order: order === undefined ? null : Number(order), entry });
  }
  const orders = rankOrders(all);
  const changed = all.flatMap(({ id, hotpluggable, entry }) => {
    if (entry === null) return [];
    const order = orders.get(id);
    return [
      ...setAttribute(entry, "enabled", "yes"),
      // It goes without saying only while it is off.
      ...(hotpluggable ? setAttribute(entry, "hotpluggable", "yes") : []),
      ...(order === undefined ? [] : setAttribute(entry, "order", String(order))),
    ];
  });
  const added = all.filter(({ entry }) => entry === null).map(({ id, hotpluggable }) => {
    const order = orders.has(id) ? ` order='${orders.get(id)}'` : "";
    return { lines: [`<vcpu id='${id}' enabled='yes' hotpluggable='${hotpluggable ? "yes" : "no"}'${order}/>`] };
  });
  return [
    ...gone.map((entry) => removeElement(text, entry)),
    ...changed,
    ...(added.length === 0 ? [] : [insertElements(text, states, entries.at(-1)!, added)]),
  ];
}

/** As libvirt fills it in: what is off can be plugged in later. */
function isHotpluggable(entry: SourceElement): boolean {
  return (attributeOf(entry, "hotpluggable") ?? (attributeOf(entry, "enabled") === "no" ? "yes" : "no")) === "yes";
}

/**
 * All vCPUs that are on have an order, or none has. It counts from 1 without gaps, those that cannot be unplugged first
 * and by their ids; threads of one core may share one. Source: libvirt, qemuDomainDefVcpusPostParse.
 */
function rankOrders(all: readonly VcpuState[]): ReadonlyMap<number, number> {
  const ranks = new Map<number, number>();
  if (all.every(({ order }) => order === null)) return ranks;
  const late = (state: VcpuState) => state.order ?? Number.MAX_SAFE_INTEGER;
  const sorted = [
    ...all.filter(({ hotpluggable }) => !hotpluggable),
    ...all.filter(({ hotpluggable }) => hotpluggable).toSorted((a, b) => late(a) - late(b) || a.id - b.id),
  ];
  let rank = 0;
  let before: number | null = null;
  for (const { id, order } of sorted) {
    if (order === null || order !== before) rank++;
    before = order;
    ranks.set(id, rank);
  }
  return ranks;
}

/** Threads, dies and sockets stay where the number divides by them; the rest are cores. */
function setTopology(topology: SourceElement | undefined, vcpus: number): Edit[] {
  if (topology === undefined) return [];
  const parts = ["threads", "clusters", "dies", "sockets"].filter((name) => attributeOf(topology, name) !== undefined);
  const sizeOf = (name: string) => Number(attributeOf(topology, name) ?? 1) || 1;
  const product = [...parts, "cores"].reduce((all, name) => all * sizeOf(name), 1);
  if (product === vcpus) return [];
  const edits: Edit[] = [];
  let left = vcpus;
  for (const name of parts) {
    const size = left % sizeOf(name) === 0 ? sizeOf(name) : 1;
    left /= size;
    edits.push(...setAttribute(topology, name, String(size)));
  }
  return [...edits, ...setAttribute(topology, "cores", String(left))];
}

/** Pins and groups of vCPUs that are gone. */
function trimTuning(text: string, tuning: SourceElement | undefined, vcpus: number): Edit[] {
  return (tuning?.children ?? []).flatMap((child): Edit[] => {
    if (child.name === "vcpupin") {
      return Number(attributeOf(child, "vcpu")) >= vcpus ? [removeElement(text, child)] : [];
    }
    return trimGroup(text, child, vcpus);
  });
}

/** vcpusched, cachetune and memorytune, and the monitors inside the latter two: no two of one kind for the same vCPUs. */
function trimGroup(text: string, group: SourceElement, vcpus: number): Edit[] {
  const list = attributeOf(group, "vcpus");
  if (list === undefined) return [];
  const trimmed = belowLimit(list, vcpus);
  const kinOf = (one: SourceElement) => one.name === group.name ? attributeOf(one, "vcpus") : undefined;
  const isTwin = (one: SourceElement) => belowLimit(kinOf(one) ?? "", vcpus) === trimmed;
  const twins = group.name === "monitor" ? group.parent!.children.filter(isTwin) : [group];
  if (trimmed === null || twins[0] !== group) return [removeElement(text, group)];
  return [
    ...setAttribute(group, "vcpus", trimmed),
    ...group.children.flatMap((child) => trimGroup(text, child, vcpus)),
  ];
}

/** vCPUs that are gone leave their cells, new ones join the last; where that would empty a cell, all share evenly. */
function setCells(domain: SourceElement, vcpus: number): Edit[] {
  const cells = childrenOf(childOf(childOf(domain, "cpu"), "numa"), "cell")
    .flatMap((cell) => {
      const cpus = parseCpuList(attributeOf(cell, "cpus") ?? "");
      return cpus === null ? [] : [{ cell, cpus }];
    });
  if (cells.length === 0) return [];
  const known = new Set(cells.flatMap(({ cpus }) => cpus));
  const added = Array.from({ length: vcpus }, (_, cpu) => cpu).filter((cpu) => !known.has(cpu));
  const kept = cells.map(({ cpus }) => cpus.filter((cpu) => cpu < vcpus));
  const shares = [...kept.slice(0, -1), [...kept.at(-1)!, ...added].sort((a, b) => a - b)];
  const wanted = shares.some((share) => share.length === 0) ? evenly(vcpus, cells.length) : shares;
  return cells.flatMap(({ cell, cpus }, index) => {
    const share = wanted[index]!;
    if (share.join() === cpus.join()) return [];
    return share.length === 0 ? removeAttribute(cell, "cpus") : setAttribute(cell, "cpus", renderCpuset(share));
  });
}

/** Contiguous and as equal as it goes, the larger shares first; more cells than vCPUs leaves cells of memory alone. */
function evenly(vcpus: number, cells: number): number[][] {
  const first = (cell: number) => cell * Math.floor(vcpus / cells) + Math.min(cell, vcpus % cells);
  return Array.from(
    { length: cells },
    (_, cell) => Array.from({ length: first(cell + 1) - first(cell) }, (_, cpu) => first(cell) + cpu),
  );
}
