import { assertEquals, assertStringIncludes } from "@std/assert";
import type { HostSpec } from "../../../model/host_spec.ts";
import { hugepages, linkPath, tmpfilesPath, unitPath } from "../../../provision/steps/hugepages.ts";
import { blockers, brief, changes, debian, problems, spec, write } from "./machine.ts";

const small: HostSpec = {
  ...spec,
  hugepages: { sizeKib: 2048, pagesByNode: [{ node: 0, pages: 100 }, { node: 1, pages: 50 }] },
};
const large: HostSpec = { ...spec, hugepages: { sizeKib: 1048576, pagesByNode: [{ node: 0, pages: 8 }] } };
const nr = (node: number, sizeKib = 2048) =>
  `/sys/devices/system/node/node${node}/hugepages/hugepages-${sizeKib}kB/nr_hugepages`;

Deno.test("2 MiB pages are taken on each NUMA node, now and at every start", async () => {
  const list = await changes(hugepages, debian(), small);
  assertEquals(brief(list), [`create ${tmpfilesPath}`, `run systemd-tmpfiles --create ${tmpfilesPath}`]);
  const { after } = list[0]!;
  assertStringIncludes(after?.kind === "file" ? after.text! : "", `w ${nr(0)} - - - - 100\nw ${nr(1)} - - - - 50\n`);
});

Deno.test("1 GiB pages get a mount of their own, unless there is one", async () => {
  assertEquals(brief(await changes(hugepages, debian(), large)), [
    `create ${unitPath}`,
    `create ${linkPath}`,
    "run systemctl daemon-reload",
  ]);
  const mounted = debian({ "/proc/mounts": "hugetlbfs /mnt/huge hugetlbfs rw,pagesize=1024M 0 0\n" });
  assertEquals(await changes(hugepages, mounted, large), []);
});

Deno.test("nothing is wanted, nothing is done; what was ours goes", async () => {
  assertEquals(await changes(hugepages, debian()), []);
  const disk = debian();
  await write(hugepages, disk, large);
  assertEquals(brief(await changes(hugepages, disk, spec)), [
    `delete ${unitPath}`,
    `delete ${linkPath}`,
    "run systemctl daemon-reload",
  ]);
});

Deno.test("on a running machine missing pages are taken again", async () => {
  const disk = debian({ [nr(0)]: "100\n", [nr(1)]: "49\n" });
  await write(hugepages, disk, small);
  assertEquals(brief(await changes(hugepages, disk, small)), [`run systemd-tmpfiles --create ${tmpfilesPath}`]);
  assertEquals(await problems(hugepages, disk, small), [`hugepages-missing ${nr(1)}`]);
  disk.put(nr(1), "50\n");
  assertEquals(await changes(hugepages, disk, small), []);
  assertEquals(await problems(hugepages, disk, small), []);
});

Deno.test("pages that leave the host nothing are refused", async () => {
  const greedy: HostSpec = { ...spec, hugepages: { sizeKib: 1048576, pagesByNode: [{ node: 0, pages: 32 }] } };
  assertEquals(await blockers(hugepages, debian(), greedy), ["hugepages-too-many"]);
  assertEquals(await blockers(hugepages, debian(), large), []);
});
