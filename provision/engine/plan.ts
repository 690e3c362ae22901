/** From what steps want and what the machine shows to a plan. Only reads; knows no step by name. */
import type { Finding } from "../../model/errors.ts";
import { parentOf } from "../host/files.ts";
import type { Host } from "../host/host.ts";
import { lastRecordedInputs } from "../host/recorded.ts";
import { missingFolders, readNode, renderMode, sha256, viewFile, viewNode } from "../node.ts";
import type {
  Change,
  NodeView,
  Phase,
  Plan,
  Step,
  StepName,
  WantedCommand,
  WantedFile,
  WantedMade,
  WantedNode,
} from "../step.ts";

/** One change with what is needed to make it. */
export type Work =
  | { readonly kind: "node"; readonly step: StepName; readonly change: Change; readonly node: WantedNode }
  | {
    readonly kind: "command";
    readonly step: StepName;
    readonly change: Change;
    readonly command: WantedCommand;
    /** Digest of everything that triggers it, as it shall be. */
    readonly inputs: string;
  };

export interface Planning {
  readonly plan: Plan;
  readonly work: readonly Work[];
  readonly blockers: readonly Finding[];
}

/** `pending` are the commands an earlier run left to do. */
export async function makePlan<Spec>(
  host: Host,
  steps: readonly Step<unknown, Spec>[],
  spec: Spec,
  phase: Phase,
  pending: ReadonlySet<string>,
): Promise<Planning> {
  const blockers: Finding[] = [];
  const work: Work[] = [];
  const commands = new Map<string, { step: StepName; command: WantedCommand; inputs: string[]; due: boolean }>();
  const ours = steps.filter((step) => step.phase === phase);
  for (const step of ours) {
    const seen = await step.inspect(host, spec);
    blockers.push(...step.blockers?.(spec, seen) ?? []);
    const wants = step.wants(spec, seen);
    const changed = new Set<string>();
    for (const node of wants.nodes.toSorted(byPath)) {
      const obstacle = obstacleAt(host, node);
      if (obstacle !== null) blockers.push(obstacle);
      const change = obstacle === null ? changeOf(host, node) : null;
      if (change === null) continue;
      work.push({ kind: "node", step: step.name, change, node });
      for (const id of node.triggers ?? []) changed.add(id);
    }
    for (const command of wants.commands ?? []) {
      const before = commands.get(command.id);
      // Its place is that in the later step, too: what that step lists before it runs before it.
      commands.delete(command.id);
      commands.set(command.id, {
        step: step.name,
        command,
        inputs: [
          ...before?.inputs ?? [],
          ...wants.nodes.filter((node) => node.triggers?.includes(command.id)).map(inputOf),
        ],
        due: before?.due === true || changed.has(command.id) || pending.has(command.id) ||
          command.due === "anywhere" || (host.live && command.due),
      });
    }
  }
  for (const { step, command, inputs, due } of commands.values()) {
    const digest = sha256(inputs.toSorted().join("\n"));
    if (!due || (!host.live && lastRecordedInputs(host.state, step, command.argv) === digest)) continue;
    work.push({ kind: "command", step, change: commandChange(command), command, inputs: digest });
  }
  blockers.push(...readOnlyFolders(host, work));
  return { plan: renderPlan(ours, phase, work, blockers), work: inOrder(ours, work), blockers };
}

type Named = Pick<Step, "name" | "title">;

/** Files of a step before its commands, steps in their order. */
function inOrder(steps: readonly Named[], work: readonly Work[]): Work[] {
  return steps.flatMap((step) => work.filter((item) => item.step === step.name));
}

const byPath = (a: WantedNode, b: WantedNode) => a.path < b.path ? -1 : a.path > b.path ? 1 : 0;

function inputOf(node: WantedNode): string {
  const content = node.kind === "file" ? sha256(node.text) : node.kind === "link" ? node.target : node.kind;
  return `${node.path} ${content}`;
}

export const modeOf = (node: WantedFile | WantedMade) => node.mode ?? 0o644;

/** Null: the path is as it shall be. */
export function changeOf(host: Host, node: WantedNode): Change | null {
  const now = readNode(host, node.path);
  const common = {
    target: node.path,
    reason: node.reason,
    ...(node.needs === undefined ? {} : { needs: node.needs }),
  };
  if (node.kind === "absent") {
    if (now.kind !== "file" && now.kind !== "link") return null;
    return { action: "delete", ...common, before: viewNode(host, node.path), after: null };
  }
  if (node.kind === "link" && now.kind === "link" && now.target === node.target) return null;
  // A hook that root runs, or a key, in the hands of another user is not as it shall be, whatever its bytes.
  const foreign = host.live && now.kind === "file" && now.uid !== 0;
  if (node.kind !== "link" && now.kind === "file" && now.mode === modeOf(node) && !foreign) {
    if (node.kind === "made" ? node.valid : now.sha256 === sha256(node.text)) return null;
  }
  return {
    action: now.kind === "absent" ? "create" : "update",
    ...common,
    ...(foreign ? { reason: `${node.reason}; it belongs to another user than root` } : {}),
    before: viewNode(host, node.path, node.kind === "link" ? undefined : modeOf(node)),
    after: viewWanted(node),
  };
}

function viewWanted(node: Exclude<WantedNode, { kind: "absent" }>): NodeView {
  if (node.kind === "link") return { kind: "link", target: node.target };
  if (node.kind === "made") return { kind: "file", mode: renderMode(node.mode), what: node.what };
  return viewFile(new TextEncoder().encode(node.text), modeOf(node));
}

function commandChange(command: WantedCommand): Change {
  const { argv, reason, needs, what } = command;
  return {
    action: "run",
    target: argv.join(" "),
    before: null,
    after: { kind: "command", argv, ...(what === undefined ? {} : { what }) },
    reason,
    ...(needs === undefined ? {} : { needs }),
  };
}

/** A folder where a file shall be, or something else where a folder shall be, is for a person to judge. */
function obstacleAt(host: Host, node: WantedNode): Finding | null {
  if (node.kind === "absent") return null;
  const kind = host.stat(node.path)?.kind;
  const taken = kind === "folder" || kind === "other";
  const path = taken ? node.path : missingFolders(host, node.path).find((folder) => host.stat(folder) !== null);
  if (path === undefined) return null;
  return {
    code: "path-in-the-way",
    severity: "blocker",
    title: `Cannot write ${node.path}: ${path === node.path ? "it" : path} is ${taken ? "no file" : "no folder"}`,
    hint: "Look at what it is, and move it away",
    target: path,
  };
}

/** Found before the first write, not at the fifth: one finding a reason, naming every folder. */
function readOnlyFolders(host: Host, work: readonly Work[]): Finding[] {
  const derived = host.live ? work.flatMap((item) => item.kind === "command" ? item.command.derives : []) : [];
  const targets = work.flatMap((item) => item.kind === "node" ? [item.node.path] : []);
  const byReason = new Map<string, string[]>();
  for (const folder of new Set([...targets, ...derived].map(parentOf))) {
    const reason = host.whyNotWritable(folder);
    if (reason !== null) byReason.set(reason, [...byReason.get(reason) ?? [], folder]);
  }
  return [...byReason].map(([reason, folders]) => ({
    code: "not-writable",
    severity: "blocker",
    title: `Cannot write in ${folders.join(", ")}: ${reason}`,
    hint: "Run it as root, and mount these folders writable",
  }));
}

function renderPlan(steps: readonly Named[], phase: Phase, work: readonly Work[], blockers: readonly Finding[]): Plan {
  const shown = steps.map(({ name, title }) => ({
    name,
    title,
    changes: work.filter((item) => item.step === name).map(({ change }) => change),
  }));
  return {
    schema: "neuron.plan/1",
    phase,
    digest: `sha256:${sha256(JSON.stringify([phase, shown]))}`,
    rebootNeeded: work.some(({ change }) => change.needs === "reboot"),
    steps: shown,
    ...(blockers.length === 0 ? {} : { blockers }),
  };
}
