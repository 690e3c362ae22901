/** Plans for people: unified diffs for files, one line for the rest. Pure; colours are the caller's. */
import type { Change, NodeView, Plan } from "./step.ts";

export function renderPlanText(plan: Plan): string {
  const lines: string[] = [];
  for (const step of plan.steps) {
    if (step.changes.length === 0) continue;
    lines.push(`${step.name}: ${step.title}`);
    for (const change of step.changes) {
      lines.push(...renderChange(change).map((line) => line === "" ? "" : `  ${line}`));
    }
    lines.push("");
  }
  for (const blocker of plan.blockers ?? []) {
    lines.push(`blocker: ${blocker.title}`);
    if (blocker.hint !== undefined) lines.push(`  hint: ${blocker.hint}`);
  }
  if (plan.steps.every((step) => step.changes.length === 0)) lines.push("Nothing to change.");
  else lines.push(renderSummary(plan));
  return lines.join("\n");
}

function renderSummary(plan: Plan): string {
  const changes = plan.steps.flatMap((step) => step.changes);
  const commands = changes.filter((change) => change.action === "run").length;
  const files = changes.length - commands;
  const parts = [count(files, "file"), count(commands, "command")].filter((part) => part !== "");
  return `${parts.join(", ")}; ${plan.rebootNeeded ? "a reboot is needed" : "no reboot is needed"}. ${plan.digest}`;
}

const count = (n: number, what: string) => n === 0 ? "" : n === 1 ? `1 ${what}` : `${n} ${what}s`;

function renderChange(change: Change): string[] {
  const head = `${change.action} ${change.target}${change.needs === undefined ? "" : " (reboot)"}`;
  const lines = [`${head} — ${change.reason}`];
  if (change.action === "run") {
    const what = change.after?.kind === "command" ? change.after.what : undefined;
    return what === undefined ? lines : [...lines, `  ${what}`];
  }
  const [before, after] = [change.before, change.after?.kind === "command" ? null : change.after];
  const [old, now] = [before?.text, after?.text];
  if (before?.mode !== undefined && after?.mode !== undefined && before.mode !== after.mode) {
    lines.push(`mode ${before.mode} -> ${after.mode}`);
  }
  if ((before === null || old !== undefined) && (after === null || now !== undefined)) {
    lines.push(...unifiedDiff(change.target, old ?? null, now ?? null).split("\n").filter((line) => line !== ""));
  } else lines.push(`${describe(before)} -> ${describe(after)}`);
  return lines;
}

function describe(view: NodeView | null): string {
  if (view === null) return "nothing";
  if (view.kind === "link") return `link to ${view.target}`;
  if (view.what !== undefined) return view.what;
  return view.sha256 === undefined ? view.kind : `file sha256:${view.sha256.slice(0, 12)}…`;
}

const contextLines = 3;

/** As `diff -u` prints it. `null` is a file that is not there. Empty when nothing differs. */
export function unifiedDiff(path: string, before: string | null, after: string | null): string {
  if (before === after) return "";
  const [old, now] = [splitLines(before ?? ""), splitLines(after ?? "")];
  const edits = diffLines(old, now);
  const name = (text: string | null) => text === null ? "/dev/null" : path;
  const out = [`--- ${name(before)}`, `+++ ${name(after)}`];
  for (const hunk of hunksOf(edits)) {
    const removed = hunk.edits.filter((edit) => edit.sign !== "+").length;
    const added = hunk.edits.filter((edit) => edit.sign !== "-").length;
    out.push(`@@ -${range(hunk.oldStart, removed)} +${range(hunk.newStart, added)} @@`);
    for (const { sign, line } of hunk.edits) {
      if (line.endsWith("\n")) out.push(sign + visible(line.slice(0, -1)));
      else out.push(sign + visible(line), "\\ No newline at end of file");
    }
  }
  return `${out.join("\n")}\n`;
}

/** A file of the machine must not speak to the terminal: control characters and bidi overrides become visible. */
function visible(text: string): string {
  return text.replace(
    /(?!\t)\p{Cc}|[\u202a-\u202e\u2066-\u2069]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

const range = (start: number, length: number) =>
  length === 1 ? `${start}` : `${length === 0 ? start - 1 : start},${length}`;

function splitLines(text: string): string[] {
  return text === "" ? [] : text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

interface Edit {
  readonly sign: " " | "-" | "+";
  readonly line: string;
}

/** Longest common subsequence; configuration files are small, so the plain table will do after equal ends are cut. */
function diffLines(old: readonly string[], now: readonly string[]): Edit[] {
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) head++;
  let tail = 0;
  while (tail < old.length - head && tail < now.length - head && old.at(-1 - tail) === now.at(-1 - tail)) tail++;
  const a = old.slice(head, old.length - tail);
  const b = now.slice(head, now.length - tail);
  return [
    ...old.slice(0, head).map((line): Edit => ({ sign: " ", line })),
    ...middle(a, b),
    ...old.slice(old.length - tail).map((line): Edit => ({ sign: " ", line })),
  ];
}

function middle(a: readonly string[], b: readonly string[]): Edit[] {
  const width = b.length + 1;
  // lengths[i * width + j]: the longest common subsequence of a from i and b from j.
  const lengths = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i * width + j] = a[i] === b[j]
        ? lengths[(i + 1) * width + j + 1]! + 1
        : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!);
    }
  }
  const edits: Edit[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      edits.push({ sign: " ", line: a[i]! });
      i++, j++;
    } else if (i < a.length && (j === b.length || lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!)) {
      edits.push({ sign: "-", line: a[i++]! });
    } else edits.push({ sign: "+", line: b[j++]! });
  }
  return edits;
}

interface Hunk {
  oldStart: number;
  newStart: number;
  edits: Edit[];
}

function hunksOf(edits: readonly Edit[]): Hunk[] {
  const near = new Set<number>();
  for (const [index, { sign }] of edits.entries()) {
    if (sign === " ") continue;
    for (let at = index - contextLines; at <= index + contextLines; at++) near.add(at);
  }
  const hunks: Hunk[] = [];
  let oldLine = 1;
  let newLine = 1;
  for (const [index, edit] of edits.entries()) {
    if (near.has(index)) {
      if (!near.has(index - 1) || hunks.length === 0) hunks.push({ oldStart: oldLine, newStart: newLine, edits: [] });
      hunks.at(-1)!.edits.push(edit);
    }
    if (edit.sign !== "+") oldLine++;
    if (edit.sign !== "-") newLine++;
  }
  return hunks;
}
