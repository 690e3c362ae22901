/**
 * `deno task iso`: dist/neuron-VERSION.iso, a live system that installs itself. Decides what goes into it and from where;
 * iso-hooks/build.sh does it. Needs root: it unpacks a Debian.
 */
import { basename, join } from "node:path";
import { ensurePackages } from "../cli/try/packages.ts";
import config from "../deno.json" with { type: "json" };
import { AppError } from "../model/errors.ts";
import { installerPackages } from "../provision/installer/live_system.ts";
import { mirrors } from "./apt_sources.ts";
import { build, builtProgram, cacheFolder, distFolder, megabytes, runTask } from "./build.ts";
import { buildDeb, recommended, sourceDate } from "./deb.ts";
import { sources } from "./product.ts";

/** Debian 13: libvirt 11.3, QEMU 10.0. */
const suite = "trixie";
export const isoLabel = "NEURON";

/** Debian packages of the build machine. */
export const isoPackages = [
  "dosfstools",
  "git",
  "grub-common",
  "mmdebstrap",
  "mtools",
  "squashfs-tools",
  "xorriso",
];

export const builtIso = join(distFolder, `neuron-${config.version}.iso`);

/** Makes the ISO from a package that was built. */
export async function buildIso(deb: string, out: string): Promise<void> {
  if (Deno.uid() !== 0) {
    throw new AppError("forbidden", "Cannot build the ISO: unpacking a Debian needs root", {
      hint: "sudo deno task iso",
    });
  }
  const { main, security } = await mirrors();
  const work = await Deno.makeTempDir({ prefix: "neuron-iso-" });
  try {
    const { success, code } = await new Deno.Command(join(sources, "iso-hooks/build.sh"), {
      args: [`${out}.new`],
      env: {
        RELEASE: suite,
        MIRROR: main,
        SECURITY_MIRROR: security,
        TARGET_MIRROR: Deno.env.get("NEURON_TARGET_MIRROR") ?? main,
        TARGET_SECURITY_MIRROR: Deno.env.get("NEURON_TARGET_SECURITY_MIRROR") ?? security,
        PACKAGES: (await packages()).join(","),
        DEB: deb,
        CACHE: join(cacheFolder(), "packages", suite),
        WORK: work,
        SOURCE_DATE_EPOCH: `${await sourceDate()}`,
        LABEL: isoLabel,
        LC_ALL: "C.UTF-8",
        DEBIAN_FRONTEND: "noninteractive",
      },
      stdin: "null",
    }).spawn().status;
    if (!success) {
      throw new AppError("command-failed", `iso-hooks/build.sh ended with ${code}`, {
        hint: "What it said stands above",
      });
    }
    await Deno.rename(`${out}.new`, out);
  } finally {
    await Deno.remove(`${out}.new`).catch(() => {});
    await Deno.remove(work, { recursive: true });
  }
}

/** What the live and the installed system consist of. */
async function packages(): Promise<string[]> {
  const text = await Deno.readTextFile(join(sources, "iso-hooks/packages.list"));
  const listed = text.split("\n").map((line) => line.replace(/#.*/, "").trim()).filter((name) => name !== "");
  return [...new Set([...listed, ...installerPackages, ...recommended(), "debconf", "init-system-helpers"])].sort();
}

if (import.meta.main) {
  await runTask(async () => {
    await ensurePackages(isoPackages, console.log);
    await build(console.log, builtProgram);
    const deb = await buildDeb({ program: builtProgram, folder: distFolder });
    await buildIso(deb, builtIso);
    console.log(`dist/${basename(builtIso)}: ${await megabytes(builtIso)}`);
  });
}
