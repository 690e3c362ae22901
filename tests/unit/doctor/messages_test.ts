/** The table of known messages: every row knows its own words, and no other row of the same log takes them for its own. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { KNOWN_MESSAGES, knownTroubles } from "../../../provision/doctor.ts";
import { explainLibvirtError } from "../../../provision/doctor/known_messages.ts";

Deno.test("every row finds its example, and only its own, in the log it belongs to", () => {
  for (const row of KNOWN_MESSAGES) {
    const matching = KNOWN_MESSAGES.filter(({ where, pattern }) => where === row.where && pattern.test(row.example));
    assertEquals(matching.map(({ code }) => code), [row.code], row.example);
  }
});

Deno.test("what a healthy machine says is in no row", () => {
  const healthy = [
    "Linux version 6.1.0-18-amd64 (builder@example)",
    "DMAR: IOMMU enabled",
    "DMAR: Intel(R) Virtualization Technology for Directed I/O",
    "AMD-Vi: Interrupt remapping enabled",
    "vfio_pci: add [10de:1b80[ffffffff:ffffffff]] class 0x000000/00000000",
    "vfio-pci 0000:01:00.0: vgaarb: changed VGA decodes: olddecodes=io+mem,decodes=io+mem:owns=none",
    "vfio-pci 0000:01:00.0: enabling device (0000 -> 0003)",
    "pcieport 0000:00:01.0: pciehp: Slot #0 AttnBtn- PwrCtrl-",
    'audit: type=1400 audit(1.2:3): apparmor="STATUS" operation="profile_load" profile="unconfined" name="libvirtd"',
    "qemu-system-x86_64: terminating on signal 15 from pid 1234 (/usr/sbin/libvirtd)",
    "char device redirected to /dev/pts/1 (label charserial0)",
    "libvirt version: 9.0.0, package: 9.0.0-4+deb12u2 (Debian)",
    "kvm_intel: VMX not supported by CPU 0",
  ];
  for (const line of healthy) {
    assertEquals(KNOWN_MESSAGES.filter(({ pattern }) => pattern.test(line)).map(({ code }) => code), [], line);
  }
});

Deno.test("every known trouble has a cure and says where it is known from", () => {
  assert(knownTroubles.length > 60, `${knownTroubles.length}`);
  for (const { code, title, hint, source } of knownTroubles) {
    assertMatch(code, /^[a-z0-9]+(-[a-z0-9]+)*$/);
    for (const text of [title, hint, source]) assert(text.trim().length > 3, code);
  }
});

Deno.test("a code that is in several tables has one severity", () => {
  const severities = new Map<string, Set<string | undefined>>();
  for (const { code, severity } of knownTroubles) {
    severities.set(code, (severities.get(code) ?? new Set()).add(severity));
  }
  assertEquals([...severities].filter(([, all]) => all.size > 1).map(([code]) => code), []);
});

Deno.test("an error of libvirt is explained by the words of QEMU in it, and not by the kernel's", () => {
  const refused =
    "internal error: qemu unexpectedly closed the monitor: 2026-11-29T22:00:00Z qemu-system-x86_64: -device " +
    "vfio-pci,host=0000:01:00.0,id=hostdev0: vfio 0000:01:00.0: failed to setup container for group 7: Failed to set " +
    "iommu for container: Operation not permitted";
  const known = explainLibvirtError(refused);
  assertEquals(known?.code, "no-interrupt-remapping");
  assertMatch(known?.hint ?? "", /Update the firmware.*allow_unsafe_interrupts=1/);
  assertEquals(explainLibvirtError("Domain not found: no domain with matching name 'win11'"), null);
  for (const row of KNOWN_MESSAGES.filter(({ where }) => where !== "kernel")) {
    assertEquals(explainLibvirtError(`internal error: ${row.example}`)?.code, row.code);
  }
});
