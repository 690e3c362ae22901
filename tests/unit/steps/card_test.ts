/** initramfs and vfio_binding: what makes the card the VM's. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { dracut } from "../../../provision/distro/dracut.ts";
import {
  dracutModulePath,
  hookPath,
  initramfs,
  initTopPath,
  renderSoftdeps,
  softdepPath,
} from "../../../provision/steps/initramfs.ts";
import { functionsPath, vfioBinding } from "../../../provision/steps/vfio_binding.ts";
import {
  blockers,
  brief,
  card,
  changes,
  debian,
  debianWithDracut,
  function_,
  problems,
  spec,
  type Tree,
  write,
} from "./machine.ts";

const withoutCard = { ...spec, gpu: null };

Deno.test("hook, script and softdep lines are files of our own, and the initrd is built again", async () => {
  assertEquals(brief(await changes(initramfs, debian())), [
    `create ${hookPath}`,
    `create ${initTopPath}`,
    `create ${softdepPath}`,
    "run update-initramfs -u -k all",
  ]);
});

Deno.test("softdep lines do not change when the card's driver does", () => {
  const bound = { ...card, functions: card.functions.map((fn) => ({ ...fn, driver: "vfio-pci" })) };
  assertEquals(renderSoftdeps({ ...spec, gpu: bound }), renderSoftdeps(spec));
  assertStringIncludes(renderSoftdeps(spec), "softdep nouveau pre: vfio-pci\n");
});

Deno.test("on a running machine an initrd older than our files is built again", async () => {
  const disk = debian();
  await write(initramfs, disk);
  disk.setModified("/boot/initrd.img-6.1.0", 2000);
  for (const path of [hookPath, initTopPath, softdepPath]) disk.setModified(path, 1000);
  assertEquals(await changes(initramfs, disk), []);
  disk.setModified("/boot/initrd.img-6.1.0", 500);
  assertEquals(brief(await changes(initramfs, disk)), ["run update-initramfs -u -k all"]);
});

const dracutFiles = ["module-setup.sh", "neuron-pre-udev.sh", "neuron-vfio.sh"].map((name) =>
  `${dracutModulePath}/${name}`
);
const regenerate = "run dracut --force --regenerate-all";

Deno.test("where dracut builds it, a module of dracut's does the same", async () => {
  const planned = await changes(initramfs, debianWithDracut());
  assertEquals(brief(planned), [
    `create ${softdepPath}`,
    ...dracutFiles.map((path) => `create ${path}`),
    regenerate,
  ]);
  const script = planned.find(({ target }) => target === dracutFiles[2])?.after;
  const initTop = (await changes(initramfs, debian())).find(({ target }) => target === initTopPath)?.after;
  assertEquals(script, initTop, "one script for both");
  assertEquals(brief(await changes(vfioBinding, debianWithDracut())), [`create ${functionsPath}`, regenerate]);
});

Deno.test("with dracut too an initrd older than our files is built again, and nothing else twice", async () => {
  const disk = debianWithDracut();
  await write(initramfs, disk);
  for (const path of [...dracutFiles, softdepPath]) disk.setModified(path, 1000);
  disk.setModified("/boot/initrd.img-6.1.0", 2000);
  assertEquals(await changes(initramfs, disk), []);
  disk.setModified("/boot/initrd.img-6.1.0", 500);
  assertEquals(brief(await changes(initramfs, disk)), [regenerate]);
});

Deno.test("with dracut too ours goes when no card is handed over, a stranger's of that name stays", async () => {
  const disk = debianWithDracut();
  await write(initramfs, disk);
  assertEquals(brief(await changes(initramfs, disk, withoutCard)), [
    `delete ${softdepPath}`,
    ...dracutFiles.map((path) => `delete ${path}`),
    regenerate,
  ]);
  const strangers = debianWithDracut({ [dracutFiles[0]!]: "check() { return 0; }\n" });
  assertEquals(await changes(initramfs, strangers, withoutCard), []);
});

Deno.test("a machine that moved from initramfs-tools to dracut loses the files for the former", async () => {
  const before = debian();
  await write(initramfs, before);
  before.put("/usr/bin/dracut", "");
  const planned = brief(await changes(initramfs, before));
  assertEquals(planned.filter((line) => line.startsWith("delete")), [`delete ${hookPath}`, `delete ${initTopPath}`]);
  assertEquals(planned.at(-1), regenerate);
});

Deno.test("the initial ram disks of dracut are told from what lies beside them", () => {
  const names = [
    "initrd.img-6.1.0",
    "initrd-6.4.0-default",
    "initramfs-6.8.5-301.fc40.x86_64.img",
    "initramfs-6.8.5-301.fc40.x86_64kdump.img",
    "initrd-6.4.0-default-kdump",
    "initramfs-0-rescue-0123456789abcdef.img",
    "initrd.img-6.1.0.bak",
    "vmlinuz-6.1.0",
  ];
  assertEquals(names.filter(dracut.isInitrd), names.slice(0, 3));
});

Deno.test("every function is listed by address and ids", async () => {
  const [change] = await changes(vfioBinding, debian());
  assert(change?.after?.kind === "file");
  assertStringIncludes(change.after.text!, "0000:01:00.0 10de 2206\n0000:01:00.1 10de 1aef\n");
});

Deno.test("when no card is handed over any more, ours goes", async () => {
  const disk = debian();
  for (const step of [initramfs, vfioBinding]) await write(step, disk);
  assertEquals(brief(await changes(vfioBinding, disk, withoutCard)), [
    `delete ${functionsPath}`,
    "run update-initramfs -u -k all",
  ]);
  assertEquals(brief(await changes(initramfs, disk, withoutCard)).length, 4);
  assertEquals(await changes(initramfs, debian(), withoutCard), []);
});

Deno.test("a card that moved, or another device at its address, is a blocker", async () => {
  assertEquals(await blockers(vfioBinding, debian()), []);
  const other = debian(function_("0000:01:00.0", "144d", "a808", "nvme"));
  assertEquals(await blockers(vfioBinding, other), ["vfio-function-moved"]);
});

Deno.test("after the reboot every function must be held by vfio-pci", async () => {
  assertEquals((await problems(vfioBinding, debian())).filter((text) => text.startsWith("vfio-not-bound")), [
    "vfio-not-bound 0000:01:00.0",
    "vfio-not-bound 0000:01:00.1",
  ]);
  const bound = debian({
    ...function_("0000:01:00.0", "10de", "2206", "vfio-pci"),
    ...function_("0000:01:00.1", "10de", "1aef", "vfio-pci"),
  });
  assertEquals(await problems(vfioBinding, bound), []);
});

Deno.test("after the reboot a stranger in the group is said, a bridge or an unused device is not", async () => {
  const both = {
    ...function_("0000:01:00.0", "10de", "2206", "vfio-pci"),
    ...function_("0000:01:00.1", "10de", "1aef", "vfio-pci"),
  };
  const stranger = debian({ ...both, ...function_("0000:02:00.0", "144d", "a808", "nvme") });
  assert((await problems(vfioBinding, stranger)).includes("vfio-group-not-viable 0000:01:00.0"));
  const bridge = {
    ...function_("0000:00:01.0", "8086", "0001", "pcieport"),
    "/sys/bus/pci/devices/0000:00:01.0/class": "0x060400\n",
  };
  const idle = function_("0000:02:00.0", "144d", "a808", null);
  assertEquals(await problems(vfioBinding, debian({ ...both, ...bridge, ...idle })), []);
});

Deno.test("what a person gave to vfio-pci by ids stays, and the plan says so", async () => {
  const reason = async (tree: Tree) => (await changes(vfioBinding, debian(tree)))[0]?.reason ?? "";
  assertEquals((await reason({})).includes("stays"), false);
  const file = {
    "/etc/modprobe.d/vfio.conf": "softdep nouveau pre: vfio-pci\noptions vfio-pci ids=10de:2206,10de:1aef\n",
  };
  assertEquals((await reason(file)).endsWith("; /etc/modprobe.d/vfio.conf stays beside it"), true);
  const line = { "/proc/cmdline": "ro quiet vfio-pci.ids=10de:2206\n" };
  assertEquals((await reason(line)).endsWith("; vfio-pci.ids on the kernel's command line stays beside it"), true);
});
