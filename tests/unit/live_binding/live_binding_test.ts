/** Taking a card and giving it back on a kernel in memory: what is left after each failure and each kill. */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { AppError } from "../../../model/errors.ts";
import { failure } from "../../../provision/host/memory_disk.ts";
import { releaseCard, takeCard } from "../../../provision/live_binding/live_binding.ts";
import { Kernel, machine } from "./kernel.ts";

const before = { "0000:02:00.0": "nouveau (null)", "0000:02:00.1": "snd_hda_intel (null)" };
const taken = { "0000:02:00.0": "vfio-pci vfio-pci", "0000:02:00.1": "vfio-pci vfio-pci" };
const devices = "/sys/bus/pci/devices";

async function take(kernel: Kernel) {
  const { host, gpu, detection } = kernel.look();
  return await takeCard(host, gpu, detection);
}

async function release(kernel: Kernel) {
  const { host, gpu, detection } = kernel.look();
  return await releaseCard(host, gpu, detection);
}

Deno.test("every function goes to vfio-pci and back to the driver it had; twice is success", async () => {
  const kernel = Kernel.boot();
  assertEquals((await take(kernel)).changed, true);
  assertEquals(kernel.card(), taken);
  assertEquals(await take(kernel), {
    changed: false,
    functions: [{ address: "0000:02:00.0", driver: "vfio-pci" }, { address: "0000:02:00.1", driver: "vfio-pci" }],
  });
  assertEquals((await release(kernel)).changed, true);
  assertEquals(kernel.card(), before);
  assertEquals((await release(kernel)).changed, false);
  assertEquals(kernel.driver("0000:00:02.0"), "i915");
});

Deno.test("a function without a driver, or with somebody's override, gets exactly that back", async () => {
  const without = machine.map((device) => {
    if (device.at !== "0000:02:00.1") return device;
    const { driver: _, ...rest } = device;
    return rest;
  });
  const kernel = Kernel.boot({ [`${devices}/0000:02:00.0/driver_override`]: "nouveau\n" }, without);
  const untouched = kernel.card();
  assertEquals(untouched, { "0000:02:00.0": "nouveau nouveau", "0000:02:00.1": "null (null)" });
  await take(kernel);
  assertEquals(kernel.card(), taken);
  await release(kernel);
  assertEquals(kernel.card(), untouched);
});

/** Runs with the fault at each changing call in turn, until a run meets none. */
async function atEachCall(
  run: (fault: (kernel: Kernel) => void, number: number) => Promise<boolean>,
  error: () => Error,
) {
  for (let number = 1;; number++) {
    let met = false;
    const arm = (kernel: Kernel) => {
      let calls = 0;
      kernel.before = (_call, _path, changes) => {
        if (!changes || ++calls !== number) return;
        met = true;
        throw error();
      };
    };
    if (!await run(arm, number) || !met) return number - 1;
  }
}

Deno.test("a write that fails, whichever, takes back what was done", async () => {
  const calls = await atEachCall(async (arm, number) => {
    const kernel = Kernel.boot();
    arm(kernel);
    const error = await take(kernel).then(() => null, (thrown: unknown) => thrown);
    kernel.before = () => {};
    if (error === null) return false;
    assertEquals(error instanceof AppError, true, `${error}`);
    assertEquals(kernel.card(), before, `after call ${number}`);
    await take(kernel);
    await release(kernel);
    assertEquals(kernel.card(), before);
    return true;
  }, () => failure("EIO", "here"));
  assertEquals(calls > 8, true, `${calls} calls`);
});

class Killed extends Error {}

/** From the fault on nothing runs any more, not even the taking back. */
function killAt(kernel: Kernel, number: number): () => boolean {
  let calls = 0;
  let dead = false;
  kernel.before = (_call, _path, changes) => {
    if (dead || (changes && ++calls === number)) {
      dead = true;
      throw new Killed();
    }
  };
  return () => dead;
}

for (const next of ["take", "release"] as const) {
  Deno.test(`killed at any call of take or release, a later ${next} finishes`, async () => {
    for (const first of [take, release]) {
      for (let number = 1;; number++) {
        const kernel = Kernel.boot();
        if (first === release) await take(kernel);
        const wasKilled = killAt(kernel, number);
        await first(kernel).catch(() => {});
        const met = wasKilled();
        kernel.kill();
        if (!met) break;
        await (next === "take" ? take : release)(kernel);
        assertEquals(kernel.card(), next === "take" ? taken : before, `${first.name} killed at call ${number}`);
        await release(kernel);
        assertEquals(kernel.card(), before, `${first.name} killed at call ${number}, then ${next} and release`);
      }
    }
  });
}

Deno.test("what was remembered before a restart of the machine counts for nothing", async () => {
  const kernel = Kernel.boot();
  await take(kernel);
  const rebooted = Kernel.boot({ "/proc/sys/kernel/random/boot_id": "second\n" });
  const name = "/state/taken.jsonl";
  rebooted.put(name, new TextDecoder().decode(kernel.readFile(name)));
  assertEquals((await release(rebooted)).changed, false);
  assertEquals(rebooted.card(), before);
});

Deno.test("a card that was handed over when the machine started goes to the driver the kernel chooses", async () => {
  const kernel = Kernel.boot({
    "/sys/bus/pci/drivers/vfio-pci/bind": "",
    [`${devices}/0000:02:00.0/driver_override`]: "vfio-pci\n",
    [`${devices}/0000:02:00.1/driver_override`]: "vfio-pci\n",
  }, machine.map((device) => device.at.startsWith("0000:02") ? { ...device, driver: "vfio-pci" } : device));
  await release(kernel);
  assertEquals(kernel.card(), before);
});

Deno.test("another device at a function's address is left alone", async () => {
  const kernel = Kernel.boot();
  await take(kernel);
  kernel.put("/sys/devices/pci0000:00/0000:02:00.1/device", "0xa808\n");
  const error = await assertRejects(
    () => release(kernel),
    AppError,
    "At 0000:02:00.1 is 10de:a808, where 10de:1aef was",
  );
  assertEquals(error.code, "conflict");
  assertEquals(kernel.driver("0000:02:00.1"), "vfio-pci");
});

Deno.test("a kernel without vfio-pci is told before anything is written", async () => {
  const kernel = Kernel.boot();
  const { gpu, detection } = kernel.look();
  const host = kernel.host({ modprobe: () => 1 });
  await assertRejects(() => takeCard(host, gpu, detection), AppError, "Cannot load vfio-pci: modprobe failed");
  assertEquals(kernel.card(), before);
});

function inUse(extra: Record<string, string | { link: string }>, list = machine) {
  const { host, gpu, detection } = Kernel.boot(extra, list).look();
  return assertRejects(() => takeCard(host, gpu, detection), AppError);
}

Deno.test("processes that hold any function are named, all at once", async () => {
  const error = await inUse({
    [`${devices}/0000:02:00.0/drm/card1/dev`]: "",
    [`${devices}/0000:02:00.0/drm/renderD129/dev`]: "",
    [`${devices}/0000:02:00.1/sound/card1/pcmC1D3p/dev`]: "",
    [`${devices}/0000:02:00.1/sound/card1/controlC1/dev`]: "",
    "/proc/812/comm": "Xorg\n",
    "/proc/812/fd/3": { link: "/dev/dri/card1" },
    "/proc/812/fd/4": { link: "/dev/dri/card1" },
    "/proc/900/comm": "firefox\n",
    "/proc/900/fd/17": { link: "/dev/dri/renderD129" },
    "/proc/901/comm": "other\n",
    "/proc/901/fd/17": { link: "/dev/dri/renderD128" },
    "/proc/77/comm": "wireplumber\n",
    "/proc/77/fd/9": { link: "/dev/snd/controlC1" },
  });
  assertEquals(
    error.message,
    'Cannot bind 0000:02:00.0 to vfio-pci: its driver is "nouveau", /dev/dri/card1 is open in process 812 (Xorg) and ' +
      "/dev/dri/renderD129 is open in process 900 (firefox); nor 0000:02:00.1: its driver is " +
      '"snd_hda_intel" and /dev/snd/controlC1 is open in process 77 (wireplumber)',
  );
  assertEquals(error.code, "conflict");
  assertStringIncludes(error.hint!, "wireplumber");
});

Deno.test("NVIDIA's own device node is found by its minor number", async () => {
  const nvidia = machine.map((device) => device.at === "0000:02:00.0" ? { ...device, driver: "nvidia" } : device);
  const error = await inUse({
    "/proc/driver/nvidia/gpus/0000:02:00.0/information": "Model: \t GeForce\nDevice Minor: \t 1\n",
    "/proc/812/comm": "Xorg\n",
    "/proc/812/fd/3": { link: "/dev/nvidia1" },
    "/proc/813/comm": "other\n",
    "/proc/813/fd/3": { link: "/dev/nvidia0" },
  }, nvidia);
  assertEquals(
    error.message,
    'Cannot bind 0000:02:00.0 to vfio-pci: its driver is "nvidia" and /dev/nvidia1 is open in process 812 (Xorg)',
  );
});

Deno.test("the card with the host's console or boot picture is not taken", async () => {
  const fbcon = {
    "/sys/class/vtconsole/vtcon1/name": "(M) frame buffer device\n",
    "/sys/class/vtconsole/vtcon1/bind": "1\n",
    "/sys/class/graphics/fb0/dev": "",
    "/sys/class/graphics/fbcon/rotate": "",
    [`${devices}/0000:02:00.0/graphics/fb0/dev`]: "",
  };
  assertStringIncludes((await inUse(fbcon)).message, "the host's text console is shown on /dev/fb0");
  const first = { ...fbcon, "/sys/class/graphics/fb1/dev": "" };
  assertStringIncludes((await inUse(first)).message, "text console");
  await take(Kernel.boot({ ...first, [`${devices}/0000:00:02.0/graphics/fb1/dev`]: "" }));
  await take(Kernel.boot({ ...fbcon, "/sys/class/vtconsole/vtcon1/bind": "0\n" }));

  const { host, gpu, detection } = Kernel.boot().look("0000:00:02.0");
  const error = await assertRejects(() => takeCard(host, gpu, detection), AppError, "starts with its picture on it");
  assertStringIncludes(error.hint!, "neuron-setup plan");
});

Deno.test("what hangs on the card's own USB controller is named", async () => {
  const usb = "../../../devices/pci0000:00/0000:02:00.2/usb5";
  const error = await inUse({
    "/sys/bus/usb/devices/5-1": { link: `${usb}/5-1` },
    "/sys/devices/pci0000:00/0000:02:00.2/usb5/5-1/idVendor": "046d\n",
    "/sys/devices/pci0000:00/0000:02:00.2/usb5/5-1/product": "USB Keyboard\n",
    "/sys/class/input/input7": {
      link: `../../devices/pci0000:00/0000:02:00.2/usb5/5-1/5-1:1.0/0003:046D:C31C.1/input/input7`,
    },
    "/sys/class/block/sdb": { link: `../../devices/pci0000:00/0000:02:00.2/usb5/5-2/5-2:1.0/host6/block/sdb` },
    "/proc/mounts": "/dev/sdb /media/stick vfat rw 0 0\n",
  }, [...machine, { at: "0000:02:00.2", ids: "10de:1ad8", class: "0c03", group: 2, driver: "xhci_hcd" }]);
  assertEquals(
    error.message,
    'Cannot bind 0000:02:00.2 to vfio-pci: its driver is "xhci_hcd", USB Keyboard is plugged into it and ' +
      "/dev/sdb below it is mounted at /media/stick",
  );
});

Deno.test("no IOMMU, and a driver of the host in the card's group, are refused as hardware", async () => {
  const ungrouped = machine.map(({ group: _, ...device }) => device);
  assertEquals((await inUse({}, ungrouped)).code, "hardware-unsuitable");
  const sata = { at: "0000:03:00.0", ids: "1b21:0612", class: "0106", group: 2 };
  const error = await inUse({}, [...machine, { ...sata, driver: "ahci" }]);
  assertEquals(error.code, "hardware-unsuitable");
  assertStringIncludes(error.message, '0000:03:00.0 (driver "ahci")');
  const idle = Kernel.boot({}, [...machine, sata]);
  await take(idle);
  assertEquals(idle.card(), taken, "a device without a driver does not stand in the way");
});

Deno.test("a card that a VM has is not given back", async () => {
  const kernel = Kernel.boot();
  await take(kernel);
  kernel.put("/proc/4242/comm", "qemu-system-x86\n");
  kernel.put("/proc/4242/fd/30", { link: "/dev/vfio/2" });
  await assertRejects(
    () => release(kernel),
    AppError,
    "Cannot give 0000:02:00.0 back to the host: /dev/vfio/2 is open in process 4242 (qemu-system-x86)",
  );
  assertEquals(kernel.card(), taken);
});
