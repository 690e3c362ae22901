/** libvirt's hook for the hand-over of the only card, run for real by dash and by busybox. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { dark, lit, Machine } from "./single_gpu_machine.ts";

/** A guest's own device at the same numbers is no host device. */
const OTHER_XML = `<domain><address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></domain>`;

for (const shell of [["dash"], ["busybox", "sh"]] as const) {
  const test = (name: string, run: (machine: Machine) => Promise<void>, driver?: string) =>
    Deno.test(`${shell[0]}: ${name}`, async () => {
      using machine = new Machine(shell, driver);
      await run(machine);
    });

  test("the desktop closes before the VM and comes back after it", async (machine) => {
    assertEquals((await machine.hook("windows11 prepare begin -")).code, 0);
    assertEquals(machine.screen(), dark);
    assertEquals(machine.get("sys/bus/platform/drivers/simple-framebuffer/unbind"), "simple-framebuffer.0");
    const calls = machine.get("calls");
    assertStringIncludes(calls, "systemctl stop sddm.service");
    assertStringIncludes(calls, "systemctl --user --machine=ada@.host stop graphical-session.target");
    assertStringIncludes(calls, "loginctl terminate-session 3");
    assertEquals(calls.includes("terminate-session 7"), false, "a session on a terminal stays");
    assertEquals(calls.includes("modprobe -r"), false);
    for (const words of ["start begin -", "started begin -", "stopped end -", "reconnect begin -"]) {
      assertEquals((await machine.hook(`windows11 ${words}`)).code, 0);
      assertEquals(machine.screen(), dark, words);
    }
    assertEquals((await machine.hook("windows11 release end shutdown")).code, 0);
    assertEquals(machine.screen(), lit);
    assertStringIncludes(machine.get("calls"), "systemctl start --no-block sddm.service");
    assertEquals((await machine.hook("windows11 release end shutdown")).code, 0, "twice is success");
    assertStringIncludes(machine.get("journal"), "the VM windows11 has ended: the desktop comes back");
  });

  test("a VM without the card, and a machine without the list, are none of its business", async (machine) => {
    assertEquals(await machine.hook("other prepare begin -", OTHER_XML), { code: 0, said: "" });
    assertEquals(await machine.hook("other release end -", OTHER_XML), { code: 0, said: "" });
    Deno.removeSync(`${machine.root}/etc/neuron/single-gpu`);
    assertEquals(await machine.hook("windows11 prepare begin -"), { code: 0, said: "" });
    assertEquals([machine.screen(), machine.get("calls")], [lit, ""]);
  });

  test("NVIDIA's modules leave in their order and come back in reverse", async (machine) => {
    await machine.hook("windows11 prepare begin -");
    assertEquals(machine.get("proc/modules"), "ext4 1 1");
    await machine.hook("windows11 release end -");
    const loads = machine.get("calls").split("\n").filter((line) =>
      line.startsWith("modprobe") && line.includes("nvidia")
    );
    assertEquals(loads, [
      "modprobe -r nvidia_drm",
      "modprobe -r nvidia_modeset",
      "modprobe -r nvidia",
      "modprobe nvidia",
      "modprobe nvidia_modeset",
      "modprobe nvidia_drm",
    ]);
  }, "nvidia");

  test("processes get time to end; who stays is named, the start refused and the screen comes back", async (machine) => {
    machine.hold(900, "plasmashell", "/dev/dri/card0");
    assertEquals((await machine.hook("windows11 prepare begin -")).code, 0, "it ended after two seconds");
    await machine.hook("windows11 release end -");

    machine.hold(812, "ffmpeg", "/dev/dri/renderD128");
    machine.hold(813, "other", "/dev/dri/card1");
    const { code, said } = await machine.hook("windows11 prepare begin -");
    assertEquals(code, 1);
    assertStringIncludes(said, "the card is still in use by process 812 (ffmpeg) after 15 seconds");
    assertEquals(said.includes("813"), false);
    assertStringIncludes(machine.get("journal"), "the card is in use: the VM windows11 is not started");
    assertEquals(machine.screen(), lit);
  });

  test("a display manager or a module that does not leave refuses the start", async (machine) => {
    machine.put("hangs", "");
    assertEquals((await machine.hook("windows11 prepare begin -")).code, 1);
    assertEquals(machine.screen(), lit);
    Deno.removeSync(`${machine.root}/hangs`);
    machine.put("keeps-nvidia_modeset", "");
    const { code, said } = await machine.hook("windows11 prepare begin -");
    assertEquals(code, 1);
    assertStringIncludes(said, "the module nvidia_modeset is in use");
    assertEquals(machine.screen(), lit);
  }, "nvidia");

  test("another device at the card's address refuses the start, and nothing is touched", async (machine) => {
    machine.put("sys/bus/pci/devices/0000:01:00.1/device", "0xa808\n");
    const { code, said } = await machine.hook("windows11 prepare begin -");
    assertEquals(code, 1);
    assertStringIncludes(said, "at 0000:01:00.1 is not 10de:1aef any more");
    assertEquals(machine.screen(), lit);
    assertEquals(machine.get("calls").includes("stop"), false);
  });

  test("a machine started without the IOMMU keeps its desktop", async (machine) => {
    Deno.removeSync(`${machine.root}/sys/bus/pci/devices/0000:01:00.0/iommu_group`, { recursive: true });
    const { code, said } = await machine.hook("windows11 prepare begin -");
    assertEquals([code, machine.screen(), machine.get("calls").includes("stop")], [1, lit, false]);
    assertStringIncludes(said, "0000:01:00.0 is in no IOMMU group: was the machine started without passthrough?");
  });

  test("a kernel without vfio-pci keeps the desktop", async (machine) => {
    machine.put("lacks-vfio-pci", "");
    const { code, said } = await machine.hook("windows11 prepare begin -");
    assertEquals([code, machine.screen(), machine.get("calls").includes("stop")], [1, lit, false]);
    assertStringIncludes(said, "the module vfio-pci cannot be loaded");
  });

  test("a second VM is refused while the first has the card, and takes nothing back", async (machine) => {
    await machine.hook("windows11 prepare begin -");
    const { code, said } = await machine.hook("linux prepare begin -");
    assertEquals(code, 1);
    assertStringIncludes(said, "the card is lent to the VM windows11: the VM linux is not started");
    await machine.hook("linux release end failed");
    assertEquals(machine.screen(), dark);
  });

  test("killed half way, the next start goes on and the end brings everything back", async (machine) => {
    await machine.hook("windows11 prepare begin -");
    // As if it had been killed before it came to the console.
    Deno.removeSync(`${machine.root}/run/neuron/single-gpu/consoles`);
    machine.put("sys/class/vtconsole/vtcon1/bind", "1\n");
    assertEquals((await machine.hook("windows11 prepare begin -")).code, 0);
    assertEquals(machine.screen(), dark);
    await machine.hook("windows11 release end -");
    assertEquals(machine.screen(), lit);
  });

  test("while the machine shuts down no desktop is started", async (machine) => {
    await machine.hook("windows11 prepare begin -");
    machine.put("system", "stopping\n");
    await machine.hook("windows11 release end -");
    assertEquals(machine.screen(), { ...lit, desktop: false });
  });

  test("without a display manager only the console is taken away and given back", async (machine) => {
    machine.put("alias", "display-manager.service\n");
    await machine.hook("windows11 prepare begin -");
    await machine.hook("windows11 release end -");
    assertEquals(machine.screen(), lit);
    assertEquals(machine.get("calls").includes("systemctl start"), false);
  });
}
