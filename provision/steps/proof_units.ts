/**
 * The units that end a trial boot: one proves it as soon as the machine is up, one starts the machine again where that
 * takes too long. Sources: systemd.unit(5), systemd.service(5), systemd.timer(5), systemd-run(1), bootup(7).
 */
import type { HostFiles } from "../host/host.ts";
import { readTextOrNull, type WantedCommand, type WantedFile, type WantedLink } from "../step.ts";
import { withHead } from "./written.ts";

const units = "/etc/systemd/system";
const proofUnit = "neuron-proof.service";
const deadlineTimer = "neuron-proof-deadline.timer";
const deadlineUnit = "neuron-proof-deadline.service";

/**
 * How long a trial boot may take to its proof before the machine is started again without passthrough. A person may
 * write another time into a drop-in of the timer, as systemd.unit(5) has it.
 */
const deadlineMinutes = 15;

/**
 * A timer that runs while its file goes is failed for systemd as soon as that reads its units again ("Unit to trigger
 * vanished"). As a pattern it is no error where it does not run (systemctl(1), "Parameter Syntax").
 */
export const stopDeadline: WantedCommand = {
  id: "stop-deadline",
  argv: ["systemctl", "stop", `${deadlineTimer}*`],
  reason: "the time for the trial boot is no longer counted",
  due: false,
  derives: [],
  keeps: true,
};

type UnitFile = Pick<WantedFile, "kind" | "path" | "text">;
type UnitLink = Pick<WantedLink, "kind" | "path" | "target">;

/** One argument of ExecStart, where `%`, `$`, quotes and backslashes mean something (systemd.service(5)). */
const quote = (word: string) =>
  /^[\w@+=:,./-]+$/.test(word)
    ? word
    : `"${word.replace(/[\\"]/g, "\\$&").replaceAll("%", "%%").replaceAll("$", "$$$$")}"`;

const ownUnit = [
  "systemd-run",
  "--collect",
  "--unit=neuron-prove",
  "--property=StandardOutput=journal+console",
  "--property=StandardError=journal+console",
];

/** @param trialPath the file that says that a trial is wanted: without it none of them does anything */
function unitTexts(program: readonly string[], trialPath: string): readonly (readonly [name: string, text: string])[] {
  const condition = `ConditionPathExists=${trialPath}`;
  return [
    [
      proofUnit,
      withHead(
        "Proves the trial boot, or takes back what it was for.",
        `[Unit]
Description=Neuron: proof of the trial boot
${condition}
# What the proof looks at has to have had its time.
After=multi-user.target network-online.target
Wants=network-online.target

[Service]
Type=oneshot
# A unit of its own: this one is removed when the trial has ended, and then systemd would stop what still runs in it.
ExecStart=${[...ownUnit, ...program, "prove", "--restart"].map(quote).join(" ")}

[Install]
WantedBy=multi-user.target
`,
      ),
    ],
    [
      deadlineTimer,
      withHead(
        "A trial boot that hangs comes back.",
        `[Unit]
Description=Neuron: end of the time for the trial boot
${condition}
ConditionKernelCommandLine=neuron.trial=1
# Waits for nothing: a start that hangs early, or ends in the emergency shell, has no timers.target.
DefaultDependencies=no
Conflicts=shutdown.target
Before=shutdown.target

[Timer]
OnBootSec=${deadlineMinutes}min

[Install]
WantedBy=sysinit.target
`,
      ),
    ],
    [
      deadlineUnit,
      withHead(
        "Started by its timer.",
        `[Unit]
Description=Neuron: the trial boot was not proved in time, start without passthrough
${condition}
ConditionKernelCommandLine=neuron.trial=1
DefaultDependencies=no

[Service]
Type=oneshot
StandardOutput=journal+console
ExecStart=echo "Neuron: the trial boot was not proved in time, the machine starts anew without passthrough."
ExecStart=systemctl --force reboot
`,
      ),
    ],
  ];
}

const enablingLinks = [
  { path: `${units}/multi-user.target.wants/${proofUnit}`, target: `${units}/${proofUnit}` },
  { path: `${units}/sysinit.target.wants/${deadlineTimer}`, target: `${units}/${deadlineTimer}` },
];

export const unitPaths = [proofUnit, deadlineTimer, deadlineUnit].map((name) => `${units}/${name}`);
export const unitLinks = enablingLinks.map(({ path }) => path);

/**
 * What the unit that is there starts: good as it is as long as it starts this program, wherever that was called from.
 * Null when it starts anything else, or what is not there.
 */
export function programOfUnit(files: HostFiles): [string, ...string[]] | null {
  const text = readTextOrNull(files, `${units}/${proofUnit}`) ?? "";
  const match =
    /^ExecStart=systemd-run(?: --\S+)* (\/[^\s"]+)(?: run --allow-all --no-prompt ([^\s"]+))? prove --restart$/m.exec(
      text,
    );
  if (match === null) return null;
  const [, program, main] = match;
  if ([program!, ...main === undefined ? [] : [main]].some((path) => files.stat(path) === null)) return null;
  return [program!, ...main === undefined ? [] : ["run", "--allow-all", "--no-prompt", main]];
}

/** The units and what enables them. `program` starts this very program. */
export function proofUnits(program: readonly string[], trialPath: string): (UnitFile | UnitLink)[] {
  return [
    ...unitTexts(program, trialPath).map(([name, text]) => ({ kind: "file", path: `${units}/${name}`, text }) as const),
    ...enablingLinks.map((link) => ({ kind: "link", ...link }) as const),
  ];
}
