/**
 * Debian packages a command needs: says which are missing, installs them with apt, and says what it did.
 * Used by the try-out and by the test run; the product's own provisioning has its step for that.
 */
import { AppError } from "../../model/errors.ts";

/** Enough for a private libvirtd with QEMU guests. Not libvirt-daemon-system: that one would start a system daemon. */
export const hypervisorPackages = [
  "iproute2",
  "libvirt-clients",
  "libvirt-daemon",
  "libvirt-daemon-driver-qemu",
  "mount",
  "openssl",
  "ovmf",
  "pci.ids",
  "qemu-system-x86",
  "qemu-utils",
  "seabios",
  "tar",
  "usb.ids",
  "util-linux",
] as const;

/**
 * Makes sure the packages are installed. Throws AppError `unsupported` without apt, `forbidden` without root rights,
 * `command-failed` with apt's last words.
 */
export async function ensurePackages(packages: readonly string[], say: (line: string) => void): Promise<void> {
  const missing = await missingPackages(packages);
  if (missing.length === 0) return;
  if (Deno.uid() !== 0) {
    throw new AppError("forbidden", `These packages are missing and only root can install them: ${missing.join(" ")}`, {
      hint: `sudo apt-get install --no-install-recommends ${missing.join(" ")}`,
    });
  }
  say(`Installing with apt: ${missing.join(" ")}`);
  await apt(["update", "-q"]);
  await apt(["install", "-q", "-y", "--no-install-recommends", ...missing]);
  say(`Installed ${missing.length} package${missing.length === 1 ? "" : "s"}.`);
}

/** Throws AppError `unsupported` on a system without dpkg. */
async function missingPackages(packages: readonly string[]): Promise<string[]> {
  const output = await dpkgQuery(packages);
  const installed = new Set(
    output.split("\n").filter((line) => line.startsWith("ii ")).map((line) => line.slice(3).trim()),
  );
  return packages.filter((name) => !installed.has(name));
}

async function dpkgQuery(packages: readonly string[]): Promise<string> {
  try {
    const result = await new Deno.Command("dpkg-query", {
      args: ["--show", "--showformat=${db:Status-Abbrev}${binary:Package}\n", ...packages],
      stdout: "piped",
      stderr: "null",
    }).output();
    return new TextDecoder().decode(result.stdout).replaceAll(/:[a-z0-9]+$/gm, "");
  } catch (error) {
    throw new AppError("unsupported", "Cannot look for packages: this system has no dpkg-query", {
      hint: `Use Debian 12 or later, or install what these Debian packages hold: ${packages.join(" ")}`,
      cause: error,
    });
  }
}

async function apt(args: readonly string[]): Promise<void> {
  const result = await new Deno.Command("apt-get", {
    args: [...args],
    env: { DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C.UTF-8" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  if (result.success) return;
  const words = new TextDecoder().decode(result.stderr).trim().split("\n").slice(-4).join(" · ");
  throw new AppError("command-failed", `apt-get ${args.join(" ")} ended with ${result.code}: ${words}`, {
    hint: "Mend apt (network, sources, a half-installed package: dpkg --configure -a) and start again",
  });
}
