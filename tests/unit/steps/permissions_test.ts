import { assert, assertEquals } from "@std/assert";
import { readPeople } from "../../../provision/distro/people.ts";
import { fakeHost } from "../../../provision/host/fake.ts";
import { MemoryDisk } from "../../../provision/host/memory_disk.ts";
import { permissions, permissionsPath } from "../../../provision/steps/permissions.ts";
import { brief, changes, problems, type Tree, write } from "./machine.ts";

const passwd = `root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
zoe:x:1001:1001:Zoe,,,:/home/zoe:/usr/bin/zsh
anna:x:1002:1002::/home/anna:/bin/bash
guest:x:1003:1003::/home/guest:/bin/bash
backup2:x:1004:27::/var/backups:/usr/sbin/nologin
wheelie:x:1005:998::/home/wheelie:
far:x:70000:27::/home/far:/bin/bash
`;
const group = (libvirt = "", kvm = "") =>
  `root:x:0:\nsudo:x:27:zoe,anna,backup2,far\nwheel:x:998:\nkvm:x:108:${kvm}\nlibvirt:x:107:${libvirt}\nzoe:x:1001:\n`;
const machine = (extra: Tree = {}) =>
  MemoryDisk.from({ "/etc/x": "", "/etc/passwd": passwd, "/etc/group": group(), ...extra });
const run = `run systemd-sysusers ${permissionsPath}`;

Deno.test("people are accounts with a shell who may administer, by supplementary or primary group, first account first", () => {
  assertEquals(readPeople(fakeHost(machine())).map(({ name }) => name), ["zoe", "anna", "wheelie"]);
  assertEquals(readPeople(fakeHost(MemoryDisk.from({ "/etc/x": "" }))), []);
  const odd = "a b:x:1000:27::/:/bin/sh\n-m:x:1000:27::/:/bin/sh\nshort:x:1000:27\nx:x:1e3:27::/:/bin/sh\n";
  assertEquals(readPeople(fakeHost(machine({ "/etc/passwd": odd }))), []);
});

Deno.test("they are made members of both groups; the plan says what that means", async () => {
  const planned = await changes(permissions, machine());
  assertEquals(brief(planned), [`create ${permissionsPath}`, run]);
  assert(planned[0]!.reason.includes("as good as being root"));
  const after = planned[0]!.after;
  assert(after?.kind === "file" && after.text!.endsWith("m wheelie kvm\nm wheelie libvirt\n"), JSON.stringify(after));
});

Deno.test("after apply the second plan is empty, with memberships in effect too, and damage is repaired", async () => {
  const disk = machine();
  await write(permissions, disk);
  assertEquals(brief(await changes(permissions, disk)), [run], "the running machine shows that it has not run");
  disk.put("/etc/group", group("zoe,anna,wheelie", "zoe,anna,wheelie"));
  assertEquals(await changes(permissions, disk), []);
  assertEquals(await problems(permissions, disk), []);
  disk.put(permissionsPath, { text: "damaged", mode: 0o644 });
  assertEquals(brief(await changes(permissions, disk)), [`update ${permissionsPath}`, run]);
});

Deno.test("members already, also by primary group, need nothing of us; one who lacks a group does", async () => {
  const all = machine({ "/etc/group": group("zoe,anna,wheelie", "zoe,anna,wheelie") });
  assertEquals(await changes(permissions, all), []);
  const one = "kim:x:1000:107::/home/kim:/bin/bash\n";
  const sudo = (kvm: string) => `sudo:x:27:kim\nlibvirt:x:107:\nkvm:x:108:${kvm}\n`;
  assertEquals(await changes(permissions, machine({ "/etc/passwd": one, "/etc/group": sudo("kim") })), []);
  const lacking = machine({ "/etc/passwd": one, "/etc/group": sudo("") });
  assertEquals(brief(await changes(permissions, lacking)), [`create ${permissionsPath}`, run]);
  assertEquals(await problems(permissions, lacking), ["person-not-member kim"]);
});

Deno.test("where nobody administers nothing is written, and ours goes when the last one is gone", async () => {
  assertEquals(await changes(permissions, MemoryDisk.from({ "/etc/x": "" })), []);
  const disk = machine();
  await write(permissions, disk);
  disk.put("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n");
  assertEquals(brief(await changes(permissions, disk)), [`delete ${permissionsPath}`]);
});
