import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { partitionPath, stablePath } from "../../../provision/installer/disk.ts";
import { describeDisk, disksAmong, parseLsblk } from "../../../provision/installer/parse_disks.ts";

const lsblk = JSON.stringify({
  blockdevices: [
    { name: "loop0", path: "/dev/loop0", type: "loop", size: 5 },
    { name: "sr0", path: "/dev/sr0", type: "rom", size: 5 },
    { name: "zram0", path: "/dev/zram0", type: "disk", size: 5 },
    { name: "mmcblk0boot0", path: "/dev/mmcblk0boot0", type: "disk", size: 5 },
    { name: "sdc", path: "/dev/sdc", type: "disk", size: 0 },
    {
      ...{
        name: "nvme0n1",
        path: "/dev/nvme0n1",
        type: "disk",
        size: 1000204886016,
        model: "Samsung \u001b[31m SSD  ",
      },
      ...{ serial: "S1", rm: false, ro: false, tran: "nvme", "log-sec": 512, fstype: null, mountpoints: [null] },
      children: [
        {
          ...{ name: "nvme0n1p1", path: "/dev/nvme0n1p1", type: "part", fstype: "crypto_LUKS", mountpoints: [null] },
          children: [
            { name: "luks", path: "/dev/mapper/luks", type: "crypt", fstype: "ext4", mountpoints: ["/home", null] },
          ],
        },
        { name: "nvme0n1p2", path: "/dev/nvme0n1p2", type: "part", fstype: "ntfs", label: "Win", mountpoints: [] },
      ],
    },
    {
      name: "sdb",
      path: "/dev/sdb",
      type: "disk",
      size: "4096",
      fstype: "linux_raid_member",
      children: [
        { name: "md0", path: "/dev/md0", type: "raid1", mountpoints: [] },
      ],
    },
  ],
});
const sfdisk = JSON.stringify({
  partitiontable: {
    ...{ label: "gpt", firstlba: 2048, lastlba: 1953525134, sectorsize: 512 },
    partitions: [
      {
        node: "/dev/nvme0n1p1",
        start: 2048,
        size: 1000,
        type: "0FC63DAF-8483-4772-8E79-3D69D8477DE4",
        uuid: "AB",
        name: "x",
      },
      { node: "/dev/nvme0n1p2", start: 4096, size: 1000, type: "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7" },
    ],
  },
});
const links = new Map([
  ["wwn-0x1", "../../nvme0n1"],
  ["nvme-Samsung_SSD=1@x\\x2f_S1", "../../nvme0n1"],
  ["nvme-Samsung_S1", "../../nvme0n1"],
  ["nvme-Samsung_S1-part1", "../../nvme0n1p1"],
]);

Deno.test("disks are what could hold a system: no loops, drives, RAM, boot areas and empty slots", () => {
  assertEquals(disksAmong(parseLsblk(lsblk)).map(({ name }) => name), ["nvme0n1", "sdb"]);
});

Deno.test("describeDisk() joins what lsblk, sfdisk and the names by id say", () => {
  const disk = describeDisk(disksAmong(parseLsblk(lsblk))[0]!, sfdisk, links);
  assertEquals(stablePath(disk), "/dev/disk/by-id/nvme-Samsung_S1");
  assertEquals(disk.otherPaths.length, 3);
  assertEquals(disk.model, "Samsung  [31m SSD");
  assertEquals(disk.table, { kind: "gpt", firstSector: 2048, lastSector: 1953525134 });
  const [luks, windows] = disk.partitions;
  assertEquals([luks?.number, luks?.guid, luks?.mountPoints, luks?.holders], [1, "ab", ["/home"], ["luks"]]);
  assertEquals([windows?.fileSystem, windows?.label, windows?.name], ["ntfs", "Win", null]);
  const raid = describeDisk(disksAmong(parseLsblk(lsblk))[1]!, "", links);
  const whole = { ...disksAmong(parseLsblk(lsblk))[1]!, values: { size: 4096 } };
  assertEquals([true, false].map((zeros) => describeDisk(whole, "", links, zeros).unrecognised), [false, true]);
  assertEquals([raid.table, raid.sizeBytes, raid.holders, raid.fileSystem], [null, 4096, ["md0"], "linux_raid_member"]);
});

Deno.test("a partition's name follows its disk's", () => {
  assertEquals(partitionPath("/dev/sda", 1), "/dev/sda1");
  assertEquals(partitionPath("/dev/nvme0n1", 2), "/dev/nvme0n1p2");
  assertEquals(partitionPath("/dev/mmcblk0", 3), "/dev/mmcblk0p3");
});

Deno.test("whatever lsblk and sfdisk print, it is read without an error", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), fc.oneof(fc.string(), fc.json()), (tree, table) => {
    for (const node of [...parseLsblk(tree), ...parseLsblk(lsblk)]) describeDisk(node, table, links);
  }));
  fc.assert(fc.property(fc.anything(), (value) => {
    parseLsblk(JSON.stringify({ blockdevices: [value, { name: "a", path: "/dev/a", children: [value] }] }) ?? "");
  }));
});
