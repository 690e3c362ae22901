/**
 * What the product needs of other programs, and which package of which distribution brings it. A table: what must be
 * there (any of its files), and the packages by package manager. Reads; never installs.
 * Sources: `dpkg -L` of Debian 12's packages; the file lists of Fedora's, Arch's and openSUSE's; apt-get(8), apt.conf(5),
 * dnf(8), pacman(8), zypper(8), rpm-ostree(1).
 */
import type { HostFiles } from "../host/host.ts";
import type { Cure } from "../step.ts";

export type PackageManagerName = "apt" | "dnf" | "pacman" | "zypper" | "rpm-ostree";

export interface Need {
  /** For people. */
  readonly what: string;
  /** Any one of these is enough. */
  readonly files: readonly string[];
  /** A manager that is not named brings it with another need's packages. rpm-ostree takes dnf's. */
  readonly packages: Readonly<Partial<Record<Exclude<PackageManagerName, "rpm-ostree">, readonly string[]>>>;
}

const programFolders = ["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin", "/usr/local/sbin"];
const program = (name: string) => programFolders.map((folder) => `${folder}/${name}`);
const unit = (name: string) => ["/usr/lib/systemd/system", "/lib/systemd/system"].map((folder) => `${folder}/${name}`);
const same = (name: string) => ({ apt: [name], dnf: [name], pacman: [name], zypper: [name] });

export const needs: readonly Need[] = [
  {
    what: "QEMU",
    files: [...program("qemu-system-x86_64"), "/usr/libexec/qemu-kvm"],
    packages: { apt: ["qemu-system-x86"], dnf: ["qemu-kvm"], pacman: ["qemu-desktop"], zypper: ["qemu-x86"] },
  },
  {
    what: "QEMU's SPICE, Looking Glass's keyboard and sound",
    files: ["x86_64-linux-gnu/qemu", "qemu"].map((folder) => `/usr/lib/${folder}/ui-spice-core.so`)
      .concat("/usr/lib64/qemu/ui-spice-core.so"),
    packages: { apt: ["qemu-system-modules-spice"], zypper: ["qemu-spice"] },
  },
  {
    what: "disk images (qemu-img)",
    files: program("qemu-img"),
    packages: { apt: ["qemu-utils"], dnf: ["qemu-img"], pacman: ["qemu-img"], zypper: ["qemu-tools"] },
  },
  {
    what: "libvirt",
    files: [...unit("libvirtd.service"), ...unit("virtqemud.socket")],
    packages: {
      apt: ["libvirt-daemon-system"],
      dnf: ["libvirt-daemon-kvm", "libvirt-daemon-config-network"],
      pacman: ["libvirt"],
      zypper: ["libvirt-daemon-qemu", "libvirt-daemon-config-network"],
    },
  },
  {
    what: "UEFI firmware with Secure Boot (OVMF)",
    files: [
      "/usr/share/OVMF/OVMF_CODE_4M.ms.fd",
      "/usr/share/OVMF/OVMF_CODE.ms.fd",
      "/usr/share/edk2/ovmf/OVMF_CODE.secboot.fd",
      "/usr/share/edk2/ovmf/OVMF_CODE_4M.secboot.qcow2",
      "/usr/share/edk2/x64/OVMF_CODE.secboot.4m.fd",
      "/usr/share/edk2-ovmf/x64/OVMF_CODE.secboot.fd",
      "/usr/share/qemu/ovmf-x86_64-smm-ms-code.bin",
    ],
    packages: { apt: ["ovmf"], dnf: ["edk2-ovmf"], pacman: ["edk2-ovmf"], zypper: ["qemu-ovmf-x86_64"] },
  },
  { what: "the VM's TPM (swtpm)", files: program("swtpm"), packages: same("swtpm") },
  {
    what: "the TPM's first keys (swtpm_setup)",
    files: program("swtpm_setup"),
    packages: { apt: ["swtpm-tools"], dnf: ["swtpm-tools"], pacman: ["swtpm"], zypper: ["swtpm"] },
  },
  {
    what: "shared folders (virtiofsd)",
    files: ["/usr/libexec/virtiofsd", "/usr/lib/virtiofsd", "/usr/lib/qemu/virtiofsd", ...program("virtiofsd")],
    packages: same("virtiofsd"),
  },
  {
    what: "addresses for VMs (dnsmasq)",
    files: program("dnsmasq"),
    packages: { ...same("dnsmasq"), apt: ["dnsmasq-base"] },
  },
  {
    what: "the answer medium (xorriso)",
    files: program("xorriso"),
    packages: { ...same("xorriso"), pacman: ["libisoburn"] },
  },
  {
    what: "Windows images (wimlib)",
    files: program("wimlib-imagex"),
    packages: { apt: ["wimtools"], dnf: ["wimlib-utils"], pacman: ["wimlib"], zypper: ["wimtools"] },
  },
  { what: "openssl", files: program("openssl"), packages: same("openssl") },
];

/** What newer releases have in a package of its own lies elsewhere in these. */
const olderNames: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  bookworm: { "virtiofsd": "qemu-system-common", "qemu-system-modules-spice": "qemu-system-common" },
  jammy: { "virtiofsd": "qemu-system-common", "qemu-system-modules-spice": "qemu-system-common" },
};

export interface PackageManager {
  readonly name: PackageManagerName;
  /** By os-release's ID and ID_LIKE: a Fedora may have apt, and a Debian dnf. */
  readonly families: readonly string[];
  readonly program: string;
  /** Brings the lists of what there is up to date; null: installing does it. */
  readonly refresh: readonly [string, ...string[]] | null;
  /** Before the names of packages. */
  readonly install: readonly [string, ...string[]];
}

// An upgrade that runs by itself may hold the lock: two minutes of patience. A person's changed files stay as they are.
const apt = ["apt-get", "-o", "DPkg::Lock::Timeout=120", "-q"] as const;

export const packageManagers: readonly PackageManager[] = [
  {
    name: "rpm-ostree",
    families: [],
    program: "/usr/bin/rpm-ostree",
    refresh: null,
    install: ["rpm-ostree", "install", "--apply-live", "--allow-inactive", "--idempotent", "--assumeyes"],
  },
  {
    name: "apt",
    families: ["debian", "ubuntu"],
    program: "/usr/bin/apt-get",
    refresh: [...apt, "update"],
    install: [...apt, "-o", "Dpkg::Options::=--force-confold", "install", "--yes", "--no-install-recommends"],
  },
  {
    name: "dnf",
    families: ["fedora", "rhel", "centos"],
    program: "/usr/bin/dnf",
    refresh: null,
    install: ["dnf", "install", "--assumeyes"],
  },
  {
    name: "zypper",
    families: ["suse", "opensuse"],
    program: "/usr/bin/zypper",
    refresh: null,
    install: ["zypper", "--non-interactive", "install", "--no-recommends"],
  },
  {
    name: "pacman",
    families: ["arch"],
    program: "/usr/bin/pacman",
    // Newer lists without a whole upgrade leave an Arch half old and half new: that is the person's to decide.
    refresh: null,
    install: ["pacman", "--sync", "--needed", "--noconfirm"],
  },
];

/** What package managers are known for. */
export const cures: readonly Cure[] = [
  {
    when:
      /Could not get lock|is another process using it|locked by the application|unable to lock database|in progress/i,
    says: "another program is installing or updating packages right now",
    hint: "Wait until it has ended (often the updates that run by themselves, unattended-upgrades); then try again",
  },
  {
    when: /dpkg was interrupted|you must manually run 'dpkg --configure -a'/,
    says: "an earlier installation was cut short",
    hint: "sudo dpkg --configure -a; then try again",
  },
  {
    when:
      /Temporary failure resolving|Could not resolve|Could not connect|Connection (timed out|failed)|Network is unreachable|Cannot initiate the connection|failed retrieving file|Cannot download|Failed to download/i,
    says: "the packages cannot be fetched: the distribution's servers are not reached",
    hint: "Connect the machine to the network (and check proxy and date); then try again",
  },
  {
    when:
      /Unable to locate package|has no installation candidate|target not found|No match for argument|not found in package names|Packages not found/i,
    says: "the distribution's lists do not have a package that is needed",
    hint: "Is the network there, and are all parts of the distribution switched on (Ubuntu: universe; RHEL: EPEL)?",
  },
  {
    when: /No space left on device|don't have enough free space|not enough free disk space/i,
    says: "the disk is full",
    hint: "Make room (apt clean, old kernels), about 1 GB; then try again",
  },
];

/** Null: none that we know. */
export function readPackageManager(files: HostFiles): PackageManager | null {
  const release = readOsRelease(files);
  const family = `${release.get("ID") ?? ""} ${release.get("ID_LIKE") ?? ""}`.split(/[\s-]+/);
  const there = packageManagers.filter((manager) => files.stat(manager.program) !== null);
  const layered = there.find(({ name }) => name === "rpm-ostree" && files.stat("/run/ostree-booted") !== null);
  return layered ?? there.find(({ families }) => families.some((one) => family.includes(one))) ??
    there.find(({ name }) => name !== "rpm-ostree") ?? null;
}

/** What is not there, of what this manager has a package for; of everything where there is none. */
export function missingNeeds(files: HostFiles, manager: PackageManager | null): Need[] {
  return needs.filter((need) => {
    if (manager !== null && namesFor(need, manager) === undefined) return false;
    return need.files.every((path) => files.stat(path) === null);
  });
}

export function packagesFor(files: HostFiles, manager: PackageManager, missing: readonly Need[]): string[] {
  const release = readOsRelease(files);
  // Mint and others name themselves in VERSION_CODENAME and what they are made from in these.
  const codename = release.get("UBUNTU_CODENAME") ?? release.get("DEBIAN_CODENAME") ?? release.get("VERSION_CODENAME");
  const older = olderNames[codename ?? ""] ?? {};
  const names = missing.flatMap((need) => namesFor(need, manager) ?? []).map((name) => older[name] ?? name);
  return [...new Set(names)].sort();
}

const namesFor = (need: Need, { name }: PackageManager) => need.packages[name === "rpm-ostree" ? "dnf" : name];

/** os-release(5): shell-like assignments. */
function readOsRelease(files: HostFiles): Map<string, string> {
  const text = files.readText("/etc/os-release") ?? files.readText("/usr/lib/os-release") ?? "";
  return new Map(
    text.split("\n").flatMap((line) => {
      const match = /^([A-Z0-9_]+)=(["']?)(.*)\2$/.exec(line.trim());
      return match === null ? [] : [[match[1]!, match[3]!] as const];
    }),
  );
}

/** Whether the tree holds a list of installed packages: then it is a whole system, and what is not there is missing. */
export function hasPackageDatabase(files: HostFiles): boolean {
  return ["/var/lib/dpkg/status", "/usr/lib/sysimage/rpm", "/var/lib/rpm", "/usr/share/rpm", "/var/lib/pacman/local"]
    .some((path) => files.stat(path) !== null);
}

/**
 * Whether dpkg was cut short in a way that concerns us: it leaves numbered records in `updates` until it has written its
 * status file anew, with which apt refuses everything; or one of the packages we need is unpacked and not configured.
 * Source: dpkg(1), "Package states"; apt looks for the same records.
 */
export function isDpkgUnfinished(files: HostFiles): boolean {
  if (files.list("/var/lib/dpkg/updates")?.some((name) => /^\d+$/.test(name)) === true) return true;
  const ours = new Set([...needs.flatMap(({ packages }) => packages.apt ?? []), "qemu-system-common"]);
  return (files.readText("/var/lib/dpkg/status") ?? "").split("\n\n").some((entry) =>
    /^Status: \S+ \S+ (unpacked|half-configured|half-installed)$/m.test(entry) &&
    ours.has(/^Package: (.+)$/m.exec(entry)?.[1] ?? "")
  );
}
