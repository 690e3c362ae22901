import { assert, assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../../model/errors.ts";
import type { HostSpec } from "../../../model/host_spec.ts";
import { refuse } from "../../../provision/engine.ts";
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
    "libvirt-missing",
    "program-missing",
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

Deno.test("handing over the only card is refused while it is not written", async () => {
  assert((await blockers(preflight, ready(), { ...spec, gpuHandover: true })).includes("handover-unsupported"));
});

Deno.test("what concerns the hardware ends with its own exit code, the rest does not", async () => {
  const finding = (code: string) => [{ code, severity: "blocker", title: "t" }] as const;
  for (
    const [code, kind] of [["gpu-shared-group", "hardware-unsuitable"], ["libvirt-missing", "unsupported"]] as const
  ) {
    const error = await assertRejects(() => Promise.resolve().then(() => refuse(finding(code))), AppError);
    assertEquals(error.code, kind);
  }
});
