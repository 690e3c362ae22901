import { assertEquals, assertStringIncludes } from "@std/assert";
import { apply } from "../../../provision/engine.ts";
import { fakeHost } from "../../../provision/host/fake.ts";
import type { MemoryDisk } from "../../../provision/host/memory_disk.ts";
import type { Step } from "../../../provision/step.ts";
import { fallbackEntry } from "../../../provision/steps/fallback_entry.ts";
import { trialBoot, trialBootProved } from "../../../provision/steps/trial_boot.ts";
import { brief, changes, debian, function_, problems, spec } from "./machine.ts";

const initrd = "/boot/neuron/initrd.img-6.1.0";
const record = "/etc/neuron/saved-initrd";
const units = "/etc/systemd/system";
/** Routing and screens of a host that a person can work at. */
const alive = {
  ...function_("0000:00:02.0", "8086", "4680", "i915"),
  "/proc/net/route": "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n" +
    "enp3s0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\n",
  "/sys/class/drm/card0": { link: "/sys/devices/pci0000:00/0000:00:02.0/drm/card0" },
  "/sys/class/drm/card0-DP-1": { link: "/sys/devices/pci0000:00/0000:00:02.0/drm/card0/card0-DP-1" },
  "/sys/devices/pci0000:00/0000:00:02.0/drm/card0/card0-DP-1/status": "connected\n",
};
const noBoot = { ...spec, gpu: null };

const applied = async (step: Step, disk: MemoryDisk) =>
  await apply(fakeHost(disk), { steps: [step], spec, phase: "host", origin: null, tell: () => {} });

Deno.test("the entry without passthrough keeps the initial ram disk of now", async () => {
  const disk = debian();
  const planned = await changes(fallbackEntry, disk);
  assertEquals(brief(planned), [
    `create ${initrd}`,
    "create /etc/grub.d/42_neuron",
    `create ${record}`,
    "run update-grub",
  ]);
  assertEquals(planned[0]!.after, { kind: "file", mode: "0600", what: "a copy of /boot/initrd.img-6.1.0" });
});

Deno.test("once saved, it stays what it was while new ones are built", async () => {
  const disk = debian();
  await applied(fallbackEntry, disk);
  disk.put("/boot/initrd.img-6.1.0", "built anew");
  disk.put("/boot/initrd.img-6.2.0", "another kernel");
  disk.put("/boot/grub/grub.cfg", "'neuron-without-passthrough'");
  assertEquals(brief(await changes(fallbackEntry, disk)), []);
});

Deno.test("any altered byte of the saved one, or of its record, is noticed", async () => {
  const disk = debian({ "/boot/grub/grub.cfg": "" });
  await applied(fallbackEntry, disk);
  assertEquals(brief(await changes(fallbackEntry, disk)), []);
  disk.put(initrd, { text: "initrx", mode: 0o600 });
  assertEquals(brief(await changes(fallbackEntry, disk)), [`update ${initrd}`]);
  disk.put(initrd, { text: "initrd", mode: 0o600 });
  const text = fakeHost(disk).readText(record)!;
  for (const at of [0, 50, text.length - 70, text.length - 2]) {
    disk.put(record, `${text.slice(0, at)}${text[at] === "0" ? "1" : "0"}${text.slice(at + 1)}`);
    assertEquals(brief(await changes(fallbackEntry, disk)), [`update ${record}`], `byte ${at}`);
  }
});

Deno.test("a machine that starts as before needs neither entry nor trial", async () => {
  for (const step of [fallbackEntry, trialBoot]) {
    assertEquals(brief(await changes(step, debian({ "/boot/grub/grub.cfg": "" }), noBoot)), [], step.name);
  }
});

Deno.test("another boot loader gets no entry of ours, and its next start is the trial", async () => {
  const disk = debian({ "/etc/kernelstub/configuration": "{}" });
  assertEquals(brief(await changes(fallbackEntry, disk)), []);
  assertEquals(brief(await changes(trialBoot, disk)).filter((line) => line.startsWith("run")), [
    "run systemctl daemon-reload",
  ]);
  await applied(trialBoot, disk);
  assertEquals(brief(await changes(trialBoot, disk)), []);
});

Deno.test("GRUB below /boot/grub2 is asked with its own programs", async () => {
  const disk = debian({ "/boot/grub2/grub.cfg": "'neuron-trial'", "/usr/sbin/grub2-mkconfig": "#!/bin/sh\n" });
  assertEquals(brief(await changes(trialBoot, disk)).filter((line) => line.startsWith("run")), [
    "run grub2-mkconfig -o /boot/grub2/grub.cfg",
    "run grub2-reboot neuron-trial",
    "run systemctl daemon-reload",
  ]);
  await applied(trialBoot, disk);
  disk.put("/boot/grub2/grubenv", "next_entry=neuron-trial\n");
  assertEquals(brief(await changes(trialBoot, disk)), []);
});

Deno.test("a trial is wanted with its units, and GRUB is asked for it once", async () => {
  const disk = debian(alive);
  const made = await changes(trialBoot, disk);
  assertEquals(brief(made), [
    "create /etc/neuron/before-trial",
    "create /etc/neuron/boot-trial",
    `create ${units}/multi-user.target.wants/neuron-proof.service`,
    `create ${units}/neuron-proof-deadline.service`,
    `create ${units}/neuron-proof-deadline.timer`,
    `create ${units}/neuron-proof.service`,
    `create ${units}/sysinit.target.wants/neuron-proof-deadline.timer`,
    "run update-grub",
    "run grub-reboot neuron-trial",
    "run systemctl daemon-reload",
  ]);
  // What timers.target or sysinit.target wait for could be what hangs.
  for (const name of ["neuron-proof-deadline.timer", "neuron-proof-deadline.service"]) {
    const after = made.find(({ target }) => target === `${units}/${name}`)?.after;
    const text = after?.kind === "file" ? after.text ?? "" : "";
    assertStringIncludes(text, "DefaultDependencies=no\n", name);
    assertStringIncludes(text, "ConditionKernelCommandLine=neuron.trial=1\n", name);
  }
});

/** After apply: update-grub, a stand-in that does nothing, left the menu as it was. */
async function underTrial(extra = {}) {
  const disk = debian({ ...alive, ...extra });
  const made = await changes(trialBoot, disk);
  await applied(trialBoot, disk);
  disk.put("/boot/grub/grub.cfg", "'neuron-trial'");
  return { disk, made };
}

Deno.test("the trial is asked for again when GRUB forgot it, not while it is under way", async () => {
  const { disk } = await underTrial();
  assertEquals(brief(await changes(trialBoot, disk)), ["run grub-reboot neuron-trial"]);
  disk.put("/boot/grub/grubenv", "# GRUB Environment Block\nnext_entry=neuron-trial\n####");
  assertEquals(brief(await changes(trialBoot, disk)), []);
  disk.put("/boot/grub/grubenv", "# GRUB Environment Block\n####");
  disk.put("/proc/cmdline", "ro quiet neuron.vfio=1 neuron.trial=1 panic=30\n");
  assertEquals(brief(await changes(trialBoot, disk)), []);
});

Deno.test("what was proved ends the trial; other claims want one of their own", async () => {
  const { disk } = await underTrial();
  const promoted = await changes(trialBootProved, disk);
  assertEquals(brief(promoted).filter((line) => !line.startsWith("delete")), [
    "create /etc/neuron/proved",
    "run update-grub",
    // Before systemd reads its units again: a running timer whose file is gone is failed then.
    "run systemctl stop neuron-proof-deadline.timer*",
    "run systemctl daemon-reload",
  ]);
  assertEquals(promoted.filter(({ action }) => action === "delete").length, 7);
  assertEquals(promoted.some(({ needs }) => needs === "reboot"), false);
  await applied(trialBootProved, disk);
  disk.put("/boot/grub/grub.cfg", "");
  assertEquals(brief(await changes(trialBoot, disk)), []);
  const other = await changes(trialBoot, disk, { ...spec, acsOverride: true });
  assertEquals(brief(other).slice(0, 3), [
    "create /etc/neuron/before-trial",
    "create /etc/neuron/boot-trial",
    "delete /etc/neuron/proved",
  ]);
});

Deno.test("a host that lost its screen, its monitor or its network is told", async () => {
  const { disk } = await underTrial();
  assertEquals(await problems(trialBoot, disk), []);
  disk.put("/proc/net/route", "Iface\tDestination\n");
  disk.put("/sys/devices/pci0000:00/0000:00:02.0/drm/card0/card0-DP-1/status", "disconnected\n");
  disk.unlink("/sys/bus/pci/devices/0000:00:02.0/driver");
  assertEquals((await problems(trialBoot, disk)).map((line) => line.split(" ")[0]), [
    "host-screen-lost",
    "host-monitor-lost",
    "host-network-lost",
  ]);
});

Deno.test("the card that is handed over is no screen of the host", async () => {
  const { disk } = await underTrial({ "/proc/net/route": "" });
  disk.unlink("/sys/bus/pci/devices/0000:01:00.0/driver");
  assertEquals(await problems(trialBoot, disk), []);
});

Deno.test("the unit stays as long as it starts this program, wherever that is called from", async () => {
  const { disk } = await underTrial();
  disk.put("/boot/grub/grubenv", "next_entry=neuron-trial\n");
  const unit = `${units}/neuron-proof.service`;
  const text = fakeHost(disk).readText(unit)!;
  const from = (program: string) => disk.put(unit, text.replace("/usr/bin/neuron-setup", program));
  disk.put("/opt/deno", "");
  disk.put("/opt/neuron/main.ts", "");
  for (const program of ["/opt/deno", "/opt/deno run --allow-all --no-prompt /opt/neuron/main.ts"]) {
    from(program);
    assertEquals(brief(await changes(trialBoot, disk)), [], program);
  }
  for (const program of ["/opt/gone", "/opt/deno run --allow-all --no-prompt /opt/gone.ts", "/opt/deno --other"]) {
    from(program);
    assertEquals(brief(await changes(trialBoot, disk))[0], `update ${unit}`, program);
  }
});

Deno.test("systemd reads the units as they are meant", async () => {
  const { made } = await underTrial();
  const folder = Deno.makeTempDirSync();
  try {
    for (const { target, after } of made) {
      if (after?.kind === "file" && /\.(service|timer)$/.test(target)) {
        Deno.writeTextFileSync(
          `${folder}/${target.split("/").at(-1)}`,
          after.text!.replace("/usr/bin/neuron-setup", "/bin/true"),
        );
      }
    }
    const names = [...Deno.readDirSync(folder)].map(({ name }) => `${folder}/${name}`);
    assertEquals(names.length, 3);
    const { code, stderr } = await new Deno.Command("systemd-analyze", { args: ["verify", "--man=no", ...names] })
      .output();
    const said = new TextDecoder().decode(stderr).split("\n").filter((line) => line.includes("neuron-"));
    assertEquals([code, said], [0, []]);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
  const service = made.find(({ target }) => target.endsWith("neuron-proof.service") && !target.includes("wants"));
  assertStringIncludes(
    service?.after?.kind === "file" ? service.after.text! : "",
    " /usr/bin/neuron-setup prove --restart\n",
  );
});

Deno.test("what a killed write left in the folder of saved ones is none of them", async () => {
  const disk = debian({ "/boot/neuron/.initrd.img-6.1.0.neuron-temp": "half" });
  assertEquals(brief(await changes(fallbackEntry, disk))[0], `create ${initrd}`);
});
