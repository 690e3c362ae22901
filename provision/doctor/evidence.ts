/**
 * Reads what the table of states (states.ts) judges: files of the machine, and on the running one a few commands that
 * only look. What cannot be read is a reason, never an error. Decides nothing.
 */
import type { Detection } from "../../model/detection.ts";
import { errorMessage } from "../../model/errors.ts";
import { type Person, readPeople } from "../distro/people.ts";
import { Reading } from "../hardware/reading.ts";
import { detectFrom } from "../hardware/detect.ts";
import type { FileStatus, Host } from "../host/host.ts";
import { certificatePath } from "../steps/identity.ts";
import { judgeCertificate } from "../steps/certificate.ts";
import { askLibvirt } from "../steps/libvirt.ts";
import type { HostSpec } from "../../model/host_spec.ts";
import { type GlassVm, readGlassVms } from "./glass_vms.ts";

/** A value, or why it is not known. */
export type Seen<T> = { readonly value: T } | { readonly notLooked: string };

export interface Evidence {
  readonly detection: Detection;
  readonly cmdline: string;
  readonly kvmDevice: Seen<FileStatus | null>;
  /** Gid of the group kvm; null without one. */
  readonly kvmGroup: number | null;
  /** The `nested` parameter of kvm_intel or kvm_amd as the kernel prints it; null when neither is loaded. */
  readonly nested: string | null;
  readonly mounts: Seen<string>;
  readonly kvmfr: FileStatus | null;
  readonly glassVms: Seen<readonly GlassVm[]>;
  /** Who administers the machine, and so sits at it. */
  readonly people: readonly Person[];
  readonly qemuConf: Seen<string | null>;
  /** `options vfio-pci ids=` of modprobe.d and `vfio-pci.ids=` of the command line, as `10de:1b80`. */
  readonly vfioIds: readonly string[];
  readonly freeKib: Seen<ReadonlyMap<string, number>>;
  /** The largest initial ram disk. */
  readonly initrdKib: number;
  /** `none`, `integrity` or `confidentiality`. */
  readonly lockdown: Seen<string>;
  /** Modules DKMS builds here, and those the kernel has loaded. */
  readonly dkmsModules: readonly string[];
  readonly loadedModules: readonly string[];
  /** What is wrong with the management certificate; null: nothing. */
  readonly certificateProblem: Seen<string | null>;
  /** Why libvirt does not answer, and which of its defaults do not run. */
  readonly libvirt: Seen<{ readonly trouble: string | null; readonly stopped: readonly string[] }>;
  readonly missingPrograms: Seen<readonly string[]>;
}

const onCopy = { notLooked: "only on the running machine" } as const;
export const diskPaths = ["/boot", "/var/lib/libvirt/images"];
const programs = ["qemu-system-x86_64", "swtpm", "dnsmasq", "virtiofsd"];
const folders = ["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin", "/usr/libexec", "/usr/lib/qemu"];
const ovmfFolders = ["/usr/share/OVMF", "/usr/share/edk2/ovmf", "/usr/share/edk2/x64", "/usr/share/qemu/firmware"];

/** @param spec what the host is to be; only who the certificate is for is asked of it */
export async function readEvidence(host: Host, spec: HostSpec | null): Promise<Evidence> {
  const reading = new Reading(host);
  const detection = detectFrom(reading);
  const text = (path: string): Seen<string | null> => {
    const value = reading.text(path);
    const failed = reading.unreadable.find((file) => file.path === path);
    return failed === undefined ? { value } : { notLooked: `${path} cannot be read: root can` };
  };
  const present = (path: string, seen = text(path)): Seen<string> =>
    "notLooked" in seen ? seen : seen.value === null ? { notLooked: `${path} is not there` } : { value: seen.value };
  const cmdline = detection.host.kernelCommandLine ?? "";
  return {
    detection,
    cmdline,
    kvmDevice: host.live ? stat(host, "/dev/kvm") : onCopy,
    kvmGroup: groupOf(reading.text("/etc/group") ?? "", "kvm"),
    nested: ["kvm_intel", "kvm_amd"].map((name) => reading.text(`/sys/module/${name}/parameters/nested`))
      .find((value) => value !== null)?.trim() ?? null,
    mounts: present("/proc/mounts"),
    kvmfr: statOrNull(host, "/dev/kvmfr0"),
    glassVms: readGlassVms(reading, host),
    people: readPeople(host),
    qemuConf: text("/etc/libvirt/qemu.conf"),
    vfioIds: readVfioIds(reading, cmdline),
    freeKib: host.live ? await readFreeKib(host) : onCopy,
    initrdKib: largestInitrdKib(host, reading),
    lockdown: lockdownOf(present("/sys/kernel/security/lockdown")),
    dkmsModules: reading.list("/var/lib/dkms") ?? [],
    loadedModules: reading.list("/sys/module") ?? [],
    certificateProblem: spec === null
      ? { notLooked: "what is wanted does not fit this machine" }
      : certificateProblem(text(certificatePath), spec, host),
    libvirt: host.live ? { value: await askLibvirt() } : onCopy,
    missingPrograms: host.live ? { value: missing(reading) } : onCopy,
  };
}

function stat(host: Host, path: string): Seen<FileStatus | null> {
  try {
    return { value: host.stat(path) };
  } catch (error) {
    return { notLooked: errorMessage(error) };
  }
}

function statOrNull(host: Host, path: string): FileStatus | null {
  const seen = stat(host, path);
  return "value" in seen ? seen.value : null;
}

/** group(5) */
function groupOf(text: string, name: string): number | null {
  const gid = new RegExp(`^${name}:[^:]*:(\\d+):`, "m").exec(text)?.[1];
  return gid === undefined ? null : Number(gid);
}

/** modprobe.d(5): `options vfio-pci ids=10de:1b80,10de:10f0`; the module may be written with either dash. */
function readVfioIds(reading: Reading, cmdline: string): string[] {
  const files = (reading.list("/etc/modprobe.d") ?? []).filter((name) => name.endsWith(".conf"));
  const texts = files.map((name) => reading.text(`/etc/modprobe.d/${name}`) ?? "");
  const lists = texts.flatMap((text) => [...text.matchAll(/^\s*options\s+vfio[-_]pci\s.*?\bids=(\S+)/gm)])
    .concat([...cmdline.matchAll(/(?:^|\s)vfio[-_]pci\.ids=(\S+)/g)]).map((match) => match[1]!);
  const ids = lists.flatMap((list) => list.split(",")).map((id) => id.toLowerCase().split(":").slice(0, 2).join(":"));
  return [...new Set(ids)];
}

/** df(1), -P: one line a path, the fourth column is what is free, in KiB with -k. */
async function readFreeKib(host: Host): Promise<Seen<ReadonlyMap<string, number>>> {
  const free = new Map<string, number>();
  for (const path of diskPaths) {
    const { code, stdout } = await host.run({
      argv: ["df", "-Pk", path],
      step: "doctor",
      reason: "how much room is left",
      readOnly: true,
    });
    const column = stdout.trim().split("\n").at(-1)?.split(/\s+/)[3];
    if (code === 0 && column !== undefined && /^\d+$/.test(column)) free.set(path, Number(column));
  }
  return free.size === 0 ? { notLooked: "df does not tell" } : { value: free };
}

function largestInitrdKib(host: Host, reading: Reading): number {
  const names = (reading.list("/boot") ?? []).filter((name) => /^(initrd|initramfs)/.test(name));
  return Math.max(0, ...names.map((name) => (statOrNull(host, `/boot/${name}`)?.sizeBytes ?? 0) / 1024));
}

/** kernel_lockdown(7): `none [integrity] confidentiality`, the one in brackets holds. */
function lockdownOf(seen: Seen<string>): Seen<string> {
  return "value" in seen ? { value: /\[(\w+)\]/.exec(seen.value)?.[1] ?? "none" } : seen;
}

function certificateProblem(text: Seen<string | null>, spec: HostSpec, host: Host): Seen<string | null> {
  if (!("value" in text)) return text;
  if (text.value === null) return { notLooked: "there is none yet" };
  return { value: judgeCertificate(text.value, spec.identity.hostname, host.now()).problem };
}

function missing(reading: Reading): string[] {
  const found = (program: string) => folders.some((folder) => reading.exists(`${folder}/${program}`));
  const absent = programs.filter((program) => !found(program));
  return ovmfFolders.some((folder) => reading.exists(folder)) ? absent : [...absent, "OVMF"];
}
