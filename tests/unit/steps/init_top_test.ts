/** The script of the initial ram disk, run for real by dash and by busybox (Debian's initrd has that) on a made-up /sys. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import script from "../../../provision/steps/scripts/initramfs_init_top.sh" with { type: "text" };

interface Machine {
  readonly cmdline?: string;
  /** Address to "vendor device driver". */
  readonly devices: Readonly<Record<string, string>>;
  readonly functions: string;
}

interface Result {
  readonly code: number;
  /** What was written: driver_override by address, unbind by driver, drivers_probe. */
  readonly overrides: Readonly<Record<string, string>>;
  readonly unbound: readonly string[];
  readonly probed: string;
  readonly modprobed: string;
  readonly messages: string;
}

const CARD = "0000:01:00.0 10de 2206\n0000:01:00.1 10de 1aef\n";
const IN_PLACE = { "0000:01:00.0": "10de 2206 nouveau", "0000:01:00.1": "10de 1aef snd_hda_intel" };

/** Both shells must do the same; what they did is then one result. */
async function boot(machine: Machine): Promise<Result> {
  const [dash, busybox] = [await bootWith(["sh"], machine), await bootWith(["busybox", "sh"], machine)];
  assertEquals(busybox, dash, "busybox does something else");
  return dash;
}

async function bootWith(
  [shell, ...words]: readonly [string, ...string[]],
  { cmdline = "ro neuron.vfio=1 quiet", devices, functions }: Machine,
): Promise<Result> {
  const root = Deno.makeTempDirSync();
  try {
    const put = (path: string, text: string) => {
      Deno.mkdirSync(`${root}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
      Deno.writeTextFileSync(`${root}/${path}`, text);
    };
    const get = (path: string) => {
      try {
        return Deno.readTextFileSync(`${root}/${path}`).trim();
      } catch {
        return "";
      }
    };
    put("proc/cmdline", `${cmdline}\n`);
    put("dev/kmsg", "");
    put("etc/neuron/vfio-functions", functions);
    put("sys/bus/pci/drivers_probe", "");
    for (const [address, device] of Object.entries(devices)) {
      const [vendor, id, driver] = device.split(" ");
      put(`sys/bus/pci/devices/${address}/vendor`, `0x${vendor}\n`);
      put(`sys/bus/pci/devices/${address}/device`, `0x${id}\n`);
      if (driver === undefined) continue;
      put(`sys/bus/pci/drivers/${driver}/unbind`, "");
      Deno.symlinkSync(`../../drivers/${driver}`, `${root}/sys/bus/pci/devices/${address}/driver`);
    }
    put("bin/modprobe", `#!/bin/sh\necho "$@" >>"${root}/modprobed"\n`);
    Deno.chmodSync(`${root}/bin/modprobe`, 0o755);
    put("script", script);
    const command = new Deno.Command(shell, {
      args: [...words, "-u", `${root}/script`],
      env: { NEURON_ROOT: root, PATH: `${root}/bin:/usr/bin:/bin` },
    });
    const { code } = await command.output().catch((cause) => {
      throw new Error(`${shell} is needed: apt install busybox`, { cause });
    });
    const addresses = Object.keys(devices);
    const drivers = addresses.map((address) => devices[address]!.split(" ")[2]).filter((name) => name !== undefined);
    return {
      code,
      overrides: Object.fromEntries(
        addresses.map((address) => [address, get(`sys/bus/pci/devices/${address}/driver_override`)])
          .filter(([, text]) => text !== ""),
      ),
      unbound: drivers.map((driver) => get(`sys/bus/pci/drivers/${driver}/unbind`)).filter((text) => text !== ""),
      probed: get("sys/bus/pci/drivers_probe"),
      modprobed: get("modprobed"),
      messages: get("dev/kmsg"),
    };
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
}

Deno.test("every function of the card goes to vfio-pci, away from a driver that has it", async () => {
  const result = await boot({ devices: IN_PLACE, functions: `# a comment\n\n${CARD}` });
  assertEquals(result, {
    code: 0,
    overrides: { "0000:01:00.0": "vfio-pci", "0000:01:00.1": "vfio-pci" },
    unbound: ["0000:01:00.0", "0000:01:00.1"],
    probed: "0000:01:00.1",
    modprobed: "vfio-pci",
    messages: "",
  });
});

Deno.test("of two identical cards only the one at the address is taken", async () => {
  const devices = { ...IN_PLACE, "0000:02:00.0": "10de 2206 nouveau", "0000:02:00.1": "10de 1aef snd_hda_intel" };
  const { overrides } = await boot({ devices, functions: CARD });
  assertEquals(Object.keys(overrides), ["0000:01:00.0", "0000:01:00.1"]);
});

Deno.test("without the word on the kernel's line nothing is touched", async () => {
  for (const cmdline of ["ro quiet", "ro neuron.vfio=0", "xneuron.vfio=1", "neuron.vfio=10"]) {
    const { code, overrides, modprobed } = await boot({ cmdline, devices: IN_PLACE, functions: CARD });
    assertEquals({ code, overrides, modprobed }, { code: 0, overrides: {}, modprobed: "" }, cmdline);
  }
});

Deno.test("another device at the address is never seized, nor the rest of the card, and it is said", async () => {
  const devices = { ...IN_PLACE, "0000:01:00.1": "144d a808 nvme" };
  const { code, overrides, unbound, messages } = await boot({ devices, functions: CARD });
  assertEquals({ code, overrides, unbound }, { code: 0, overrides: {}, unbound: [] });
  assertStringIncludes(messages, "neuron: 144d a808 at 0000:01:00.1, where 10de 1aef was: the card is left alone");
});

Deno.test("a card that is gone is said, and stops nothing", async () => {
  const { code, overrides, messages } = await boot({ devices: {}, functions: CARD });
  assertEquals({ code, overrides }, { code: 0, overrides: {} });
  assertStringIncludes(messages, "no device at 0000:01:00.0");
});

Deno.test("a function vfio-pci holds already is not torn from it", async () => {
  const devices = { "0000:01:00.0": "10de 2206 vfio-pci", "0000:01:00.1": "10de 1aef" };
  const { unbound, probed } = await boot({ devices, functions: CARD });
  assertEquals({ unbound, probed }, { unbound: [], probed: "0000:01:00.1" });
});

Deno.test("a parameter at the very end, or a line without an end, is understood", async () => {
  for (const cmdline of ["ro neuron.vfio=1", "neuron.vfio=1"]) {
    const { modprobed } = await boot({ cmdline, devices: IN_PLACE, functions: CARD });
    assertEquals(modprobed, "vfio-pci");
  }
});
