/**
 * Trial boots that cannot hold: one row each, with what is wrong and what a person reads afterwards. The PC must come
 * back by itself, without passthrough and as it was before.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { dirname } from "node:path";
import { AppliedOnce } from "./applied.ts";
import { quick } from "./layouts.ts";
import { Pc } from "./pc.ts";
import { mustEnd } from "./product_commands.ts";
import { applyAll, type Bench, diskOver, prepare, startPc, stopwatch, trialEnd } from "./scenario.ts";
import { assertSameState, type PcState, readState } from "./state_of_pc.ts";

export interface Sabotage {
  readonly name: string;
  readonly what: string;
  readonly harm: Harm;
  /** Nothing but the reset button ends it: it is pressed when the console shows this. */
  readonly hangsAt?: RegExp;
  /** In the record of the proof. */
  readonly says: RegExp;
  /** On the console, before the machine starts anew. */
  readonly consoleSays?: RegExp;
  /** What was damaged and is made anew, from what it was made from before: not the same bytes. */
  readonly madeAnew?: RegExp;
}

type Harm =
  /** Lies on the disk of every PC of this kind before Neuron comes, and acts where `chosen` says so. */
  | { readonly kind: "system"; readonly install: string }
  /** Something that the start begins with: an apply for this row alone, with this before or after it. */
  | { readonly kind: "boot"; readonly beforeApply?: string; readonly afterApply?: string };

/** Whether this start is the one to be harmed, and in this way: the trial of the PC that has this serial number. */
const chosenScript = `
cat >/usr/local/sbin/chosen <<'END'
#!/bin/sh
grep -q neuron.trial=1 /proc/cmdline && grep -qx "$1" /sys/class/dmi/id/product_serial
END
chmod 755 /usr/local/sbin/chosen`;

const file = (path: string, lines: string) => `
mkdir -p "$(dirname ${path})"
cat >${path} <<'END'
${lines}
END`;

/** A service that does this where it is chosen. */
function service(name: string, words: string, wantedBy: string, unit: string): string {
  return file(
    `/etc/systemd/system/sabotage-${name}.service`,
    `[Unit]
${unit}
[Service]
Type=oneshot
ExecStart=sh -c '! chosen ${name} || { ${words}; }'
[Install]
${wantedBy}`,
  ) + `\nsystemctl enable sabotage-${name}.service`;
}

const inInitialRamDisk = (words: string) => `
cat >/etc/initramfs-tools/scripts/init-top/zz-sabotage <<'END'
#!/bin/sh
[ "$1" = prereqs ] && exit 0
grep -q neuron.trial=1 /proc/cmdline || exit 0
${words}
END
chmod 755 /etc/initramfs-tools/scripts/init-top/zz-sabotage
update-initramfs -u`;

const unfinished = /did not come to its proof/;

/** Fifteen minutes are long for a test; a person shortens them in the same way. */
const timer = "neuron-proof-deadline.timer";
const soon = `mkdir -p /run/systemd/system/${timer}.d; ` +
  `printf "[Timer]\\nOnBootSec=\\nOnBootSec=90\\n" >/run/systemd/system/${timer}.d/soon.conf; systemctl daemon-reload`;
const timerFired = /the trial boot was not proved in time, the machine starts anew/;

export const sabotages: readonly Sabotage[] = [
  {
    name: "wrong-initramfs",
    what: "the initial ram disk that apply built is garbage",
    harm: {
      kind: "boot",
      afterApply: "for disk in /boot/initrd.img-*; do head -c 100000 /dev/urandom >$disk; done",
    },
    says: unfinished,
    madeAnew: /^\/boot\/initrd\.img-\S+ [0-9a-f]{64}$/,
  },
  {
    name: "hang",
    what: "the trial boot hangs, and a person presses the reset button",
    harm: {
      kind: "boot",
      beforeApply: inInitialRamDisk("echo '<2>sabotage: hangs' >/dev/kmsg; while :; do sleep 1000; done"),
    },
    hangsAt: /sabotage: hangs/,
    says: unfinished,
  },
  {
    name: "kernel-panic",
    what: "the kernel panics in the trial boot",
    harm: {
      kind: "system",
      install: service(
        "kernel-panic",
        "echo c >/proc/sysrq-trigger",
        "WantedBy=sysinit.target",
        "DefaultDependencies=no",
      ),
    },
    says: unfinished,
  },
  {
    name: "lost-display",
    what: "the host's own display is gone in the trial boot",
    harm: {
      kind: "system",
      install: service(
        "lost-display",
        // The driver may only just be coming.
        "until echo 0000:00:01.0 >/sys/bus/pci/drivers/bochs-drm/unbind; do sleep 1; done",
        "WantedBy=multi-user.target",
        "Before=multi-user.target",
      ),
    },
    says: /host-screen-lost|host-monitor-lost/,
  },
  {
    name: "no-libvirtd",
    what: "libvirtd does not start in the trial boot",
    harm: {
      kind: "system",
      install: file(
        "/etc/systemd/system/libvirtd.service.d/sabotage.conf",
        "[Service]\nExecStartPre=sh -c '! chosen no-libvirtd'",
      ),
    },
    says: /libvirt-not-answering/,
  },
  {
    name: "services-hang",
    what: "a service of the trial boot never comes to its end",
    harm: {
      kind: "system",
      install: service(
        "services-hang",
        `${soon}; sleep infinity`,
        "WantedBy=multi-user.target",
        "Before=multi-user.target",
      ),
    },
    says: unfinished,
    consoleSays: timerFired,
  },
  {
    name: "emergency-shell",
    what: "a disk is missing in the trial boot, which ends in the emergency shell",
    harm: {
      kind: "system",
      install: service(
        "emergency-shell",
        `${soon}; exit 1`,
        "RequiredBy=local-fs.target",
        "DefaultDependencies=no\nBefore=local-fs.target",
      ),
    },
    says: unfinished,
    consoleSays: timerFired,
  },
];

const inSystem = sabotages.flatMap(({ harm }) => harm.kind === "system" ? [harm.install] : []);
const applied = new AppliedOnce(quick, ["set -e", chosenScript, ...inSystem, "systemctl daemon-reload"].join("\n"));

/** Runs one to its end. @throws Error that says what was not as it should be */
export async function runSabotage(sabotage: Sabotage, bench: Bench): Promise<void> {
  const parts = stopwatch(bench);
  const { pc: started, before } =
    await (sabotage.harm.kind === "system" ? startApplied(sabotage.name, bench) : startAndApply(sabotage.harm, bench));
  await using pc = started;
  parts("apply");
  if (sabotage.hangsAt !== undefined) {
    await pc.untilConsole(sabotage.hangsAt);
    await pc.pressReset();
  }
  const { outcome, text } = await trialEnd(pc);
  await pc.settled();
  assertEquals(outcome, "taken-back", text);
  assert(sabotage.says.test(text), `${sabotage.says} was expected:\n${text}`);
  if (sabotage.consoleSays !== undefined) assertMatch(await pc.console(), sabotage.consoleSays);
  parts("trial");
  // The identity alone is left, since browsers know the machine by it; and the old start runs already.
  await pc.read("test -e /etc/neuron/tls/server.pem");
  await mustEnd(pc, "rollback --yes", [0], 120);
  await pc.reboot();
  const comparable = (state: PcState) => ({
    ...state,
    files: state.files.filter((line) => sabotage.madeAnew?.test(line) !== true),
  });
  assertSameState(comparable(await readState(pc)), comparable(before));
  parts("rollback");
  await pc.shutDown();
}

interface InTrial {
  /** Starts its trial, or has begun to. */
  readonly pc: Pc;
  readonly before: PcState;
}

async function startApplied(serial: string, bench: Bench): Promise<InTrial> {
  const { disk, before } = await applied.from(bench, `${dirname(bench.folder)}/applied`);
  const { folder, product } = bench;
  const pc = new Pc({ hardware: quick.hardware, folder, disk: await diskOver(disk, folder), product, serial });
  await pc.powerOn();
  return { pc, before };
}

async function startAndApply(
  { beforeApply, afterApply }: Extract<Harm, { kind: "boot" }>,
  bench: Bench,
): Promise<InTrial> {
  const pc = await startPc(quick, bench);
  try {
    if (beforeApply !== undefined) await pc.read(beforeApply, 120);
    const before = await readState(pc);
    await prepare(pc, quick);
    await applyAll(pc);
    if (afterApply !== undefined) await pc.read(afterApply);
    await pc.beginReboot();
    return { pc, before };
  } catch (error) {
    await pc.cutPower();
    throw error;
  }
}
