/**
 * The commands that turn the unpacked medium into a system of its own. Pure.
 * Sources: unsquashfs(1), grub-install(8) of Debian (its options --uefi-secure-boot and --force-extra-removable),
 * efibootmgr(8), dpkg(1), the facts of the live system that was built and tried.
 */
import { type Action, command } from "./actions.ts";
import type { DetectedDisk } from "./disk.ts";
import { byGuid } from "./disk_actions.ts";
import { makesLocale } from "./files.ts";
import type { Identities } from "./identities.ts";
import type { PlannedPartition } from "./layout.ts";
import type { LiveSystem } from "./live_system.ts";
import { TARGET } from "./names.ts";
import type { InstallSettings } from "./settings.ts";
import type { Place } from "./verdict.ts";

export const inTarget = (...argv: [string, ...string[]]): [string, ...string[]] => ["chroot", TARGET, ...argv];

export function unpackActions(image: { readonly path: string; readonly sizeBytes: number }, ids: Identities): Action[] {
  const kernelFiles: readonly (readonly [string, string])[] = [["devtmpfs", "/dev"], ["proc", "/proc"], [
    "sysfs",
    "/sys",
  ]];
  return [
    command("the system is unpacked", ["unsquashfs", "-force", "-quiet", "-dest", TARGET, image.path], {
      progressBytes: image.sizeBytes,
    }),
    command("boot files of UEFI", ["mkdir", "-p", `${TARGET}/boot/efi`]),
    command("boot files of UEFI", ["mount", "-t", "vfat", byGuid(ids.partitions.esp), `${TARGET}/boot/efi`]),
    // Mounts of their own: bound ones would take the live system's along when they are unmounted.
    ...kernelFiles.map(([type, point]) =>
      command("programs run in the new system", ["mount", "-t", type, type, `${TARGET}${point}`])
    ),
    command("programs in the new system find devices by name", ["mount", "--bind", "/run", `${TARGET}/run`]),
    command("programs in the new system find devices by name", ["mount", "--make-private", `${TARGET}/run`]),
  ];
}

/** What must not be the same on two machines, or must not stay. */
export function cleanActions({ sshServer }: LiveSystem): Action[] {
  const sshKeys = [
    command("each machine has SSH keys of its own", ["find", `${TARGET}/etc/ssh`, "-name", "ssh_host_*", "-delete"]),
    command("SSH keys of its own", inTarget("ssh-keygen", "-A")),
  ];
  return [
    ...(sshServer ? sshKeys : []),
    command("no two machines share it", ["rm", "-f", `${TARGET}/var/lib/systemd/random-seed`]),
  ];
}

export function accountActions({ accountName }: InstallSettings): Action[] {
  return [
    command(
      "the person's account, which may become root with sudo",
      inTarget("useradd", "--create-home", "--shell", "/bin/bash", "--groups", "sudo", accountName),
    ),
    command("its password", inTarget("chpasswd", "--encrypted"), { stdin: { secret: "account" } }),
  ];
}

/** After the files: the initial RAM disk takes keyboard, passphrase and root from them. */
export function bootActions(
  disk: DetectedDisk,
  place: Place,
  partitions: readonly PlannedPartition[],
  settings: InstallSettings,
  system: LiveSystem,
): Action[] {
  const { livePackages, grubTargets, signedBoot, firmware, networkManager } = system;
  const esp = partitions.find(({ role }) => role === "esp");
  const secure = signedBoot ? "--uefi-secure-boot" : "--no-uefi-secure-boot";
  return [
    ...(makesLocale(settings.locale, system) ? [command("language and formats", inTarget("locale-gen"))] : []),
    ...(networkManager ? [] : [
      command("the network starts with the machine", inTarget("systemctl", "enable", "systemd-networkd.service")),
    ]),
    ...(livePackages.length === 0
      ? []
      : [command("what only a live system needs", inTarget("dpkg", "--purge", ...livePackages))]),
    // The one on the image has every driver, and knows no passphrase. Where live-boot was removed from it, dpkg's
    // trigger has made it anew already.
    ...(settings.encrypt && !livePackages.some((name) => name.startsWith("live-boot-initramfs"))
      ? [command("the initial RAM disk asks for the passphrase", inTarget("update-initramfs", "-u", "-k", "all"))]
      : []),
    ...(place.kind === "whole-disk" && grubTargets.includes("i386-pc")
      ? [command("the boot loader, for a BIOS", inTarget("grub-install", "--target=i386-pc", disk.path))]
      : []),
    ...(grubTargets.includes("x86_64-efi")
      ? [
        command(
          "the boot loader, for UEFI",
          inTarget(
            "grub-install",
            "--target=x86_64-efi",
            "--efi-directory=/boot/efi",
            // Debian's signed GRUB looks for its menu in this folder of the ESP.
            "--bootloader-id=debian",
            secure,
            "--force-extra-removable",
            "--no-nvram",
          ),
        ),
      ]
      : []),
    command("the boot menu", inTarget("update-grub")),
    ...(firmware === "uefi" && esp !== undefined
      ? [
        command("the firmware's boot menu", [
          ...["efibootmgr", "--quiet", "--create", "--disk", disk.path, "--part", `${esp.number}`] as const,
          ...[
            "--label",
            "Neuron",
            "--loader",
            signedBoot ? "\\EFI\\debian\\shimx64.efi" : "\\EFI\\debian\\grubx64.efi",
          ],
        ], { ifItFails: "The firmware took no entry: choose the disk itself in its boot menu" }),
      ]
      : []),
  ];
}
