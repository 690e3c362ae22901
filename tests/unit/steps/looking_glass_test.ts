import { assert, assertEquals } from "@std/assert";
import type { HostSpec } from "../../../model/host_spec.ts";
import { withBlock } from "../../../provision/block.ts";
import { devicesOfPerson, renderDevices } from "../../../provision/distro/qemu_conf.ts";
import { makePlan } from "../../../provision/engine/plan.ts";
import { fakeHost } from "../../../provision/host/fake.ts";
import { MemoryDisk } from "../../../provision/host/memory_disk.ts";
import { apparmorPath, modprobePath, modulesLoadPath, udevPath } from "../../../provision/steps/kvmfr.ts";
import { lookingGlass, tmpfilesPath } from "../../../provision/steps/looking_glass.ts";
import { blockers, brief, changes, problems, spec, type Tree, write } from "./machine.ts";

const wish = (backend: "shmem" | "kvmfr", sizeMib = 64): HostSpec => ({ ...spec, lookingGlass: { backend, sizeMib } });
const people: Tree = {
  "/etc/passwd": "root:x:0:0::/root:/bin/sh\nzoe:x:1001:1001::/home/zoe:/bin/sh\n",
  "/etc/group": "sudo:x:27:zoe\nkvm:x:108:\n",
};
const shm = "/dev/shm/looking-glass";
const remove = `run rm -f ${shm}`;
const create = `run systemd-tmpfiles --create ${tmpfilesPath}`;
const diskOf = (...trees: Tree[]) => MemoryDisk.from(Object.assign({ "/etc/x": "" }, ...trees));

/** As systemd-tmpfiles makes it, and as QEMU leaves it. */
function putShared(disk: MemoryDisk, sizeBytes: number, { mode = 0o660, uid = 1001, gid = 108 } = {}): void {
  disk.put(shm, { text: "\0".repeat(sizeBytes), mode });
  disk.lchown(shm, uid, gid);
}

const textOf = (disk: MemoryDisk, path: string) => fakeHost(disk).readText(path) ?? "";
const mib = 1024 * 1024;

Deno.test("shmem: the file is the person's and the group kvm's, at every start and now", async () => {
  const disk = diskOf(people);
  assertEquals(brief(await changes(lookingGlass, disk, wish("shmem"))), [`create ${tmpfilesPath}`, create]);
  await write(lookingGlass, disk, wish("shmem"));
  assert(textOf(disk, tmpfilesPath).endsWith(`\nf ${shm} 0660 zoe kvm -\n`), textOf(disk, tmpfilesPath));
  assertEquals(await problems(lookingGlass, disk, wish("shmem")), [`looking-glass-memory ${shm}`]);
  for (const size of [0, mib]) {
    putShared(disk, size);
    assertEquals(await changes(lookingGlass, disk, wish("shmem", 1)), [], `${size} bytes`);
    assertEquals(await problems(lookingGlass, disk, wish("shmem", 1)), []);
  }
});

Deno.test("shmem: of another size it goes, with another mode or owner it is mended, and nothing on a copy", async () => {
  const disk = diskOf(people);
  await write(lookingGlass, disk, wish("shmem", 2));
  putShared(disk, mib);
  assertEquals(brief(await changes(lookingGlass, disk, wish("shmem", 2))), [remove, create]);
  for (const wrong of [{ mode: 0o600 }, { uid: 64055 }, { gid: 1001 }]) {
    putShared(disk, 2 * mib, wrong);
    assertEquals(brief(await changes(lookingGlass, disk, wish("shmem", 2))), [create], JSON.stringify(wrong));
    assertEquals(await problems(lookingGlass, disk, wish("shmem", 2)), [`looking-glass-memory ${shm}`]);
  }
  const copy = fakeHost(MemoryDisk.from({ "/machine/etc/x": "", [`/machine${shm}`]: "other" }), { root: "/machine" });
  const { work } = await makePlan(copy, [lookingGlass], wish("shmem"), "host", new Set());
  assertEquals(brief(work.map(({ change }) => change)), [`create ${tmpfilesPath}`, create]);
  const [{ change }] = work as [typeof work[0] & object];
  assert(JSON.stringify(change.after).includes("0660 root kvm"), "where nobody is known it is root's");
});

const conf = `# as shipped
#cgroup_device_acl = [
#    "/dev/null", "/dev/full", "/dev/zero",
#    "/dev/userfaultfd"
#]
`;
const qemuConf = "/etc/libvirt/qemu.conf";
const withModule: Tree = {
  "/proc/sys/kernel/osrelease": "6.12.1\n",
  "/lib/modules/6.12.1/modules.dep": "updates/dkms/kvmfr.ko:\n",
  [qemuConf]: { text: conf, mode: 0o640 },
  "/etc/apparmor.d/abstractions/libvirt-qemu": "",
};

Deno.test("kvmfr: module, size, rights, and one device more in libvirt's list and AppArmor's; again nothing to do", async () => {
  const disk = diskOf(people, withModule);
  assertEquals(
    brief(await changes(lookingGlass, disk, wish("kvmfr"))).sort(),
    [apparmorPath, modprobePath, modulesLoadPath, udevPath].map((path) => `create ${path}`)
      .concat(`update ${qemuConf}`).sort(),
  );
  await write(lookingGlass, disk, wish("kvmfr"));
  assert(textOf(disk, modprobePath).endsWith("\noptions kvmfr static_size_mb=64\n"));
  assert(textOf(disk, qemuConf).startsWith(conf), "theirs stays as it is");
  const list = /^cgroup_device_acl = \[([^\]]*)\]/m.exec(textOf(disk, qemuConf))?.[1]?.split(",").map((one) =>
    one.trim()
  );
  assertEquals(list, ['"/dev/null"', '"/dev/full"', '"/dev/zero"', '"/dev/userfaultfd"', '"/dev/kvmfr0"']);
  assertEquals(disk.lstat(qemuConf).mode, 0o640);
  assertEquals(await changes(lookingGlass, disk, wish("kvmfr")), []);
  // And all of it goes when it is not wanted any more.
  await write(lookingGlass, disk, wish("shmem"));
  const gone = brief(await changes(lookingGlass, disk, { ...spec, lookingGlass: null }));
  assertEquals(gone.sort(), [modprobePath, modulesLoadPath, tmpfilesPath, udevPath].map((p) => `delete ${p}`).sort());
  assertEquals(textOf(disk, qemuConf), conf);
});

Deno.test("kvmfr: without the module, or against a list a person wrote, apply says what only they can do", async () => {
  assertEquals(await blockers(lookingGlass, diskOf(withModule), wish("kvmfr")), []);
  const without = diskOf(withModule, { "/lib/modules/6.12.1/modules.dep": "kernel/a.ko:\n" });
  assertEquals(await blockers(lookingGlass, without, wish("kvmfr")), ["kvmfr-missing"]);
  assertEquals(await blockers(lookingGlass, without, wish("shmem")), []);
  const theirs = `cgroup_device_acl = [\n  "/dev/null", # "/dev/kvmfr0"\n  "/dev/kvm"\n]\n`;
  const disk = diskOf(withModule, { [qemuConf]: theirs });
  assertEquals(await blockers(lookingGlass, disk, wish("kvmfr")), ["kvmfr-not-allowed"]);
  assert(!brief(await changes(lookingGlass, disk, wish("kvmfr"))).some((change) => change.includes(qemuConf)));
  assertEquals(devicesOfPerson(theirs), ["/dev/null", "/dev/kvm"]);
  const allowed = diskOf(withModule, { [qemuConf]: theirs.replace('"/dev/kvm"', '"/dev/kvm", "/dev/kvmfr0"') });
  assertEquals(await blockers(lookingGlass, allowed, wish("kvmfr")), []);
});

Deno.test("kvmfr: our own block is not taken for a person's, however libvirt's comment names its list", () => {
  for (const text of ["", conf]) {
    const ours = withBlock(text, "the device of Looking Glass", renderDevices(text, "/dev/kvmfr0"));
    assertEquals(devicesOfPerson(ours), null);
  }
  assert(renderDevices("", "/dev/kvmfr0").includes('"/dev/ptmx"'), "a file that says nothing: what libvirt always had");
});

Deno.test("kvmfr: after the reboot the device is judged: missing, a plain file that QEMU made, another size", async () => {
  const disk = diskOf(people, withModule);
  await write(lookingGlass, disk, wish("kvmfr"));
  const codes = async () => (await problems(lookingGlass, disk, wish("kvmfr"))).map((line) => line.split(" ")[0]);
  assertEquals(await codes(), ["kvmfr-device"]);
  disk.put("/dev/kvmfr0", "x");
  assertEquals(await codes(), ["kvmfr-is-a-file"]);
});
