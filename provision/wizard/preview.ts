/** What the wizard shows before its questions and before its last one, for people, within `columns`. Pure. */
import type { Detection } from "../../model/detection.ts";
import type { Finding } from "../../model/errors.ts";
import type { HostSpec } from "../../model/host_spec.ts";
import { wrap } from "../detect_report/text.ts";
import { choiceWords, count, machineWords, printable, SEVERITY_WORDS } from "../detect_report/words.ts";
import type { Plan } from "../step.ts";

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
  for (const step of steps) {
    lines.push(...hang("  ", `${step.title}: ${count(step.changes.length, "change")}`, columns));
  }
  lines.push("What it means");
  for (const title of dark(spec, displays)) lines.push(...hang("  ", title, columns));
  for (const finding of [...plan.blockers ?? [], ...notes]) lines.push(...renderFinding(finding, columns));
  return lines;
}

/** Monitors that the host loses with the card. */
function dark({ gpu }: HostSpec, displays: Detection["displays"]): string[] {
  return displays.filter((display) => display.connected && gpu !== null && display.gpu === gpu.address)
    .map(({ monitor, connector }) =>
      `The monitor ${monitor ?? "without a name"} (${connector}) goes dark at the reboot and shows the VM once it runs.`
    );
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
