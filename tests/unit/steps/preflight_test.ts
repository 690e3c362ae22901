import { assert, assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../../model/errors.ts";
import type { HostSpec } from "../../../model/host_spec.ts";
import { initramfsBuilder } from "../../../provision/distro/initramfs.ts";
import { refuse } from "../../../provision/engine.ts";
import { fakeHost } from "../../../provision/host/fake.ts";
import type { MemoryDisk } from "../../../provision/host/memory_disk.ts";
import { preflight } from "../../../provision/steps/preflight.ts";
import { blockers, debian, spec, type Tree } from "./machine.ts";

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

Deno.test("another boot loader or initramfs tool is refused by name, but only where it matters", async () => {
  const tree = { "/etc/kernelstub/configuration": "{}", "/usr/bin/mkinitcpio": "" };
  assertEquals(withoutCard(await blockers(preflight, ready(tree))), [
    "bootloader-unsupported",
    "initramfs-unsupported",
  ]);
  assertEquals(await blockers(preflight, ready(tree), none), []);
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

Deno.test("a GRUB that does not read the drop-in is refused, also without a card where a parameter is needed", async () => {
  const own = '. "${sysconfdir}/default/grub"\n';
  const hugepages = { sizeKib: 1048576, pagesByNode: [{ node: 0, pages: 4 }] } as const;
  for (const path of ["/usr/sbin/grub-mkconfig", "/usr/bin/grub-mkconfig", "/usr/sbin/grub2-mkconfig"]) {
    const machine = ready({ [path]: own });
    assertEquals(withoutCard(await blockers(preflight, machine)), ["bootloader-unsupported"], path);
    assertEquals(await blockers(preflight, machine, { ...none, hugepages }), ["bootloader-unsupported"], path);
    assertEquals(await blockers(preflight, machine, none), [], path);
  }
  assertEquals(withoutCard(await blockers(preflight, ready({ "/boot/grub2/grub.cfg": "" }))), [
    "bootloader-unsupported",
  ]);
  const debians = `${own}for x in "\${sysconfdir}"/default/grub.d/*.cfg ; do\n`;
  assertEquals(withoutCard(await blockers(preflight, ready({ "/usr/sbin/grub-mkconfig": debians }))), []);
  assertEquals(withoutCard(await blockers(preflight, ready({ "/usr/sbin/grub-mkconfig": "" }))), [], "captured");
});

Deno.test("handing over the only card is refused while it is not written", async () => {
  assert((await blockers(preflight, ready(), { ...spec, gpuHandover: true })).includes("handover-unsupported"));
});

Deno.test("what concerns the hardware ends with its own exit code, the rest does not", async () => {
  const finding = (code: string) => [{ code, severity: "blocker", title: "t" }] as const;
  for (
    const [code, kind] of [["gpu-shared-group", "hardware-unsuitable"], ["program-missing", "unsupported"]] as const
  ) {
    const error = await assertRejects(() => Promise.resolve().then(() => refuse(finding(code))), AppError);
    assertEquals(error.code, kind);
  }
});
