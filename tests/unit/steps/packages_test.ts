import { assert, assertEquals } from "@std/assert";
import { needs, packagesFor, readPackageManager } from "../../../provision/distro/packages.ts";
import { apply } from "../../../provision/engine.ts";
import { makePlan } from "../../../provision/engine/plan.ts";
import { fakeHost } from "../../../provision/host/fake.ts";
import { MemoryDisk } from "../../../provision/host/memory_disk.ts";
import { readUnit } from "../../../provision/distro/systemd_units.ts";
import type { Step } from "../../../provision/step.ts";
import { packages } from "../../../provision/steps/packages.ts";
import { blockers, brief, changes, problems, spec, type Tree } from "./machine.ts";

const debian12 = 'ID=debian\nVERSION_CODENAME=bookworm\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n';
const apt: Tree = { "/usr/bin/apt-get": "", "/etc/os-release": debian12, "/var/lib/dpkg/status": "" };
const all: Tree = Object.fromEntries(needs.map(({ files }) => [files[0]!, ""]));
const without = (...whats: string[]): Tree =>
  Object.fromEntries(
    needs.filter(({ what }) => !whats.some((one) => what.includes(one))).map(({ files }) => [files[0]!, ""]),
  );
const diskOf = (...trees: Tree[]) => MemoryDisk.from(Object.assign({ "/etc/x": "" }, ...trees));

Deno.test("what is missing is installed by one command, behind fresh lists; where all is there nothing is planned", async () => {
  assertEquals(brief(await changes(packages, diskOf(apt, without("swtpm", "wimlib")))), [
    "run apt-get -o DPkg::Lock::Timeout=120 -q update",
    "run apt-get -o DPkg::Lock::Timeout=120 -q -o Dpkg::Options::=--force-confold install --yes " +
    "--no-install-recommends swtpm swtpm-tools wimtools",
  ]);
  assertEquals(await changes(packages, diskOf(apt, all)), []);
  assertEquals(await problems(packages, diskOf(apt, all)), []);
  assertEquals(await problems(packages, diskOf(apt, without("swtpm"))), ["packages-missing undefined"]);
});

Deno.test("each distribution's manager is found by its family, whatever other managers are installed", () => {
  const both: Tree = { "/usr/bin/apt-get": "", "/usr/bin/dnf": "", "/usr/bin/zypper": "", "/usr/bin/pacman": "" };
  const managerOf = (release: string, more: Tree = {}) =>
    readPackageManager(diskHost({ ...both, "/etc/os-release": release, ...more }))?.name;
  assertEquals(managerOf(debian12), "apt");
  assertEquals(managerOf('ID=linuxmint\nID_LIKE="ubuntu debian"\n'), "apt");
  assertEquals(managerOf("ID=fedora\n"), "dnf");
  assertEquals(managerOf('ID="rocky"\nID_LIKE="rhel centos fedora"\n'), "dnf");
  assertEquals(managerOf('ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"\n'), "zypper");
  assertEquals(managerOf("ID=cachyos\nID_LIKE=arch\n"), "pacman");
  const ostree = { "/usr/bin/rpm-ostree": "", "/run/ostree-booted": "" };
  assertEquals(managerOf("ID=fedora\n", ostree), "rpm-ostree");
  assertEquals(managerOf("ID=fedora\n", { "/usr/bin/rpm-ostree": "" }), "dnf", "an image builder's machine");
  assertEquals(readPackageManager(diskHost({ "/etc/x": "" })), null);
});

Deno.test("every manager has a package for every need but those another package brings along", () => {
  for (const [program, brought] of [["dnf", 1], ["pacman", 1], ["zypper", 0], ["apt-get", 0]] as const) {
    const host = diskHost({ [`/usr/bin/${program}`]: "" });
    const manager = readPackageManager(host)!;
    const bare = needs.filter((need) => packagesFor(host, manager, [need]).length === 0);
    assertEquals(bare.length, brought, `${program}: ${bare.map(({ what }) => what)}`);
  }
});

Deno.test("older releases have some programs in another package", () => {
  const names = (release: string) => {
    const host = diskHost({ "/usr/bin/apt-get": "", "/etc/os-release": release });
    return packagesFor(host, readPackageManager(host)!, needs);
  };
  assert(!names(debian12).includes("virtiofsd") && names(debian12).includes("qemu-system-common"));
  assert(names("ID=linuxmint\nVERSION_CODENAME=wilma\nUBUNTU_CODENAME=noble\n").includes("virtiofsd"));
  assert(!names("ID=linuxmint\nVERSION_CODENAME=vera\nUBUNTU_CODENAME=jammy\n").includes("virtiofsd"));
});

Deno.test("an installation that was cut short is finished first; others' half-configured packages are theirs", async () => {
  const finish = "run dpkg --configure -a";
  const status = (name: string) => `Package: ${name}\nStatus: install ok half-configured\n\n`;
  const planned = async (...trees: Tree[]) => brief(await changes(packages, diskOf(apt, ...trees)));
  assertEquals((await planned(without("swtpm"), { "/var/lib/dpkg/updates/0001": "" }))[0], finish);
  assertEquals(await planned(all, { "/var/lib/dpkg/status": status("libvirt-daemon-system") }), [finish]);
  assertEquals(await planned(all, { "/var/lib/dpkg/status": status("cowsay") }), []);
});

Deno.test("on a copy nothing is planned or recorded; verify says what the copy lacks, where it is a whole system", async () => {
  const copy = (tree: Tree) =>
    fakeHost(MemoryDisk.from(Object.fromEntries(Object.entries(tree).map(([p, e]) => [`/machine${p}`, e]))), {
      root: "/machine",
    });
  const host = copy({ ...apt, "/etc/x": "" });
  const { work, blockers } = await makePlan(host, [packages], spec, "host", new Set());
  assertEquals([work, blockers], [[], []]);
  const findings = packages.verify(spec, await packages.inspect(host, spec), "written");
  assertEquals(findings.map(({ code, severity }) => `${code} ${severity}`), ["packages-missing warning"]);
  const bare = copy({ "/etc/default/grub": "" });
  assertEquals(packages.verify(spec, await packages.inspect(bare, spec), "written"), []);
});

Deno.test("without a package manager we know, what is missing is a blocker that names it", async () => {
  assertEquals(await blockers(packages, diskOf(without("swtpm"))), ["packages-unknown"]);
  assertEquals(await blockers(packages, diskOf(all)), []);
  assertEquals(await blockers(packages, diskOf(apt)), []);
});

const unit = "[Install]\nWantedBy=multi-user.target\n";

/** A running machine whose apt-get brings everything, libvirt's unit included. */
function machine(apt_get: (disk: MemoryDisk, argv: readonly string[]) => number) {
  const disk = diskOf(apt, without("libvirt"));
  const ran: string[] = [];
  const host = fakeHost(disk, {
    run: (argv) => {
      ran.push(argv.filter((word) => !word.includes("=") && !word.startsWith("-")).join(" "));
      return argv[0] === "apt-get" && argv.includes("install") ? apt_get(disk, argv) : 0;
    },
  });
  return { disk, host, ran };
}

/** Sees a unit only when its package is there, as the step libvirt does, but asks no daemon of the machine running this. */
const enabling: Step<string | null> = {
  name: "libvirt",
  title: "a service of a package",
  phase: "host",
  inspect: (host) => Promise.resolve(readUnit(host, "libvirtd.service").path),
  wants: (_spec, path) => ({
    nodes: path === null
      ? []
      : [{ kind: "link", path: "/etc/wants/unit", target: path, reason: "r", triggers: ["start"] }],
    commands: [{ id: "start", argv: ["start"], reason: "r", due: false, derives: [] }],
  }),
  verify: () => [],
};
const options = { steps: [packages, enabling], spec, phase: "host", origin: null } as const;

Deno.test("apply plans the later steps anew once the packages are there, and a second plan is empty", async () => {
  const { disk, host, ran } = machine((disk) => (disk.put("/lib/systemd/system/libvirtd.service", unit), 0));
  const shown = await makePlan(host, options.steps, spec, "host", new Set());
  assertEquals(shown.work.map(({ step }) => step), ["packages", "packages"], "libvirt's part cannot be seen yet");
  assert(shown.work[1]!.change.reason.includes("look again"), "but it is announced");
  const told: string[] = [];
  const { changes } = await apply(host, {
    ...options,
    digest: shown.plan.digest,
    tell: (event) => void told.push(event.type === "planned-again" ? `${event.type} ${event.changes}` : event.type),
  });
  assert("/etc/wants/unit" in disk.snapshot());
  assertEquals(ran, [
    "apt-get update",
    "apt-get install libvirt-daemon-system",
    "start",
  ]);
  assert(told.includes("planned-again 2"), told.join());
  assertEquals(changes, 4);
  assertEquals((await makePlan(host, options.steps, spec, "host", new Set())).work, []);
});

Deno.test("packages that do not bring what they should end the run, and nothing else stays", async () => {
  const { disk, host } = machine(() => 0);
  const before = disk.snapshot("/state");
  const error = await apply(host, { ...options, tell: () => {} }).catch((error) => error);
  assertEquals(error.message, "Cannot confirm packages: These are missing: libvirt");
  assertEquals(disk.snapshot("/state"), before);
});

function diskHost(tree: Tree) {
  return fakeHost(MemoryDisk.from({ "/etc/x": "", ...tree }));
}
