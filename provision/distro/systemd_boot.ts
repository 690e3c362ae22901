/**
 * systemd-boot, which has no configuration of the kernel's parameters: its entries are made by kernel-install or come in
 * unified kernel images, both from /etc/kernel/cmdline, or they are written by hand. Sources: kernel-install(8) and
 * 90-loaderentry.install (/etc/kernel/cmdline, else the running kernel's), mkinitcpio(8) (/etc/cmdline.d before
 * /etc/kernel/cmdline), The Boot Loader Specification (`options` may stand more than once).
 */
import { readShared, wantedBlock, withoutBlock } from "../block.ts";
import { compareVersions } from "../hardware/boot.ts";
import type { Host, HostFiles } from "../host/host.ts";
import type { WantedCommand, WantedNode, Wants } from "../step.ts";
import type { BootLoader, Missing } from "./boot_loader.ts";
import { findOwnWords, withWords } from "./command_line_file.ts";
import { splitParameters } from "./grub.ts";
import { bootFolders, type LoaderEntry, parseLoaderEntry, readLoaderEntries } from "./loader_entries.ts";
import { listNodes, readOwnParameters } from "./own_parameters.ts";
import { buildsUnifiedImages } from "./mkinitcpio.ts";

const commandLinePath = "/etc/kernel/cmdline";
const commandLineFolder = "/etc/cmdline.d";
const about = "kernel parameters for VFIO";

export function systemdBoot(host: Host): BootLoader {
  const entries = readLoaderEntries(host);
  const unified = buildsUnifiedImages(host);
  if (!unified && entries.length > 0 && !entries.some(isInstalled)) return byHand(host, entries);
  return byCommandLine(host, entries, unified);
}

/** kernel-install puts each kernel as `linux` into a folder of its version. */
const isInstalled = ({ linux, version }: LoaderEntry) => version !== null && linux.endsWith(`/${version}/linux`);

/** An `options` line of our own at the end of each entry: the boot loader adds it to the person's. */
function byHand(host: Host, entries: readonly LoaderEntry[]): BootLoader {
  const files = entries.map(({ path }) => readShared(host, path));
  const odd = files.find(({ trouble }) => trouble !== null);
  return {
    trouble: odd === undefined ? null : {
      title: `Kernel parameters would go into ${odd.path}, which ${odd.trouble}`,
      hint: "Make it a plain UTF-8 text file of its own",
    },
    programs: [],
    wants(missing): Wants {
      const nodes = files.flatMap((file): WantedNode[] => {
        const theirs = withoutBlock(file.text ?? "", about);
        const parameters = missing(parseLoaderEntry(file.path, theirs)?.options ?? []);
        if (parameters.length > 0) {
          const reason = `the kernel needs ${parameters.join(" ")}`;
          const line = `options ${parameters.join(" ")}\n`;
          return [{ ...wantedBlock(file, about, line), reason, needs: "reboot" }];
        }
        if (theirs === file.text) return [];
        const mode = file.mode === null ? {} : { mode: file.mode };
        return [{ kind: "file", path: file.path, text: theirs, ...mode, reason: "no kernel parameter is needed" }];
      });
      return { nodes };
    },
  };
}

/** Ours at the end of the one line that kernel-install or mkinitcpio reads. */
function byCommandLine(host: Host, entries: readonly LoaderEntry[], unified: boolean): BootLoader {
  const drops = unified ? (host.list(commandLineFolder) ?? []).filter((name) => name.endsWith(".conf")) : [];
  // mkinitcpio reads the folder alone when something is in it.
  const path = drops.length > 0 ? `${commandLineFolder}/${drops.at(-1)}` : commandLinePath;
  const others = drops.slice(0, -1).flatMap((name) =>
    splitParameters(host.readText(`${commandLineFolder}/${name}`) ?? "")
  );
  const file = readShared(host, path);
  const base = file.text ?? `${presentParameters(host, entries).join(" ")}\n`;
  const own = readOwnParameters(host);
  const commands = unified ? [buildImages(host)] : installKernels(host, entries);
  const triggers = commands.map(({ id }) => id);

  function nodes(missing: Missing): WantedNode[] {
    const [from, to] = findOwnWords(base, own, missing) ?? [0, 0];
    const theirs = base.slice(0, from) + base.slice(to);
    const parameters = missing([...others, ...splitParameters(theirs)]);
    const list = listNodes(own, parameters, triggers);
    if (parameters.length === 0 && (file.text === null || theirs === file.text)) return list;
    const { text, words } = withWords(theirs, parameters);
    const mode = file.mode === null ? {} : { mode: file.mode };
    const reason = parameters.length === 0
      ? "no kernel parameter is needed"
      : `the kernel needs ${parameters.join(" ")}`;
    const block = words === "" ? {} : { block: words };
    return [...list, { kind: "file", path, text, ...mode, ...block, triggers, reason, needs: "reboot" }];
  }

  return {
    trouble: troubleOf(file, base),
    programs: [...new Set(commands.map(({ argv }) => argv[0]))],
    wants(missing): Wants {
      const due = entries.some(({ options }) => missing(options).length > 0);
      return { nodes: nodes(missing), commands: commands.map((command) => ({ ...command, due })) };
    },
  };
}

function troubleOf({ path, trouble }: { path: string; trouble: string | null }, base: string): BootLoader["trouble"] {
  if (trouble !== null) {
    return {
      title: `Kernel parameters would go into ${path}, which ${trouble}`,
      hint: "Make it a plain UTF-8 text file of its own",
    };
  }
  // A kernel that is not told its root file system does not start.
  if (base.trim() !== "") return null;
  return {
    title:
      "Cannot tell what systemd-boot starts the kernel with: it has no entries, and there is no /etc/kernel/cmdline",
    hint: "Mount the EFI system partition, or write the kernel's parameters into /etc/kernel/cmdline",
  };
}

/** What kernel-install takes where there is no file: here rather from the newest entry, else from the running kernel. */
function presentParameters(files: HostFiles, entries: readonly LoaderEntry[]): string[] {
  const newest = entries.toSorted((a, b) => compareVersions(a.version ?? "", b.version ?? "")).at(-1)?.options;
  const all = newest ?? splitParameters(files.readText("/proc/cmdline")?.trim() ?? "");
  return all.filter((word) => !/^(BOOT_IMAGE|initrd)=/.test(word));
}

type Command = Omit<WantedCommand, "due">;

function installKernels(host: Host, entries: readonly LoaderEntry[]): Command[] {
  const common = { reason: "write the kernel parameters into the boot entry", needs: "reboot" } as const;
  const kernels = installedKernels(host);
  if (kernels.length === 0) {
    return [{ id: "kernel-install", argv: ["kernel-install", "add-all"], derives: [], ...common }];
  }
  return kernels.map(({ version, image, initrd }) => {
    const mine = entries.filter((entry) => entry.version === version);
    const folders = mine.filter(isInstalled).map(({ path, linux }) => {
      const partition = bootFolders.findLast((folder) => path.startsWith(`${folder}/loader/`)) ?? "/boot";
      const folder = linux.slice(0, linux.lastIndexOf("/"));
      // Paths in an entry begin at the partition's top, which is / where /boot is no mount point.
      return host.list(`${partition}${folder}`) === null ? folder : `${partition}${folder}`;
    });
    const made = folders.flatMap((folder) => (host.list(folder) ?? []).map((name) => `${folder}/${name}`));
    return {
      id: `kernel-install ${version}`,
      argv: ["kernel-install", "add", version, image, ...(initrd === null ? [] : [initrd])],
      derives: [...mine.map(({ path }) => path), ...made],
      ...common,
    };
  });
}

/** Debian's kernels and initial ram disks are in /boot, and its own hook names both to kernel-install. */
function installedKernels(files: HostFiles): { version: string; image: string; initrd: string | null }[] {
  return (files.list("/lib/modules") ?? []).flatMap((version) => {
    const images = [`/lib/modules/${version}/vmlinuz`, `/boot/vmlinuz-${version}`];
    const image = images.find((path) => files.stat(path) !== null);
    const initrd = `/boot/initrd.img-${version}`;
    return image === undefined ? [] : [{ version, image, initrd: files.stat(initrd) === null ? null : initrd }];
  });
}

function buildImages(host: Host): Command {
  const images = bootFolders.flatMap((folder) =>
    (host.list(`${folder}/EFI/Linux`) ?? []).filter((name) => name.endsWith(".efi"))
      .map((name) => `${folder}/EFI/Linux/${name}`)
  );
  return {
    id: "mkinitcpio",
    argv: ["mkinitcpio", "-P"],
    reason: "write the kernel parameters into the unified kernel images",
    derives: images,
    needs: "reboot",
  };
}
