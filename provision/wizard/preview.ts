/** What the wizard shows before its questions and before its last one, for people, within `columns`. Pure. */
import type { Detection } from "../../model/detection.ts";
import type { Finding } from "../../model/errors.ts";
import type { HostSpec } from "../../model/host_spec.ts";
import { wrap } from "../detect_report/text.ts";
import { choiceWords, count, machineWords, printable, SEVERITY_WORDS } from "../detect_report/words.ts";
import type { Plan } from "../step.ts";
import type { WorkloadSpec } from "../workload/spec.ts";
import { vmWords } from "../workload/vm.ts";

const MOST_COLUMNS = 100;

/** What was found, in a few lines; `detect` tells the rest. */
export function renderFound(detection: Detection, columns: number): string[] {
  const lines = ["This machine", ...hang("  ", choiceWords(detection), columns)];
  for (const [label, value] of machineWords(detection)) {
    lines.push(...hang(`  ${label.padEnd(11)} `, value, columns));
  }
  const inTheWay = detection.findings.filter(({ severity }) => severity === "blocker");
  return [...lines, ...inTheWay.flatMap((finding) => renderFinding(finding, columns))];
}

/** The plan without paths and diffs, to fit a console's screen, and what a person should know before saying yes. */
export function renderPreview(
  plan: Plan,
  spec: HostSpec,
  { displays }: Detection,
  notes: readonly Finding[],
  columns: number,
): string[] {
  const steps = plan.steps.filter((step) => step.changes.length > 0);
  const changes = steps.reduce((sum, step) => sum + step.changes.length, 0);
  const reboot = plan.rebootNeeded ? "a reboot makes them effective" : "no reboot is needed";
  const lines = changes === 0 ? ["Nothing is left to change."] : [`The plan: ${count(changes, "change")}, ${reboot}`];
  // One paragraph: twelve lines would push the plan out of a console of 24 before anybody reads it.
  const list = steps.map((step) => `${step.title} (${step.changes.length})`).join(", ");
  if (list !== "") lines.push(...hang("  ", `${list}.`, columns));
  lines.push("What it means");
  for (const title of dark(spec, displays)) lines.push(...hang("  ", title, columns));
  for (const finding of [...plan.blockers ?? [], ...notes]) lines.push(...renderFinding(finding, columns));
  return lines;
}

/** What comes after the host, where the answers want it. */
export function renderWorkload({ media, vm, install }: WorkloadSpec, afterReboot: boolean, columns: number): string[] {
  if (vm === null) return [];
  const fetched = media.filter(({ from }) => from.kind !== "file").map(({ path }) => path.split("/").at(-1)!);
  return [
    afterReboot ? "After the reboot, once all of this is proved" : "After that",
    ...(fetched.length === 0 ? [] : hang("  ", `Fetch and check ${fetched.join(" and ")}.`, columns)),
    ...hang("  ", `Make the VM "${vm.spec.name}": ${vmWords(vm.spec)}.`, columns),
    ...(install ? hang("  ", "Install Windows in it, unattended and watched: some 20 to 60 minutes.", columns) : []),
  ];
}

/** Monitors that the host loses with the card, and whether it keeps one. */
function dark({ gpu, gpuHandover }: HostSpec, displays: Detection["displays"]): string[] {
  if (gpu === null) return [];
  const plugged = displays.filter(({ connected }) => connected);
  const lost = plugged.filter((display) => display.gpu === gpu.address);
  if (gpuHandover) {
    return lost.map((display) =>
      `The monitor ${monitorWords(display)} shows the host until the VM starts, and the VM while it runs.`
    );
  }
  const kept = plugged.filter((display) => display.gpu !== gpu.address);
  const lines = lost.map((display) =>
    `The monitor ${monitorWords(display)} goes dark at the reboot and shows the VM once it runs.`
  );
  for (const display of lost.length === 0 ? [] : kept) {
    lines.push(`The host keeps the monitor ${monitorWords(display)}.`);
  }
  if (lost.length > 0 && kept.length === 0) {
    lines.push(
      "No monitor is left for the host: plug one into its other card, or reach it over the network after the reboot.",
    );
  }
  return lines;
}

/** `DELL U2720Q (HDMI-A-1)`: the name on its frame, and what is printed beside the socket, more or less. */
function monitorWords({ monitor, connector }: Detection["displays"][number]): string {
  const socket = connector.replace(/^card\d+-/, "");
  return monitor === null ? `at ${socket}` : `${monitor} (${socket})`;
}

function renderFinding({ severity, title, hint }: Finding, columns: number): string[] {
  const head = severity === "info" ? "  " : `  ${SEVERITY_WORDS[severity]}: `;
  return [
    ...hang("  ", `${head.trimStart()}${title}.`, columns),
    ...(hint === undefined || severity === "info" ? [] : hang("    -> ", hint, columns)),
  ];
}

/** The first line behind `head`, the others below it. */
function hang(head: string, text: string, columns: number): string[] {
  return wrap(printable(text), Math.max(30, Math.min(columns, MOST_COLUMNS) - head.length))
    .map((line, index) => `${index === 0 ? head : " ".repeat(head.length)}${line}`);
}
