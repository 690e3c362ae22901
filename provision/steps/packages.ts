/**
 * The programs of others that everything later rests on: QEMU, libvirt, firmware, TPM and tools. What is missing on the
 * running machine is installed by the distribution's package manager; what is there is left alone, and all of it stays
 * on rollback. Nothing is planned for a copy: see docs/decisions/0012. The table is distro/packages.ts.
 */
import type { Finding } from "../../model/errors.ts";
import {
  cures,
  hasPackageDatabase,
  isDpkgUnfinished,
  missingNeeds,
  type Need,
  type PackageManager,
  packagesFor,
  readPackageManager,
} from "../distro/packages.ts";
import type { Step, WantedCommand } from "../step.ts";

const hourMs = 60 * 60_000;

export interface PackagesSeen {
  readonly live: boolean;
  /** Null: none that we know. */
  readonly manager: PackageManager | null;
  readonly missing: readonly Need[];
  /** What is missing, by its packages. */
  readonly packages: readonly string[];
  /** An earlier installation was cut short: apt refuses everything, or what we need is only half there. */
  readonly unfinished: boolean;
  /** The tree says itself what is installed, so that what is not there is really missing. */
  readonly isWhole: boolean;
}

const listed = (missing: readonly Need[]) => missing.map(({ what }) => what).join(", ");

export const packages: Step<PackagesSeen> = {
  name: "packages",
  title: "Programs that are needed",
  phase: "host",

  inspect(host) {
    const manager = readPackageManager(host);
    const missing = missingNeeds(host, manager);
    return Promise.resolve({
      live: host.live,
      manager,
      missing,
      packages: manager === null ? [] : packagesFor(host, manager, missing),
      unfinished: manager?.name === "apt" && isDpkgUnfinished(host),
      isWhole: hasPackageDatabase(host),
    });
  },

  blockers(_spec, seen) {
    if (!seen.live || seen.manager !== null || seen.missing.length === 0) return [];
    return [{
      code: "packages-unknown",
      severity: "blocker",
      title: `These are missing, and this system has no package manager we know: ${listed(seen.missing)}`,
      hint: "Install them by hand. Known are apt, dnf, zypper, pacman and rpm-ostree",
    }];
  },

  wants(_spec, seen) {
    const { manager, missing, packages } = seen;
    if (manager === null) return { nodes: [] };
    const common = { due: true, derives: [], keeps: true, finishes: true, timeoutMs: hourMs, cures } as const;
    const commands: WantedCommand[] = [];
    if (seen.unfinished) {
      const reason = "an earlier installation was cut short";
      commands.push({ ...common, id: "packages-finish", argv: ["dpkg", "--configure", "-a"], reason });
    }
    if (missing.length === 0) return { nodes: [], commands };
    if (manager.refresh !== null) {
      const reason = "what can be installed, and where it is";
      commands.push({ ...common, id: "packages-refresh", argv: manager.refresh, reason });
    }
    commands.push({
      ...common,
      id: "packages-install",
      argv: [...manager.install, ...packages],
      reason: `missing: ${listed(missing)}. They stay on rollback. Then the steps that follow look again: services ` +
        `that come with these packages are switched on, and a network and a storage pool "default" defined if they lack`,
      reveals: true,
    });
    return { nodes: [], commands };
  },

  verify(_spec, seen): Finding[] {
    // A copy of the boot files alone says nothing about programs.
    if (seen.missing.length === 0 || !(seen.live || seen.isWhole)) return [];
    return [{
      code: "packages-missing",
      severity: seen.live ? "blocker" : "warning",
      title: seen.live
        ? `These are missing: ${listed(seen.missing)}`
        : `This copy lacks: ${listed(seen.missing)}. On a copy nothing is installed`,
      hint: seen.manager === null
        ? "Install them by hand"
        : `neuron-setup apply on the machine itself installs them: ${seen.packages.join(" ")}`,
    }];
  },
};
