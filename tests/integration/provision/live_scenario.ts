/**
 * What a person does on a running machine, from the first plan over the reboot to the rollback. Run by live_test.ts as
 * root of a throw-away copy of this machine (live_enter.sh), never on the machine itself.
 */
import { assert, assertEquals } from "@std/assert";
import { detect } from "../../../provision/hardware/detect.ts";
import { chooseGpu } from "../../../provision/hardware/choose_gpu.ts";
import { openHost } from "../../../provision/host/open.ts";
import { call, plannedChanges } from "./command_line.ts";
import { differences, snapshot } from "./trees.ts";

// Both are bind mounts live_enter.sh makes: a running machine has neither.
for (const mark of ["/ran", "/boot_id"]) assert(Deno.statSync(mark).isFile, "this must run inside live_enter.sh");

/** What systemd-sysusers writes stays: accounts are not taken back. */
const accounts = ["passwd", "passwd-", "group", "group-", "shadow", "shadow-", "gshadow", "gshadow-", ".pwd.lock"]
  .map((name) => `/etc/${name}`);
const tree = () => new Map([...snapshot("/etc", ...accounts, "/etc/libvirt"), ...snapshot("/boot")]);
const ran = () => Deno.readTextFileSync("/ran").trim().split("\n").map((line) => line.split(" ").slice(0, 2).join(" "));
const forget = () => Deno.writeTextFileSync("/ran", "");
const findings = async () => {
  const { code, stdout } = await call("verify", "--json");
  const document = JSON.parse(stdout) as { when: string; findings: { code: string }[] };
  return { code, when: document.when, codes: [...new Set(document.findings.map((one) => one.code))] };
};

Deno.writeTextFileSync(
  "/answers.json",
  JSON.stringify({ schema: "neuron.answers/1", host: { hugepages: "2M" }, vm: { memory: { mib: 512 } } }),
);
const before = tree();
const card = chooseGpu(detect(openHost({ root: "/" })));
assert(card !== null, "the machine of this test has a ready card");

// Packages are missing: the plan names them and cannot see yet what they bring. Where another program installs right
// now, nothing is changed.
const first = await plannedChanges("--answers", "/answers.json");
assert(first.some((change) => / install .*libvirt-daemon-system/.test(change)), first.join("\n"));
assert(!first.some((change) => change.includes("libvirtd.service")), first.join("\n"));
Deno.writeTextFileSync("/fail-apt-get", "");
const locked = await call("apply", "--answers", "/answers.json", "--yes");
assertEquals(locked.code, 1, locked.stderr);
assert(locked.stderr.includes("another program is installing"), locked.stderr);
assertEquals(differences(before, tree()), [], "after a failed installation");
Deno.removeSync("/fail-apt-get");
forget();

// A command that fails half way takes everything back, what it derives included.
Deno.writeTextFileSync("/fail-update-initramfs", "");
const failed = await call("apply", "--answers", "/answers.json", "--yes");
assertEquals(failed.code, 1, failed.stderr);
assert(failed.stderr.includes("Cannot finish update-initramfs -u -k all: code 1: no room"), failed.stderr);
assertEquals(differences(before, tree()), [], "after a failed apply");
Deno.removeSync("/fail-update-initramfs");

// But the packages stay, and are not planned again.
assert(ran().includes("apt-get -o"), ran().join());
const second = await plannedChanges("--answers", "/answers.json");
assert(!second.some((change) => change.includes("apt-get")), second.join("\n"));

// Without them once more, so that one run goes all the way.
Deno.removeSync("/usr/bin/xorriso");
for (const name of ["libvirtd.service", "libvirtd.socket", "libvirtd-ro.socket"]) {
  Deno.renameSync(`/lib/systemd/system/${name}`, `/packages/${name}`);
}
forget();

// Apply: each command once, everything written, the daemon answers.
const applied = await call("apply", "--answers", "/answers.json", "--yes");
assertEquals(applied.code, 3, applied.stderr);
for (const command of ["update-grub", "update-initramfs -u", "systemd-tmpfiles --create"]) {
  assertEquals(ran().filter((line) => line === command).length, 1, `${command}: ${ran().join(", ")}`);
}
assert(Deno.readTextFileSync("/etc/passwd").includes("\nneuron:"), "systemd-sysusers made the user");
assertEquals(await plannedChanges(), [], "a second plan, with the answers of the last apply");
assertEquals(await findings(), { code: 0, when: "written", codes: [] });

// A damaged hook comes back, and the initrd is made again.
const hook = "/etc/initramfs-tools/hooks/neuron-vfio";
Deno.writeTextFileSync(hook, "damaged\n");
assertEquals(await plannedChanges(), [`update ${hook}`, "run update-initramfs -u -k all"]);
assertEquals((await call("apply", "--yes")).code, 3);
assertEquals(await plannedChanges(), []);

// The reboot: first into a kernel without the parameters, then as it shall be.
Deno.writeTextFileSync("/boot_id", "second\n");
const unbound = await findings();
assertEquals(unbound, { code: 1, when: "effective", codes: ["kernel-parameter-missing", "vfio-not-bound"] });
Deno.writeTextFileSync("/cmdline", Deno.readTextFileSync("/boot/grub/grub.cfg").trim().replace("linux\t", ""));
Deno.mkdirSync("/sys/bus/pci/drivers/vfio-pci", { recursive: true });
for (const address of card.functions) {
  const link = `${Deno.realPathSync(`/sys/bus/pci/devices/${address}`)}/driver`;
  try {
    Deno.removeSync(link);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  Deno.symlinkSync("/sys/bus/pci/drivers/vfio-pci", link);
}
assertEquals(await findings(), { code: 0, when: "effective", codes: [] });
assertEquals(await plannedChanges(), [], "the plan is the same with the card in vfio-pci's hands");

// Back: boot files come back from their saved bytes, without building anything.
forget();
const back = await call("rollback", "--yes");
assertEquals(back.code, 3, back.stderr);
assertEquals(differences(before, tree()), [], "after the rollback");
assertEquals(ran().filter((line) => /^update-/.test(line)), [], "nothing had to be built");
console.log("the scenario ended well");
