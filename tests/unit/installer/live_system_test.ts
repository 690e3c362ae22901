import { assertEquals } from "@std/assert";
import { fakeHost } from "../../../provision/host/fake.ts";
import { MemoryDisk } from "../../../provision/host/memory_disk.ts";
import { installedFrom, readLiveSystem } from "../../../provision/installer/live_system.ts";

const medium = {
  "/etc/default/keyboard": 'XKBLAYOUT="us"\n',
  "/proc/cmdline": "BOOT_IMAGE=/live/vmlinuz boot=live console=tty1 console=ttyS0,115200 quiet\n",
  "/run/live/medium/live/filesystem.squashfs": "squashfs",
  "/sys/firmware/efi/fw_platform_size": "64\n",
  "/usr/lib/grub/i386-pc/boot.img": "",
  "/usr/lib/grub/x86_64-efi/modinfo.sh": "",
  "/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed": "",
  "/usr/lib/shim/shimx64.efi.signed": "",
  "/usr/sbin/NetworkManager": "",
  "/usr/sbin/locale-gen": "",
  "/var/lib/dpkg/status": [
    "Package: live-boot\nStatus: install ok installed\nVersion: 1",
    "Package: live-boot-initramfs-tools\nStatus: install ok installed",
    "Package: live-config\nStatus: deinstall ok config-files",
    "Package: liveness\nStatus: install ok installed",
    "Package: olive-tools\nStatus: install ok installed",
  ].join("\n\n"),
};

Deno.test("readLiveSystem() sees what the medium brings and how it was started", () => {
  assertEquals(readLiveSystem(fakeHost(MemoryDisk.from(medium))), {
    firmware: "uefi",
    image: { path: "/run/live/medium/live/filesystem.squashfs", sizeBytes: 8 },
    livePackages: ["live-boot", "live-boot-initramfs-tools"],
    grubTargets: ["i386-pc", "x86_64-efi", "x86_64-efi-signed"],
    signedBoot: true,
    networkManager: true,
    makesLocales: true,
    sshServer: false,
    keyboardDefaults: 'XKBLAYOUT="us"\n',
    consoles: ["tty1", "ttyS0,115200"],
  });
});

Deno.test("without boot=live, or without the image, it is no live system", () => {
  const { "/run/live/medium/live/filesystem.squashfs": _, ...withoutImage } = medium;
  const installed = { ...medium, "/proc/cmdline": "root=UUID=1 not-boot=live ro\n" };
  for (const tree of [withoutImage, installed, {}]) {
    assertEquals(readLiveSystem(fakeHost(MemoryDisk.from({ "/etc/x": "", ...tree }))).image, null);
  }
});

Deno.test("the console a person installs from is the one that asks for the passphrase", () => {
  const system = readLiveSystem(fakeHost(MemoryDisk.from(medium)));
  const after = (consoles: readonly string[], terminal: string | null) =>
    installedFrom({ ...system, consoles }, terminal).consoles;
  const both = ["ttyS0,115200", "tty0"];
  assertEquals(after(both, "/dev/ttyS0"), ["tty0", "ttyS0,115200"]);
  assertEquals(after(["tty0", "ttyS0,115200"], "/dev/tty1"), both);
  for (const elsewhere of [null, "/dev/pts/0", "/dev/ttyS1"]) assertEquals(after(both, elsewhere), both);
});
