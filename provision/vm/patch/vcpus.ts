/**
 * How many vCPUs a domain has, and what must agree with that: the topology's product, pins and groups of vCPUs that no
 * longer exist, NUMA cells. Source: libvirt, formatdomain "CPU Allocation", "CPU Tuning", "CPU model and topology".
 */
import { AppError } from "../../../model/errors.ts";
import { belowLimit, parseCpuList, renderCpuset } from "../cpu_list.ts";
import { insertTop } from "./identity.ts";
import {
  attributeOf,
  childOf,
  childrenOf,
  type Edit,
  insertElements,
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
  let order = Math.max(0, ...orders);
  const missing = Array.from({ length: vcpus }, (_, id) => id).filter((id) => !known.has(id));
  const added = missing.map((id) => ({
    lines: [`<vcpu id='${id}' enabled='yes' hotpluggable='no'${orders.length > 0 ? ` order='${++order}'` : ""}/>`],
  }));
  return [
    ...entries.flatMap((entry) =>
      idOf(entry) >= vcpus ? [removeElement(text, entry)] : setAttribute(entry, "enabled", "yes")
    ),
    ...(added.length === 0 ? [] : [insertElements(text, states, entries.at(-1)!, added)]),
  ];
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

/** vCPUs that are gone leave their cells; new ones join the last. */
function setCells(domain: SourceElement, vcpus: number): Edit[] {
  const cells = childrenOf(childOf(childOf(domain, "cpu"), "numa"), "cell")
    .flatMap((cell) => {
      const cpus = parseCpuList(attributeOf(cell, "cpus") ?? "");
      return cpus === null ? [] : [{ cell, cpus }];
    });
  const last = cells.at(-1);
  if (last === undefined) return [];
  const known = new Set(cells.flatMap(({ cpus }) => cpus));
  const added = Array.from({ length: vcpus }, (_, cpu) => cpu).filter((cpu) => !known.has(cpu));
  return cells.flatMap(({ cell, cpus }) => {
    const wanted = [...cpus.filter((cpu) => cpu < vcpus), ...(cell === last.cell ? added : [])].sort((a, b) => a - b);
    if (wanted.length === 0) throw emptyCell(attributeOf(cell, "id"), vcpus);
    return wanted.join() === cpus.join() ? [] : setAttribute(cell, "cpus", renderCpuset(wanted));
  });
}

function emptyCell(id: string | undefined, vcpus: number): AppError {
  return new AppError("unsupported", `Cannot set ${vcpus} vCPUs: NUMA cell ${id ?? ""} of the domain would have none`, {
    hint: "Ask for more vCPUs, or decide in <numa> (virsh edit) which cells shall stay",
  });
}
