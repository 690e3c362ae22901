import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../../model/errors.ts";
import type { HostSpec } from "../../../model/host_spec.ts";
import { readsGrubDropIns } from "../../../provision/distro/grub.ts";
import { initramfsBuilder } from "../../../provision/distro/initramfs.ts";
import { refuse } from "../../../provision/engine.ts";
import { fakeHost } from "../../../provision/host/fake.ts";
import type { MemoryDisk } from "../../../provision/host/memory_disk.ts";
import { preflight } from "../../../provision/steps/preflight.ts";
import { blockers, debian, problems, spec, type Tree } from "./machine.ts";

const none: HostSpec = { ...spec, gpu: null };
const programs: Tree = Object.fromEntries(
  ["/usr/bin/openssl", "/usr/sbin/update-grub", "/usr/sbin/update-initramfs", "/usr/sbin/mkinitramfs"].map((
    p,
  ) => [p, ""]),
);
const ready = (extra: Tree = {}): MemoryDisk =>
  debian({ ...programs, "/lib/systemd/system/libvirtd.service": "[Install]\n", ...extra });

/** The card itself is judged on whole machines, in the contract test. */
const withoutCard = (codes: readonly string[]) => codes.filter((code) => !code.startsWith("gpu-"));

Deno.test("a Debian machine with libvirt has nothing in the way", async () => {
  assertEquals(withoutCard(await blockers(preflight, ready())), []);
  assertEquals(await blockers(preflight, ready(), none), []);
});

Deno.test("everything in the way is told at once", async () => {
  const disk = debian({ "/lib/modules/6.1.0/modules.dep": "", "/proc/sys/kernel/osrelease": "6.1.0\n" });
  const codes = withoutCard(await blockers(preflight, disk));
  assertEquals(codes, [
    "vfio-module-missing",
    "program-missing",
    "program-missing",
  ]);
});

Deno.test("other boot loaders and tools need other programs", async () => {
  const tree = { "/etc/kernelstub/configuration": "{}", "/usr/bin/mkinitcpio": "", "/boot/initramfs-linux.img": "" };
  const disk = ready({ ...tree, "/etc/kernelstub/configuration": '{"user":{"kernel_options":[]}}' });
  assertEquals(withoutCard(await blockers(preflight, disk)), ["program-missing"], "kernelstub itself");
  assertEquals(await blockers(preflight, disk, none), []);
});

Deno.test("a configuration that cannot be read, changed or trusted is refused by name, where it matters", async () => {
  const refused = async (tree: Tree) => withoutCard(await blockers(preflight, ready({ ...programs, ...tree })));
  const kernelstub = { "/usr/bin/kernelstub": "", "/etc/kernelstub/configuration": "{" };
  assertEquals(await refused(kernelstub), ["bootloader-unsupported"]);
  assertEquals(await blockers(preflight, ready(kernelstub), none), []);
  const own = { "/usr/sbin/grub-mkconfig": '. "${sysconfdir}/default/grub"\n' };
  assertEquals(await refused({ ...own, "/etc/default/grub": { link: "grub.mine" } }), ["bootloader-unsupported"]);
  assertEquals(await refused({ "/etc/default/grub": { link: "grub.mine" } }), [], "a drop-in is our own");
});

Deno.test("systemd-boot without an entry and a command line to go by is refused: a kernel needs its root", async () => {
  const disk = ready({ "/boot/loader/loader.conf": "", "/usr/bin/kernel-install": "" });
  for (const path of ["/etc/default/grub", "/boot/grub/grub.cfg", "/proc/cmdline"]) disk.unlink(path);
  assertEquals(withoutCard(await blockers(preflight, disk)), ["bootloader-unsupported"]);
  disk.put("/etc/kernel/cmdline", "root=/dev/sda2\n");
  assertEquals(withoutCard(await blockers(preflight, disk)), []);
});

Deno.test("mkinitcpio's images that kernel-install puts in place are refused", async () => {
  const kernel = "/efi/0123/6.11.1-arch1-1";
  const tree = { "/usr/bin/mkinitcpio": "", [`${kernel}/linux`]: "", [`${kernel}/initrd`]: "" };
  assertEquals(withoutCard(await blockers(preflight, ready(tree))), ["initramfs-unsupported"]);
  assertEquals(await blockers(preflight, ready(tree), none), []);
  const dracut = { ...tree, "/usr/bin/dracut": "", "/usr/sbin/update-initramfs": "exec dracut" };
  const copied = ready({ ...dracut, [`${kernel}/initrd.img-6.11.1`]: "" });
  copied.unlink("/usr/bin/mkinitcpio");
  assertEquals(withoutCard(await blockers(preflight, copied)), ["initramfs-unsupported"]);
  copied.unlink(`${kernel}/initrd.img-6.11.1`);
  assertEquals(withoutCard(await blockers(preflight, copied)), []);
});

Deno.test("no boot loader and no tool for the initial ram disk are told", async () => {
  const disk = ready();
  for (const path of ["/etc/default/grub", "/boot/grub/grub.cfg", "/usr/sbin/mkinitramfs"]) disk.unlink(path);
  for (const path of ["/etc/initramfs-tools/modules"]) disk.unlink(path);
  disk.rmdir("/etc/initramfs-tools");
  assertEquals(withoutCard(await blockers(preflight, disk)), ["bootloader-unknown", "initramfs-unsupported"]);
});

Deno.test("dracut is as good as initramfs-tools, and its program is looked for", async () => {
  const tree = { "/etc/dracut.conf": "", "/etc/dracut.conf.d/10-debian.conf": "" };
  const machine = (extra: Tree) =>
    debian({
      "/usr/bin/openssl": "",
      "/usr/sbin/update-grub": "",
      "/usr/lib/systemd/system/libvirtd.service": "",
      ...extra,
    });
  assertEquals(withoutCard(await blockers(preflight, machine({ ...tree, "/usr/bin/dracut": "" }))), []);
  assertEquals(withoutCard(await blockers(preflight, machine(tree))), ["program-missing"]);
});

Deno.test("mkinitramfs that an exchange for dracut left behind does not hide dracut", () => {
  const builds = (tree: Tree) => initramfsBuilder(fakeHost(ready(tree)))?.tool;
  assertEquals(builds({}), "initramfs-tools");
  assertEquals(builds({ "/usr/bin/dracut": "" }), "initramfs-tools", "dracut-core beside it");
  const wrapper = "#!/bin/sh\nexec dracut --force\n";
  assertEquals(builds({ "/usr/bin/dracut": "", "/usr/sbin/update-initramfs": wrapper }), "dracut");
  const disk = ready({ "/usr/bin/dracut": "" });
  disk.unlink("/usr/sbin/update-initramfs");
  assertEquals(initramfsBuilder(fakeHost(disk))?.tool, "dracut");
});

Deno.test("initial ram disks that lie elsewhere are refused, as apply could not bring them back", async () => {
  const disk = ready();
  disk.unlink("/boot/initrd.img-6.1.0");
  assertEquals(withoutCard(await blockers(preflight, disk)), ["initrd-missing"]);
  const seen = await preflight.inspect(fakeHost(disk), spec);
  const onCopy = preflight.blockers?.(spec, { ...seen, live: false }).map(({ code }) => code) ?? [];
  assertEquals(withoutCard(onCopy), [], "a copy of a machine may be without its kernels");
  assertEquals(await blockers(preflight, disk, none), []);
});

Deno.test("which GRUB reads drop-ins is told from its script, or from what else is there", () => {
  const own = '. "${sysconfdir}/default/grub"\n';
  const reads = (tree: Tree) => readsGrubDropIns(fakeHost(debian(tree)));
  assertEquals(reads({}), true);
  assertEquals(reads({ "/etc/os-release": 'ID=linuxmint\nID_LIKE="ubuntu debian"\n' }), true);
  assertEquals(reads({ "/etc/os-release": "ID=arch\n" }), false);
  assertEquals(reads({ "/etc/os-release": "ID=arch\n", "/etc/default/grub.d/x.cfg": "" }), true);
  for (const path of ["/usr/sbin/grub-mkconfig", "/usr/bin/grub-mkconfig", "/usr/sbin/grub2-mkconfig"]) {
    assertEquals(reads({ [path]: own }), false, path);
  }
  assertEquals(reads({ "/boot/grub2/grub.cfg": "" }), false);
  const debians = `${own}for x in "\${sysconfdir}"/default/grub.d/*.cfg ; do\n`;
  assertEquals(reads({ "/usr/sbin/grub-mkconfig": debians }), true);
  assertEquals(reads({ "/usr/sbin/grub-mkconfig": "" }), true, "captured");
});

Deno.test("the only card may be lent out, and that needs no initial ram disk of ours", async () => {
  const disk = ready({ "/sys/bus/pci/devices/0000:01:00.1/class": "0x040300\n" });
  disk.unlink("/boot/initrd.img-6.1.0");
  assertEquals(await blockers(preflight, disk), ["gpu-only-gpu", "initrd-missing"]);
  assertEquals(await blockers(preflight, disk, { ...spec, gpuHandover: true }), []);
});

Deno.test("what concerns the hardware ends with its own exit code, the rest does not", async () => {
  const finding = (code: string) => [{ code, severity: "blocker", title: "t" }] as const;
  const kinds = [
    ["gpu-shared-group", "hardware-unsuitable"],
    ["no-interrupt-remapping", "hardware-unsuitable"],
    ["program-missing", "unsupported"],
  ] as const;
  for (const [code, kind] of kinds) {
    const error = await assertRejects(() => Promise.resolve().then(() => refuse(finding(code))), AppError);
    assertEquals(error.code, kind);
  }
});

Deno.test("a card is refused where interrupts are not remapped, before apply and in the trial boot, unless that is allowed", async () => {
  const interrupts = { "/proc/interrupts": " 1: 0 IO-APIC 1-edge i8042\n" };
  const allowed = { "/etc/modprobe.d/mine.conf": "options vfio_iommu_type1 allow_unsafe_interrupts=1\n" };
  const code = "no-interrupt-remapping";
  assertEquals(withoutCard(await blockers(preflight, ready(interrupts))), [code]);
  assertEquals(await problems(preflight, ready(interrupts)), [`${code} undefined`]);
  assertEquals(await blockers(preflight, ready(interrupts), none), [], "without a card nobody minds");
  assertEquals(await problems(preflight, ready(interrupts), none), []);
  assertEquals(withoutCard(await blockers(preflight, ready({ ...interrupts, ...allowed }))), []);
  assertEquals(await problems(preflight, ready({ ...interrupts, ...allowed })), []);
  const seen = await preflight.inspect(fakeHost(ready(interrupts)), spec);
  const onCopy = preflight.blockers!(spec, { ...seen, live: false }).map((finding) => finding.code);
  assertEquals(withoutCard(onCopy), [], "a copy starts no VM");
});
