/**
 * What a person does on a running machine, from the first plan over the reboot to the rollback. Run by live_test.ts as
 * root of a throw-away copy of this machine (live_enter.sh), never on the machine itself.
 */
import { assert, assertEquals } from "@std/assert";
import { detect } from "../../../provision/hardware/detect.ts";
import { chooseGpu } from "../../../provision/hardware/choose_gpu.ts";
import { openHost } from "../../../provision/host/open.ts";
import { call, plannedChanges } from "./command_line.ts";
import { handOver, menu, reboot } from "./live_machine.ts";
import { differences, snapshot } from "./trees.ts";

// Both are bind mounts live_enter.sh makes: a running machine has neither.
for (const mark of ["/ran", "/boot_id"]) assert(Deno.statSync(mark).isFile, "this must run inside live_enter.sh");

/** What systemd-sysusers writes stays: accounts are not taken back. */
const accounts = ["passwd", "passwd-", "group", "group-", "shadow", "shadow-", "gshadow", "gshadow-", ".pwd.lock"]
  .map((name) => `/etc/${name}`);
const tree = () =>
  new Map([...snapshot("/etc", ...accounts, "/etc/libvirt"), ...snapshot("/boot", "/boot/grub/grubenv")]);
const ran = () => Deno.readTextFileSync("/ran").trim().split("\n").map((line) => line.split(" ").slice(0, 2).join(" "));
const forget = () => Deno.writeTextFileSync("/ran", "");
const findings = async () => {
  const { code, stdout } = await call("verify", "--json");
  const document = JSON.parse(stdout) as { when: string; findings: { code: string }[] };
  return { code, when: document.when, codes: [...new Set(document.findings.map((one) => one.code))] };
};

const prove = async () => {
  const { code, stdout, stderr } = await call("prove", "--json");
  assert(stdout !== "", stderr);
  const { outcome, findings } = JSON.parse(stdout) as { outcome: string; findings: { code: string }[] };
  return { code, outcome, codes: [...new Set(findings.map((one) => one.code))] };
};
/** The certificate and the management user stay when a trial is taken back. */
const identity = /^\/(neuron|neuron\/tls|neuron\/tls\/server\.pem|sysusers\.d\/neuron\.conf):/;

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
for (const command of ["update-grub", "grub-reboot neuron-trial", "update-initramfs -u"]) {
  assertEquals(ran().filter((line) => line === command).length, 1, `${command}: ${ran().join(", ")}`);
}
assertEquals(ran().filter((line) => line === "systemd-tmpfiles --create").length, 2, "pages, Looking Glass");
assert(Deno.readTextFileSync("/etc/passwd").includes("\nneuron:"), "systemd-sysusers made the user");
for (const group of ["kvm", "libvirt"]) {
  const line = Deno.readTextFileSync("/etc/group").split("\n").find((one) => one.startsWith(`${group}:`));
  assert(line?.split(":")[3]?.split(",").includes("zoe"), `systemd-sysusers made zoe a member: ${line}`);
}
const shared = Deno.statSync("/dev/shm/looking-glass");
assertEquals([shared.uid, shared.mode! & 0o777, shared.size], [1001, 0o660, 0], "Looking Glass's memory is zoe's");
assertEquals(await plannedChanges(), [], "a second plan, with the answers of the last apply");
assertEquals(await findings(), { code: 0, when: "written", codes: [] });

// A damaged hook comes back, and the initrd is made again.
const hook = "/etc/initramfs-tools/hooks/neuron-vfio";
Deno.writeTextFileSync(hook, "damaged\n");
assertEquals(await plannedChanges(), [`update ${hook}`, "run update-initramfs -u -k all"]);
assertEquals((await call("apply", "--yes")).code, 3);
assertEquals(await plannedChanges(), []);

// A VM of another size left its memory behind.
Deno.truncateSync("/dev/shm/looking-glass", 1024);
assertEquals((await plannedChanges()).map((change) => change.split(" ").slice(0, 2).join(" ")), [
  "run rm",
  "run systemd-tmpfiles",
]);
assertEquals((await call("apply", "--yes")).code, 3);
assertEquals(await plannedChanges(), []);

// Before the reboot there is nothing to prove.
assertEquals(await prove(), { code: 3, outcome: "to-come", codes: [] });

// A trial that came to no proof (GRUB started it once, the machine stopped) is taken back by the start after it.
reboot("without-passthrough");
const unbound = await findings();
assertEquals(unbound, { code: 1, when: "effective", codes: ["kernel-parameter-missing", "vfio-not-bound"] });
assertEquals(await prove(), { code: 1, outcome: "taken-back", codes: ["trial-not-finished"] });
assertEquals(differences(before, tree()).filter((path) => !identity.test(path)), [], "after a trial without a proof");
assertEquals(await prove(), { code: 0, outcome: "none", codes: [] });

// Once more: this time a claim does not hold in the trial. It is told, and taken back by the start after it.
assertEquals((await call("apply", "--yes")).code, 3);
assertEquals(await plannedChanges(), []);
reboot("trial");
assertEquals(await prove(), { code: 1, outcome: "failed", codes: ["vfio-not-bound"] });
assertEquals(menu().includes("'neuron-trial'"), true, "nothing is promoted");
reboot("without-passthrough");
assertEquals(await prove(), { code: 1, outcome: "taken-back", codes: ["vfio-not-bound"] });
assertEquals(differences(before, tree()).filter((path) => !identity.test(path)), [], "after a trial that failed");

// And once with the card in vfio-pci's hands: the trial becomes the default.
assertEquals((await call("apply", "--yes")).code, 3);
reboot("trial");
handOver(card);
assertEquals(await findings(), { code: 0, when: "effective", codes: [] });
assertEquals(await prove(), { code: 0, outcome: "proved", codes: [] });
assertEquals(menu().includes("'neuron-trial'"), false, "the trial's entry is gone");
assertEquals(menu().includes("'neuron-without-passthrough'"), true, "the entry without passthrough stays");
assertEquals(await plannedChanges("--phase", "host"), [], "nothing of the host is left to do");
const theVm = ["run neuron-setup vm define --answers /var/lib/neuron/answers.json"];
assertEquals(await plannedChanges(), theVm, "what is proved leads on to the VM");
reboot("default");
assertEquals(await findings(), { code: 0, when: "effective", codes: [] });
assertEquals(await prove(), { code: 0, outcome: "none", codes: [] });
assertEquals(await plannedChanges("--phase", "host"), [], "the plan is the same with the card in vfio-pci's hands");

// Back: boot files come back from their saved bytes, without building anything.
forget();
const back = await call("rollback", "--yes");
assertEquals(back.code, 3, back.stderr);
assertEquals(differences(before, tree()), [], "after the rollback");
assertEquals(ran().filter((line) => /^update-/.test(line)), [], "nothing had to be built");
assertEquals([...Deno.readDirSync("/dev/shm")].map(({ name }) => name), [], "and Looking Glass's memory is gone");
console.log("the scenario ended well");
