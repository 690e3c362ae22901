/** Whether what a start needs is in the new system: files that programs of others have made. Only looks. */
import type { HostFiles } from "../host/host.ts";
import type { InstallPlan } from "./plan.ts";

/** What is missing, a sentence each; empty: nothing. */
export function whatIsMissing(target: HostFiles, plan: InstallPlan): string[] {
  const boot = target.list("/boot") ?? [];
  const menu = target.readText("/boot/grub/grub.cfg") ?? "";
  const loaders = plan.actions.flatMap((action) =>
    action.kind === "command" && action.argv.includes("grub-install") ? [action.argv.join(" ")] : []
  );
  const kernels = boot.filter((name) => name.startsWith("vmlinuz-")).map((name) => name.slice("vmlinuz-".length));
  const missing: (string | null)[] = [
    kernels.length === 0 ? "there is no kernel in /boot" : null,
    ...kernels.map((kernel) =>
      boot.includes(`initrd.img-${kernel}`) ? null : `kernel ${kernel} has no initial RAM disk`
    ),
    /^\s*linux\s.*\brootflags=\S*subvol=@/m.test(menu) ? null : "the boot menu does not start the subvolume @",
    loaders.some((words) => words.includes("i386-pc")) && target.stat("/boot/grub/i386-pc/core.img") === null
      ? "the boot loader for a BIOS is not there"
      : null,
    loaders.some((words) => words.includes("x86_64-efi")) && target.stat("/boot/efi/EFI/BOOT/BOOTX64.EFI") === null
      ? "the boot loader for UEFI is not there"
      : null,
  ];
  return missing.filter((one) => one !== null);
}
