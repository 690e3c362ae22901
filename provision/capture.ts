/**
 * A machine's description as files: what was looked at while someone looked, with links kept, so that the copy can be
 * given to `--root`. Whatever is only listed or asked for is kept as an empty file or folder. Reads through MachineFiles
 * only and writes nothing: capture_tar.ts packs the entries, cli/capture_folder.ts lays them out.
 */
import type { FileStatus } from "./host/host.ts";
import { detectFrom } from "./hardware/detect.ts";
import { type MachineFiles, Reading } from "./hardware/reading.ts";

/** Paths are absolute inside the root; folders come before what is in them. */
export type CaptureEntry =
  | { readonly kind: "folder"; readonly path: string }
  | { readonly kind: "link"; readonly path: string; readonly target: string }
  | { readonly kind: "file"; readonly path: string; readonly mode: number; readonly bytes: Uint8Array };

/** What planning looks at beyond detection: boot loader, initramfs, module and account files. Folders are taken whole. */
const PLAN_PATHS = [
  "/boot/grub/grub.cfg",
  "/boot/grub/grubenv",
  "/boot/grub2/grub.cfg",
  "/boot/grub2/grubenv",
  "/boot/loader",
  "/efi/loader",
  "/boot/efi/loader",
  "/etc/cmdline.d",
  "/etc/default/grub",
  "/etc/default/grub.d",
  "/etc/dracut.conf",
  "/etc/dracut.conf.d",
  "/etc/fstab",
  "/etc/group",
  "/etc/initramfs-tools",
  "/etc/initcpio",
  "/etc/kernel",
  "/etc/kernelstub",
  "/etc/mkinitcpio.conf",
  "/etc/mkinitcpio.conf.d",
  "/etc/mkinitcpio.d",
  "/etc/modprobe.d",
  "/etc/modules",
  "/etc/modules-load.d",
  "/etc/libvirt/qemu/networks",
  "/etc/libvirt/storage",
  // Not all of /etc/neuron: the certificate beside it comes with its private key.
  "/etc/neuron/kernel-parameters",
  "/etc/neuron/vfio-functions",
  "/etc/neuron/vfio-hand-over",
  "/etc/sysctl.d",
  "/etc/sysusers.d",
  "/etc/tmpfiles.d",
];

/** Folders of which only the names matter: programs, units, kernels. Their files are copied empty. */
const NAMES_ONLY = ["/boot", "/usr/sbin", "/usr/bin", ...unitFolders()];

/** Links into /usr on most systems, through which the names above are also asked for. */
const MERGED_FOLDERS = ["/bin", "/lib", "/sbin"];

function unitFolders(): string[] {
  return ["/usr/lib/systemd/system", "/etc/systemd/system"].flatMap((folder) => [
    folder,
    ...["multi-user.target", "sockets.target", "sysinit.target"].map((target) => `${folder}/${target}.wants`),
  ]);
}

/** Units whose text tells where they are to be enabled: libvirt's daemons. */
const UNITS_READ = /^(?:libvirtd|virt[a-z]+d)(?:-[a-z]+)?\.(?:service|socket)$/;

/** A configuration file is small; what is larger is something else and is kept empty. */
const MAX_CONFIGURATION_BYTES = 1024 * 1024;

/** Everything `detect` and `plan` look at. Files that cannot be read are left out. */
export function capture(files: MachineFiles): CaptureEntry[] {
  const copy = new Copy(files);
  const reading = new Reading(files);
  const seen = detectFrom(reading);
  for (const { question, path } of reading.questions()) {
    if (question === "text" || question === "bytes") copy.file(path);
    else if (question === "list") copy.folder(path);
    else copy.presence(path);
  }
  for (const path of PLAN_PATHS) copy.tree(path, MAX_CONFIGURATION_BYTES);
  for (const path of NAMES_ONLY) copy.folder(path);
  for (const path of MERGED_FOLDERS) copy.presence(path);
  for (const name of reading.list("/usr/lib/systemd/system") ?? []) {
    if (UNITS_READ.test(name)) copy.file(`/usr/lib/systemd/system/${name}`);
  }
  for (const list of ["modules.dep", "modules.builtin"]) copy.file(`/lib/modules/${seen.host.kernel}/${list}`);
  return copy.entries();
}

/** More links than the kernel follows in one path (MAXSYMLINKS). */
const MAX_LINKS = 40;
const MAX_TREE_DEPTH = 6;

/** Where a path really is, and the links and folders on the way there. */
interface Place {
  readonly real: string;
  readonly way: readonly CaptureEntry[];
}

class Copy {
  readonly #files: MachineFiles;
  readonly #entries = new Map<string, CaptureEntry>();
  readonly #links = new Map<string, string | null>();

  constructor(files: MachineFiles) {
    this.#files = files;
  }

  entries(): CaptureEntry[] {
    return [...this.#entries.values()].sort((a, b) => a.path < b.path ? -1 : 1);
  }

  file(path: string): void {
    const place = this.#follow(path, true);
    const bytes = place === null ? null : this.#try(() => this.#files.readBytes(place.real));
    if (place === null || bytes === null) return;
    const mode = this.#try(() => this.#files.stat(place.real))?.mode ?? 0o644;
    this.#keep(place, { kind: "file", path: place.real, mode, bytes });
  }

  /** The folder and the names in it. */
  folder(path: string): void {
    const place = this.#follow(path, true);
    const names = place === null ? null : this.#try(() => this.#files.list(place.real));
    if (place === null || names === null) return;
    this.#keep(place, { kind: "folder", path: place.real });
    for (const name of names) this.presence(`${place.real === "/" ? "" : place.real}/${name}`);
  }

  /** That there is something, and of what kind; a link with its text. */
  presence(path: string): void {
    const place = this.#follow(path, false);
    const status = place === null ? null : this.#try(() => this.#files.stat(place.real));
    if (place === null || status === null) return;
    const entry = this.#placeholder(place.real, status);
    if (entry !== null) this.#keep(place, entry);
  }

  /** A file, or everything below a folder. */
  tree(path: string, maxBytes: number, depth = 0): void {
    const place = this.#follow(path, true);
    const status = place === null ? null : this.#try(() => this.#files.stat(place.real));
    if (place === null || status === null) return;
    if (status.kind === "file" && status.sizeBytes <= maxBytes) return this.file(path);
    this.presence(place.real);
    if (status.kind !== "folder" || depth === MAX_TREE_DEPTH) return;
    for (const name of this.#try(() => this.#files.list(place.real)) ?? []) {
      this.tree(`${path}/${name}`, maxBytes, depth + 1);
    }
  }

  #placeholder(path: string, status: FileStatus): CaptureEntry | null {
    if (status.kind === "folder") return { kind: "folder", path };
    if (status.kind === "file") return { kind: "file", path, mode: status.mode, bytes: new Uint8Array() };
    const target = status.kind === "link" ? this.#link(path) : null;
    return target === null ? null : { kind: "link", path, target };
  }

  /** null: in a circle of links. */
  #follow(path: string, followLast: boolean): Place | null {
    const way: CaptureEntry[] = [];
    let rest = path.split("/").filter((part) => part !== "");
    let real = "";
    let links = 0;
    while (rest.length > 0) {
      const [part, ...after] = rest as [string, ...string[]];
      if (part === "." || part === "..") {
        real = part === ".." ? real.slice(0, Math.max(real.lastIndexOf("/"), 0)) : real;
        rest = after;
        continue;
      }
      const here = `${real}/${part}`;
      const target = after.length > 0 || followLast ? this.#link(here) : null;
      if (target === null) {
        if (after.length > 0) way.push({ kind: "folder", path: here });
        real = here;
        rest = after;
        continue;
      }
      if (++links > MAX_LINKS) return null;
      way.push({ kind: "link", path: here, target });
      if (target.startsWith("/")) real = "";
      rest = [...target.split("/").filter((name) => name !== ""), ...after];
    }
    return { real: real === "" ? "/" : real, way };
  }

  /** Keeps what is there and the way to it; content replaces an empty place-holder, never the other way round. */
  #keep(place: Place, entry: CaptureEntry): void {
    for (const step of [...place.way, entry]) {
      const known = this.#entries.get(step.path);
      const fills = known?.kind === "file" && step.kind === "file" && step.bytes.length > 0;
      if (known === undefined || fills) this.#entries.set(step.path, step);
    }
  }

  #link(path: string): string | null {
    const known = this.#links.get(path);
    if (known !== undefined) return known;
    const target = this.#try(() => this.#files.readLink(path));
    this.#links.set(path, target);
    return target;
  }

  #try<T>(ask: () => T | null): T | null {
    try {
      return ask();
    } catch {
      // What cannot be read cannot be copied; detect says so of the same file.
      return null;
    }
  }
}
