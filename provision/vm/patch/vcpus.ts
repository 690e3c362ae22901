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

/** `<vcpus>` names the state of each single vCPU. */
function setStates(text: string, states: SourceElement | undefined, vcpus: number): Edit[] {
  const entries = childrenOf(states, "vcpu");
  const [first] = entries;
  if (states === undefined || first === undefined) return [];
  const idOf = (entry: SourceElement) => Number(attributeOf(entry, "id"));
  const known = new Set(entries.map(idOf));
  const orders = entries.map((entry) => attributeOf(entry, "order")).filter((order) => order !== undefined).map(Number);
  let last = Math.max(0, ...orders);
  // All that are on must have an order, or none of them.
  const nextOrder = () => orders.length === 0 ? null : String(++last);
  const kept = entries.flatMap((entry) => {
    if (idOf(entry) >= vcpus) return [removeElement(text, entry)];
    const order = attributeOf(entry, "order") ?? nextOrder();
    return [...setAttribute(entry, "enabled", "yes"), ...(order === null ? [] : setAttribute(entry, "order", order))];
  });
  const missing = Array.from({ length: vcpus }, (_, id) => id).filter((id) => !known.has(id));
  const added = missing.map((id) => {
    const order = nextOrder();
    return {
      lines: [`<vcpu id='${id}' enabled='yes' hotpluggable='no'${order === null ? "" : ` order='${order}'`}/>`],
    };
  });
  return [...kept, ...(added.length === 0 ? [] : [insertElements(text, states, entries.at(-1)!, added)])];
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

/** vcpusched, cachetune and memorytune, and the monitors inside the latter two. */
function trimGroup(text: string, group: SourceElement, vcpus: number): Edit[] {
  const list = attributeOf(group, "vcpus");
  if (list === undefined) return [];
  const trimmed = belowLimit(list, vcpus);
  if (trimmed === null) return [removeElement(text, group)];
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
