import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../../model/errors.ts";
import type { Command, CommandResult } from "../../../provision/host/host.ts";
import { MemoryDisk } from "../../../provision/host/memory_disk.ts";
import { openHost } from "../../../provision/host/open.ts";
import { readDisks, refuseChangedDisk } from "../../../provision/installer/read_disks.ts";

/** A machine whose lsblk, sfdisk and cmp say this. */
function machine(says: { serial: string; table: string; zeros: boolean }) {
  const disk = MemoryDisk.from({
    "/dev/disk/by-id/ata-DISK": { link: "../../sda" },
    "/dev/disk/by-id/usb-X": { link: "../../sdb" },
  });
  const ran: string[] = [];
  const run = ({ argv, readOnly }: Command): Promise<CommandResult> => {
    ran.push(argv[0]);
    const node = { name: "sda", path: "/dev/sda", type: "disk", size: 1e12, serial: says.serial };
    const answers: Record<string, [number, string]> = {
      lsblk: [0, JSON.stringify({ blockdevices: [node] })],
      sfdisk: [says.table === "" ? 1 : 0, says.table],
      cmp: [says.zeros ? 0 : 1, ""],
    };
    const [code, stdout] = readOnly === true ? answers[argv[0]]! : [99, ""];
    return Promise.resolve({ code, stdout, stderr: "", recorded: false });
  };
  return { host: openHost({ root: "/", state: "/state", disk, run, program: ["x"] }), ran };
}

const gptTable = JSON.stringify({ partitiontable: { label: "gpt", firstlba: 34, lastlba: 99, partitions: [] } });

Deno.test("readDisks() only looks; a disk without a table is asked whether it is empty, one with a table is not", async () => {
  const blank = machine({ serial: "1", table: "", zeros: true });
  const [disk] = await readDisks(blank.host);
  assertEquals([disk?.otherPaths, disk?.table, disk?.unrecognised], [["/dev/disk/by-id/ata-DISK"], null, false]);
  assertEquals(blank.ran, ["lsblk", "sfdisk", "cmp"]);
  assertEquals((await readDisks(machine({ serial: "1", table: "", zeros: false }).host))[0]?.unrecognised, true);
  const parted = machine({ serial: "1", table: gptTable, zeros: false });
  assertEquals([(await readDisks(parted.host))[0]?.unrecognised, parted.ran], [false, ["lsblk", "sfdisk"]]);
});

Deno.test("another disk at the same name, or other contents, stop the installation", async () => {
  const before = { serial: "1", table: "", zeros: true };
  const [planned] = await readDisks(machine(before).host);
  await refuseChangedDisk(machine(before).host, planned!);
  for (const change of [{ serial: "2" }, { table: gptTable }, { zeros: false }]) {
    const error = await assertRejects(
      () => refuseChangedDisk(machine({ ...before, ...change }).host, planned!),
      AppError,
    );
    assertEquals(error.code, "plan-changed");
  }
});

Deno.test("a machine without sfdisk is told what to install", async () => {
  const host = openHost({
    root: "/",
    state: "/state",
    disk: new MemoryDisk(),
    program: ["x"],
    run: () => Promise.resolve({ code: 127, stdout: "", stderr: "not found", recorded: false }),
  });
  assertEquals(
    (await assertRejects(() => readDisks(host), AppError)).hint,
    "Install the packages fdisk and util-linux",
  );
});
