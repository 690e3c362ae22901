/**
 * Boot loaders whose parameters only a program of their own changes: Pop!_OS' kernelstub, Fedora's grubby, and rpm-ostree.
 * A list of ours (own_parameters.ts) triggers the program and tells what to take back. Sources: kernelstub's
 * application.py and config.py, grubby(8) and grubby-bls, rpm-ostree(1) (kargs).
 */
import type { Host, HostFiles } from "../host/host.ts";
import type { WantedCommand, Wants } from "../step.ts";
import type { BootLoader } from "./boot_loader.ts";
import { grubDefaults, grubParameters, splitParameters } from "./grub.ts";
import { inEvery, type LoaderEntry, readLoaderEntries } from "./loader_entries.ts";
import { listNodes, readOwnParameters } from "./own_parameters.ts";

interface CommandLoader {
  readonly program: string;
  /** What is configured, ours included. */
  readonly configured: readonly string[];
  /** What each boot entry has, ours included; none where that cannot be seen. */
  readonly entries: readonly (readonly string[])[];
  argv(add: readonly string[], remove: readonly string[]): readonly [string, ...string[]];
  /** Files it rewrites whose bytes can be brought back. */
  readonly derives: readonly string[];
  readonly trouble?: BootLoader["trouble"];
}

function byCommand(host: Host, loader: CommandLoader): BootLoader {
  const { program, configured, entries, derives } = loader;
  const own = readOwnParameters(host);
  return {
    trouble: loader.trouble ?? null,
    programs: [program],
    wants(missing): Wants {
      const ours = own.among(configured, missing);
      const parameters = missing(configured.filter((word) => !ours.includes(word)));
      const old = (own.listed ?? []).filter((word) => !parameters.includes(word));
      const nodes = listNodes(own, parameters, [program]);
      if (parameters.length === 0 && old.length === 0) return { nodes };
      const command: WantedCommand = {
        id: program,
        argv: loader.argv(parameters, old),
        undo: loader.argv(old, parameters),
        reason: "write the kernel parameters into the boot entries",
        due: parameters.length > 0 && entries.some((entry) => missing(entry).length > 0),
        derives,
        needs: "reboot",
      };
      return { nodes, commands: [command] };
    },
  };
}

const option = (name: string, words: readonly string[]) => words.length === 0 ? [] : [name, words.join(" ")];
const joined = (name: string, words: readonly string[]) => words.length === 0 ? [] : [`${name}=${words.join(" ")}`];

const kernelstubConfig = "/etc/kernelstub/configuration";

export function kernelstub(host: Host): BootLoader {
  // A captured machine may have it as an empty file.
  const text = host.readText(kernelstubConfig) || null;
  const configured = parseKernelstub(text);
  return byCommand(host, {
    program: "kernelstub",
    configured: configured ?? [],
    entries: configured === null ? [] : [configured],
    argv: (add, remove) => ["kernelstub", ...option("--add-options", add), ...option("--delete-options", remove)],
    derives: [kernelstubConfig, ...below(host, "/boot/efi/loader/entries", /^Pop_OS-.*\.conf$/), ...popCopies(host)],
    trouble: configured !== null || text === null ? null : {
      title: `Cannot tell which kernel parameters kernelstub has: ${kernelstubConfig} is not what it writes`,
      hint: "Move that file away and run kernelstub, which makes it anew",
    },
  });
}

/** Null: nothing that tells options. */
export function parseKernelstub(text: string | null): string[] | null {
  try {
    const config = JSON.parse(text ?? "null");
    const options: unknown = (config?.user ?? config?.default)?.kernel_options;
    if (typeof options === "string") return splitParameters(options);
    return Array.isArray(options) ? options.filter((word) => typeof word === "string" && word !== "") : null;
  } catch {
    return null;
  }
}

const popCopies = (files: HostFiles) =>
  below(files, "/boot/efi/EFI", /^Pop_OS-/).flatMap((folder) => below(files, folder, /^cmdline$/));

function below(files: HostFiles, folder: string, name: RegExp): string[] {
  return (files.list(folder) ?? []).filter((one) => name.test(one)).map((one) => `${folder}/${one}`);
}

export function grubby(host: Host): BootLoader {
  const entries = readLoaderEntries(host);
  const options = entries.map((entry) => expand(host, entry));
  const fallback = host.readText("/etc/kernel/cmdline");
  const configured = options.length > 0
    ? inEvery(options)
    : fallback !== null
    ? splitParameters(fallback)
    : grubParameters([host.readText(grubDefaults) ?? ""]);
  const derives = [...entries.map(({ path }) => path), "/etc/kernel/cmdline", grubDefaults];
  return byCommand(host, {
    program: "grubby",
    configured,
    entries: options,
    argv: (
      add,
      remove,
    ) => ["grubby", "--update-kernel=ALL", ...joined("--args", add), ...joined("--remove-args", remove)],
    derives: derives.filter((path) => host.stat(path) !== null),
  });
}

/** Older ones say `$kernelopts`, a variable in GRUB's environment block. */
function expand(files: HostFiles, { options }: LoaderEntry): string[] {
  const saved = /^kernelopts=(.*)$/m.exec(files.readText("/boot/grub2/grubenv") ?? "")?.[1] ?? "";
  return options.flatMap((word) => word === "$kernelopts" ? splitParameters(saved) : [word]);
}

export function rpmOstree(host: Host): BootLoader {
  const newest = readLoaderEntries(host).toSorted((a, b) => Number(a.version) - Number(b.version)).at(-1)?.options;
  const staged = stagedParameters(host);
  return byCommand(host, {
    program: "rpm-ostree",
    configured: staged ?? newest ?? splitParameters(host.readText("/proc/cmdline")?.trim() ?? ""),
    entries: staged !== null ? [staged] : newest === undefined ? [] : [newest],
    argv: (add, remove) => [
      "rpm-ostree",
      "kargs",
      ...add.map((word) => `--append-if-missing=${word}`),
      ...remove.map((word) => `--delete-if-present=${word}`),
    ],
    derives: [],
  });
}

/** A deployment that the next shutdown makes the default has no boot entry before; its parameters are text in this file. */
function stagedParameters(files: HostFiles): string[] | null {
  const text = files.readText("/run/ostree/staged-deployment");
  return text === null ? null : splitParameters(text.replace(/[^\x20-\x7e]+/g, " "));
}
