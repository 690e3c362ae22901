/**
 * Trial boots that cannot hold: one row each, with what is wrong and what a person reads afterwards. The PC must come
 * back by itself, without passthrough and as it was before.
 */
import { assert, assertEquals } from "@std/assert";
import { quick } from "./layouts.ts";
import { applyAll, type Bench, prepare, startPc, stopwatch, trialEnd } from "./scenario.ts";
import { assertSameState, type PcState, readState } from "./state_of_pc.ts";

export interface Sabotage {
  readonly name: string;
  readonly what: string;
  /** Done before anything else: waits for the trial boot, and harms only that. */
  readonly before?: string;
  /** Done between apply and the reboot. */
  readonly afterApply?: string;
  /** Nothing but the reset button ends it: it is pressed when the console shows this. */
  readonly hangsAt?: RegExp;
  /** In the record of the proof. */
  readonly says: RegExp;
  /** What was damaged and is made anew, from what it was made from before: not the same bytes. */
  readonly madeAnew?: RegExp;
}

const unit = (name: string, lines: string) => `
cat >/etc/systemd/system/${name} <<'END'
${lines}
END`;

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

export const sabotages: readonly Sabotage[] = [
  {
    name: "wrong-initramfs",
    what: "the initial ram disk that apply built is garbage",
    afterApply: "for disk in /boot/initrd.img-*; do head -c 100000 /dev/urandom >$disk; done",
    says: unfinished,
    madeAnew: /^\/boot\/initrd\.img-\S+ [0-9a-f]{64}$/,
  },
  {
    name: "kernel-panic",
    what: "the kernel panics in the trial boot",
    before: inInitialRamDisk("echo c >/proc/sysrq-trigger"),
    says: unfinished,
  },
  {
    name: "hang",
    what: "the trial boot hangs, and a person presses the reset button",
    before: inInitialRamDisk("echo '<2>sabotage: hangs' >/dev/kmsg; while :; do sleep 1000; done"),
    hangsAt: /sabotage: hangs/,
    says: unfinished,
  },
  {
    name: "lost-display",
    what: "the host's own display is gone in the trial boot",
    before: unit(
      "sabotage.service",
      `[Unit]
ConditionKernelCommandLine=neuron.trial=1
Before=multi-user.target
[Service]
Type=oneshot
ExecStart=sh -c 'echo 0000:00:01.0 >/sys/bus/pci/drivers/bochs-drm/unbind'
[Install]
WantedBy=multi-user.target`,
    ) + "\nsystemctl enable sabotage.service",
    says: /host-screen-lost|host-monitor-lost/,
  },
  {
    name: "no-libvirtd",
    what: "libvirtd does not start in the trial boot",
    before: "mkdir -p /etc/systemd/system/libvirtd.service.d" + unit(
      "libvirtd.service.d/sabotage.conf",
      `[Service]
ExecStartPre=sh -c '! grep -q neuron.trial=1 /proc/cmdline'`,
    ) + "\nsystemctl daemon-reload",
    says: /libvirt-not-answering/,
  },
];

/** Runs one to its end. @throws Error that says what was not as it should be */
export async function runSabotage(sabotage: Sabotage, bench: Bench): Promise<void> {
  const parts = stopwatch(bench);
  await using pc = await startPc(quick, bench);
  if (sabotage.before !== undefined) await pc.read(sabotage.before, 120);
  parts("start");
  const before = await readState(pc);
  await prepare(pc, quick);
  await applyAll(pc);
  if (sabotage.afterApply !== undefined) await pc.read(sabotage.afterApply);
  parts("apply");
  const bootId = pc.bootId;
  await pc.beginReboot();
  if (sabotage.hangsAt !== undefined) {
    await pc.untilConsole(sabotage.hangsAt);
    await pc.pressReset();
  }
  await pc.booted(bootId);
  const { outcome, text } = await trialEnd(pc);
  assertEquals(outcome, "taken-back", text);
  assert(sabotage.says.test(text), `${sabotage.says} was expected:\n${text}`);
  parts("trial");
  await pc.reboot();
  const comparable = (state: PcState) => ({
    ...state,
    files: state.files.filter((line) => sabotage.madeAnew?.test(line) !== true),
  });
  assertSameState(comparable(await readState(pc)), comparable(before), identity);
  parts("rollback");
  await pc.shutDown();
}

/** Stays when a trial boot is taken back: browsers know the machine by it. */
const identity = [
  "/etc/neuron",
  "/etc/neuron/tls",
  "/etc/neuron/tls/server.pem",
  "/etc/sysusers.d",
  "/etc/sysusers.d/neuron.conf",
];
