/** Hand-over of the only card: what it wants, and what the steps that bind a card at the start then leave out. */
import { assert, assertEquals } from "@std/assert";
import { detect } from "../../../provision/hardware/detect.ts";
import { fakeHost } from "../../../provision/host/fake.ts";
import { initramfs } from "../../../provision/steps/initramfs.ts";
import { dropIn, kernelParameters } from "../../../provision/steps/kernel_parameters.ts";
import { hookPath, listPath, singleGpu } from "../../../provision/steps/single_gpu.ts";
import { functionsPath, vfioBinding } from "../../../provision/steps/vfio_binding.ts";
import { brief, changes, debian, problems, spec, write } from "./machine.ts";

const lent = { ...spec, gpuHandover: true };
const libvirtd = { "/lib/systemd/system/libvirtd.service": "[Install]\n" };

Deno.test("hook and list are files of our own, and libvirt is started again to see the hook", async () => {
  const disk = debian(libvirtd);
  const planned = await changes(singleGpu, disk, lent);
  assertEquals(brief(planned), [
    `create ${hookPath}`,
    `create ${listPath}`,
    "run systemctl try-restart libvirtd.service",
  ]);
  const [hook, list] = planned.map(({ after }) => after?.kind === "file" ? after : null);
  assertEquals(hook?.mode, "0755");
  assert(hook?.text?.startsWith("#!/bin/sh\n"));
  assertEquals(list?.text?.split("\n").slice(2), ["0000:01:00.0 10de 2206", "0000:01:00.1 10de 1aef", ""]);
  await write(singleGpu, disk, lent);
  assertEquals(await changes(singleGpu, disk, lent), []);
  assertEquals(brief(await changes(singleGpu, disk)).slice(0, 2), [`delete ${hookPath}`, `delete ${listPath}`]);
});

Deno.test("without libvirt the files are wanted all the same, and nobody's hook is removed", async () => {
  assertEquals(brief(await changes(singleGpu, debian(), lent)), [`create ${hookPath}`, `create ${listPath}`]);
  assertEquals(await changes(singleGpu, debian({ [hookPath]: "#!/bin/sh\n# mine\n" })), []);
});

Deno.test("the card's display function comes first in the list, whatever its number", async () => {
  const gpu = { ...spec.gpu!, address: "0000:01:00.1" };
  const [, list] = await changes(singleGpu, debian(), { ...lent, gpu });
  assertEquals(list?.after?.kind === "file" && list.after.text?.split("\n")[2], "0000:01:00.1 10de 1aef");
});

Deno.test("a lent card is not bound when the machine starts: only the IOMMU's parameters stay", async () => {
  assertEquals(await changes(initramfs, debian(), lent), []);
  assertEquals(await changes(vfioBinding, debian(), lent), []);
  const [parameters] = await changes(kernelParameters, debian(), lent);
  const text = parameters?.target === dropIn && parameters.after?.kind === "file" ? parameters.after.text : "";
  assert(text?.includes(' intel_iommu=on iommu=pt"'), text);
  assert(!text?.includes("neuron.vfio"), text);
});

Deno.test("a card that was bound at the start before is not any more", async () => {
  const disk = debian();
  for (const step of [initramfs, vfioBinding]) await write(step, disk);
  assertEquals(brief(await changes(vfioBinding, disk, lent))[0], `delete ${functionsPath}`);
  assertEquals((await changes(initramfs, disk, lent)).filter(({ action }) => action === "delete").length, 3);
});

Deno.test("a lent card is the host's as long as no VM has it; a stranger in its group is told", async () => {
  assertEquals(await problems(vfioBinding, debian(), lent), []);
  const ungrouped = debian();
  for (const { address } of spec.gpu!.functions) ungrouped.unlink(`/sys/bus/pci/devices/${address}/iommu_group`);
  assertEquals((await problems(vfioBinding, ungrouped, lent))[0], "vfio-group-missing 0000:01:00.0");
  const sata = "/sys/bus/pci/devices/0000:03:00.0";
  const disk = debian({
    [`${sata}/class`]: "0x010600\n",
    [`${sata}/driver`]: { link: "/sys/bus/pci/drivers/ahci" },
    "/sys/kernel/iommu_groups/1/devices/0000:03:00.0": { link: sata },
  });
  const [first] = await problems(vfioBinding, disk, lent);
  assertEquals(first, "vfio-group-not-viable 0000:01:00.0");
  assertEquals(detect(fakeHost(disk)).gpus[0]?.address, "0000:01:00.0");
});
