import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import type { Answers } from "../../../model/answers.ts";
import { AppError, type ErrorCode } from "../../../model/errors.ts";
import { partitionTypes } from "../../../provision/installer/disk.ts";
import { type InstallPlan, planInstallation } from "../../../provision/installer/plan.ts";
import { actionWords } from "../../../provision/installer/plan_text.ts";
import type { InstallAnswers } from "../../../provision/installer/settings.ts";
import type { DetectedDisk } from "../../../provision/installer/disk.ts";
import type { LiveSystem } from "../../../provision/installer/live_system.ts";
import { account, blankDisk, GIB, gpt, identities, live, MIB, nvme, part, windowsDisk } from "./disks.ts";

interface Case {
  readonly disks: readonly DetectedDisk[];
  readonly install?: InstallAnswers;
  readonly system?: Partial<LiveSystem>;
  readonly answers?: Answers;
  readonly unattended?: boolean;
}

function plan({ disks, install, system, answers, unattended = false }: Case): InstallPlan {
  return planInstallation({
    answers: { ...answers, install: { account, ...install } },
    disks,
    system: live(system),
    identities,
    unattended,
  });
}

function refused(code: ErrorCode, given: Case): AppError {
  const error = assertThrows(() => plan(given), AppError);
  assertEquals(error.code, code, error.message);
  assert(error.hint !== undefined && error.hint !== "", `no cure: ${error.message}`);
  return error;
}

const commands = ({ actions }: InstallPlan) => actions.map(actionWords);
const fileText = ({ actions }: InstallPlan, path: string) => {
  const found = actions.find((action) => action.kind === "file" && action.path === path);
  return found?.kind === "file" && "text" in found.content ? found.content.text : null;
};
const golden = async (name: string, found: readonly string[]) => {
  const path = new URL(`../../fixtures/installer/${name}.txt`, import.meta.url);
  const text = `${found.join("\n")}\n`;
  if (Deno.env.get("NEURON_WRITE_GOLDEN") === "1") await Deno.writeTextFile(path, text);
  assertEquals(text, await Deno.readTextFile(path));
};

Deno.test("planInstallation() on a blank disk of a BIOS machine: every command", async () => {
  await golden("bios", commands(plan({ disks: [blankDisk()], system: { firmware: "bios" } })));
});

Deno.test("planInstallation() on NVMe with UEFI and LUKS: every command", async () => {
  await golden("nvme-luks", commands(plan({ disks: [nvme()], install: { encrypt: { file: "/run/key" } } })));
});

Deno.test("an image without live packages keeps its initial RAM disk, unless a passphrase must get into it", () => {
  const made = (install: InstallAnswers, livePackages: readonly string[]) =>
    commands(plan({ disks: [nvme()], install, system: { livePackages } }))
      .filter((words) => /update-initramfs|dpkg --purge/.test(words)).map((words) =>
        words.split(" ").slice(2, 4).join(" ")
      );
  const encrypt = { file: "/run/key" };
  assertEquals(made({}, []), []);
  assertEquals(made({ encrypt }, []), ["update-initramfs -u"]);
  assertEquals(made({}, ["live-tools"]), ["dpkg --purge"]);
  assertEquals(made({ encrypt }, ["live-tools"]), ["dpkg --purge", "update-initramfs -u"]);
  assertEquals(made({ encrypt }, ["live-boot", "live-boot-initramfs-tools"]), ["dpkg --purge"]);
});

Deno.test("planInstallation() beside a Windows that is kept: every command", async () => {
  await golden("beside-windows", commands(plan({ disks: [windowsDisk(100 * 1024)] })));
});

Deno.test("the partition table is one script, and names every partition unfinished", () => {
  const { actions } = plan({ disks: [nvme()] });
  const table = actions.find((one) => one.kind === "command" && one.argv[0] === "sfdisk");
  assert(table?.kind === "command" && table.stdin !== undefined && "text" in table.stdin);
  assertEquals(
    table.stdin.text,
    `label: gpt
label-id: ${identities.table}
unit: sectors
/dev/nvme0n1p1 : start=2048, size=2048, type=${partitionTypes.biosBoot}, uuid=${identities.partitions.bios}, name="neuron-unfinished-bbbbbbbb"
/dev/nvme0n1p2 : start=4096, size=1048576, type=${partitionTypes.esp}, uuid=${identities.partitions.esp}, name="neuron-unfinished-bbbbbbbb"
/dev/nvme0n1p3 : start=1052672, size=2097152, type=${partitionTypes.boot}, uuid=${identities.partitions.boot}, name="neuron-unfinished-bbbbbbbb"
/dev/nvme0n1p4 : start=3149824, size=1045424128, type=${partitionTypes.root}, uuid=${identities.partitions.root}, name="neuron-unfinished-bbbbbbbb"
`,
  );
});

Deno.test("fstab and crypttab name file systems by UUID", () => {
  const encrypted = plan({ disks: [nvme()], install: { encrypt: { file: "/run/key" } } });
  assertEquals(
    fileText(encrypted, "/etc/fstab"),
    `# Made by neuron-setup install. fstab(5): what, where, type, options, dump, check order
UUID=${identities.rootFileSystem} / btrfs subvol=@,compress=zstd:1,noatime 0 0
UUID=${identities.rootFileSystem} /home btrfs subvol=@home,compress=zstd:1,noatime 0 0
UUID=${identities.rootFileSystem} /var/lib/libvirt btrfs subvol=@var-lib-libvirt,compress=zstd:1,noatime 0 0
UUID=${identities.bootFileSystem} /boot ext4 noatime 0 2
UUID=5555-ABCD /boot/efi vfat umask=0077 0 1
`,
  );
  assertEquals(fileText(encrypted, "/etc/crypttab"), `neuron-root UUID=${identities.luks} none luks,discard\n`);
  assertEquals(fileText(plan({ disks: [nvme()] }), "/etc/crypttab"), null);
});

Deno.test("secrets are named, never held: not by a command, not by a file", () => {
  const planned = plan({ disks: [nvme()], install: { encrypt: { file: "/run/key" } } });
  const secret = planned.actions.flatMap((one) =>
    one.kind === "command" && one.stdin !== undefined && "secret" in one.stdin ? [one.stdin.secret] : []
  );
  assertEquals(secret, ["passphrase", "passphrase", "account"]);
  assertEquals(JSON.stringify(planned).includes("/run/key"), false);
  assertEquals(JSON.stringify(planned).includes("/run/password"), false);
});

Deno.test("a Windows is kept: refused without room beside it, and what to do is said", () => {
  const error = refused("hardware-unsuitable", { disks: [windowsDisk(1024)] });
  assertStringIncludes(error.message, "/dev/sda holds Windows, which is kept");
  assertStringIncludes(error.hint!, '"disk": "/dev/disk/by-id/ata-DISK_1", "keepWindows": false');
  assertStringIncludes(
    refused("hardware-unsuitable", { disks: [windowsDisk(1e5)], system: { firmware: "bios" } }).message,
    "BIOS mode",
  );
  const mbr = windowsDisk(1e5, { table: { kind: "dos", firstSector: 0, lastSector: 1e9 } });
  assertStringIncludes(refused("hardware-unsuitable", { disks: [mbr] }).message, "not GPT");
  refused("hardware-unsuitable", { disks: [windowsDisk(1024)], install: { disk: "/dev/sda" } });
  refused("hardware-unsuitable", { disks: [windowsDisk(1024)], install: { keepWindows: false } });
});

Deno.test("a Windows is erased when its disk is named and keepWindows is false, and the plan says what is lost", () => {
  const planned = plan({ disks: [windowsDisk(0)], install: { disk: "/dev/sda", keepWindows: false } });
  assertEquals(planned.place.kind, "whole-disk");
  assertEquals(planned.erased[2], '/dev/sda3, 200 GiB: files of Windows "Windows"');
  assertEquals(planned.erased.length, 4);
  assertEquals(planned.kept, []);
});

Deno.test("BitLocker and a data disk of Windows are Windows too", () => {
  for (const fileSystem of ["BitLocker", "ntfs"]) {
    const disk = blankDisk({ table: gpt(500 * GIB), partitions: [part(1, 1, 499 * 1024, { fileSystem })] });
    refused("hardware-unsuitable", { disks: [disk] });
  }
  refused("hardware-unsuitable", { disks: [blankDisk({ fileSystem: "ntfs" })] });
});

Deno.test("a disk that is too small is refused with what is needed", () => {
  const { message, hint } = refused("hardware-unsuitable", { disks: [blankDisk({ sizeBytes: 8 * GIB })] });
  assertEquals(message, "Cannot install: no disk is possible: /dev/sda has 8.0 GiB, and the system needs 9.5 GiB");
  assertStringIncludes(hint!, "80 GiB");
  const little = plan({ disks: [blankDisk({ sizeBytes: 20 * GIB })] });
  assertEquals(little.findings.map(({ code }) => code), ["disk-little-room"]);
});

Deno.test("of two disks none is guessed: both are named", () => {
  const { message, hint } = refused("answer-missing", { disks: [blankDisk(), nvme({ serial: "N" })] });
  assertStringIncludes(message, "/dev/sda, 500 GiB, DISK (1) [/dev/disk/by-id/ata-DISK_1]");
  assertStringIncludes(message, "/dev/nvme0n1, 500 GiB, DISK (N) [/dev/nvme0n1]");
  assertStringIncludes(hint!, '"disk": "/dev/disk/by-id/ata-DISK_1"');
  assertEquals(plan({ disks: [blankDisk(), nvme()], install: { disk: "/dev/nvme0n1" } }).disk.name, "nvme0n1");
  const byId = plan({ disks: [nvme(), blankDisk()], install: { disk: "/dev/disk/by-id/ata-DISK_1" } });
  assertEquals(byId.disk.name, "sda");
});

Deno.test("a disk that is not blank, or external, must be named", () => {
  const linux = blankDisk({
    table: gpt(500 * GIB),
    partitions: [part(1, 1, 1024, { fileSystem: "ext4", label: "old" })],
  });
  assertStringIncludes(refused("answer-missing", { disks: [linux] }).message, 'Linux (ext4) "old"');
  assertEquals(plan({ disks: [linux], install: { disk: "/dev/sda" } }).erased, [
    '/dev/sda1, 1.0 GiB: Linux (ext4) "old"',
  ]);
  assertStringIncludes(refused("answer-missing", { disks: [blankDisk({ transport: "usb" })] }).message, "external");
  assertStringIncludes(
    refused("answer-missing", { disks: [blankDisk({ unrecognised: true })] }).message,
    "not recognised",
  );
});

Deno.test("what can never be a target is refused though it is named", () => {
  const cases: [Partial<DetectedDisk>, Partial<LiveSystem>, string][] = [
    [{ removable: true }, {}, "removable medium"],
    [{ readOnly: true }, {}, "only be read"],
    [{ fileSystem: "iso9660", mountPoints: ["/run/live/medium"] }, {}, "started from"],
    [{ label: "NEURON-SEED", fileSystem: "ext4" }, {}, "with the answers"],
    [{ partitions: [part(1, 1, 9000, { label: "NEURON-SEED" })] }, {}, "with the answers"],
    [{ partitions: [part(1, 1, 9000, { mountPoints: ["/srv"] })] }, {}, "in use: /srv"],
    [{ partitions: [part(1, 1, 9000, { fileSystem: "LVM2_member", holders: ["vg-root"] })] }, {}, "in use: vg-root"],
    [{ fileSystem: "linux_raid_member", holders: ["md0"] }, {}, "in use: md0"],
    [{ sectorBytes: 4096 }, { firmware: "bios" }, "sectors of 4096 bytes"],
  ];
  for (const [changes, system, says] of cases) {
    const given = { disks: [blankDisk(changes)], install: { disk: "/dev/sda" }, system };
    assertStringIncludes(refused("hardware-unsuitable", given).message, says);
  }
});

Deno.test("a disk that is not there is said with those that are", () => {
  const error = refused("not-found", { disks: [blankDisk()], install: { disk: "/dev/sdz" } });
  assertStringIncludes(error.hint!, "/dev/sda, 500 GiB");
  refused("hardware-unsuitable", { disks: [] });
});

Deno.test("disks beyond 2 TiB and with 4096-byte sectors are laid out in their own sectors", () => {
  const big = plan({ disks: [blankDisk({ sizeBytes: 8192 * GIB })], system: { firmware: "bios" } });
  assertEquals(big.partitions.at(-1)!.sizeSectors * 512, 8192 * GIB - (2 + 1 + 512 + 1024) * MIB);
  const native = plan({ disks: [nvme({ sectorBytes: 4096 })] });
  assertEquals(native.partitions.map(({ startSector }) => startSector), [256, 512, 131584, 393728]);
});

Deno.test("an unfinished installation is begun anew without being named, and only it is erased", () => {
  const name = "neuron-unfinished-12345678";
  const root = { type: partitionTypes.root, name };
  const whole = blankDisk({
    table: gpt(500 * GIB),
    partitions: [part(1, 1, 512, { type: partitionTypes.esp, name }), part(2, 513, 40000, root)],
  });
  assertEquals(plan({ disks: [whole], unattended: true }).place.kind, "whole-disk");
  const windows = windowsDisk(100 * 1024);
  const from = 117 + 200 * 1024 + 700;
  const parts = [
    ...windows.partitions,
    part(5, from, 512, { type: partitionTypes.esp, name }),
    part(6, from + 512, 90000, root),
  ];
  const beside = plan({ disks: [{ ...windows, partitions: parts }] });
  assertEquals(beside.kept.length, 4);
  assertEquals(beside.erased.length, 2);
  assert(commands(beside).includes("sfdisk --quiet --delete /dev/sda 5 6"));
  assertEquals(beside.partitions.map(({ number }) => number), [5, 6, 7]);
});

Deno.test("nobody watching, a Neuron that is whole is not installed over: a medium that stays in would do it forever", () => {
  const root = part(4, 1600, 40000, { type: partitionTypes.root, name: "neuron-root" });
  const given = { disks: [blankDisk({ table: gpt(500 * GIB), partitions: [root] })], install: { disk: "/dev/sda" } };
  assertStringIncludes(refused("conflict", { ...given, unattended: true }).message, "installed already");
  assertEquals(plan(given).erased, ['/dev/sda4, 39 GiB: Neuron "neuron-root"']);
});

Deno.test("the network: NetworkManager's keyfile, or systemd-networkd's, or nothing where DHCP comes by itself", () => {
  const network: InstallAnswers["network"] = {
    mode: "static",
    address: "192.168.1.10/24",
    gateway: "192.168.1.1",
    nameServers: ["192.168.1.1", "2001:db8::1"],
    device: "eno1",
  };
  const nm = fileText(
    plan({ disks: [nvme()], install: { network } }),
    "/etc/NetworkManager/system-connections/neuron.nmconnection",
  );
  assertStringIncludes(nm!, "interface-name=eno1");
  assertStringIncludes(nm!, "[ipv4]\nmethod=manual\naddress1=192.168.1.10/24,192.168.1.1\ndns=192.168.1.1;\n");
  assertStringIncludes(nm!, "[ipv6]\nmethod=auto\ndns=2001:db8::1;\n");
  const system = { networkManager: false };
  const networkd = fileText(
    plan({ disks: [nvme()], install: { network }, system }),
    "/etc/systemd/network/10-neuron.network",
  );
  assertEquals(
    networkd,
    "[Match]\nName=eno1\n\n[Network]\nAddress=192.168.1.10/24\nGateway=192.168.1.1\nDNS=192.168.1.1\nDNS=2001:db8::1\n",
  );
  assertStringIncludes(
    fileText(plan({ disks: [nvme()], system }), "/etc/systemd/network/10-neuron.network")!,
    "DHCP=yes",
  );
  assertEquals(
    plan({ disks: [nvme()] }).actions.filter((one) => one.kind === "file" && one.path.includes("Network")),
    [],
  );
  refused("answer-missing", { disks: [nvme()], install: { network: { mode: "static" } } });
  refused("answer-invalid", { disks: [nvme()], install: { network: { ...network, address: "1.2.3.4/64" } } });
});

Deno.test("answers in a form Linux does not take are refused before anything happens", () => {
  const wrong: InstallAnswers[] = [
    { account: { ...account, name: "Ada Lovelace" } },
    { account: { ...account, name: "root" } },
    { keyboard: "0407:00000407" },
    { timeZone: "../../etc/shadow" },
  ];
  for (const install of wrong) refused("answer-invalid", { disks: [nvme()], install });
  refused("answer-missing", { disks: [nvme()], install: { account: { name: "ada" } } });
});

Deno.test("what is not about the installation is kept for the first start, without what is", () => {
  const planned = plan({ disks: [nvme()], answers: { host: { gpu: "none" } } });
  assertEquals(JSON.parse(fileText(planned, "/etc/neuron/answers.json")!), {
    schema: "neuron.answers/1",
    host: { gpu: "none" },
  });
  assertEquals(fileText(plan({ disks: [nvme()] }), "/etc/neuron/answers.json"), null);
});

Deno.test("a machine started over a serial line gets its menu and consoles there too", () => {
  const grub = fileText(
    plan({ disks: [nvme()], system: { consoles: ["tty0", "ttyS0,115200"] } }),
    "/etc/default/grub",
  )!;
  assertStringIncludes(grub, 'GRUB_CMDLINE_LINUX="console=tty0 console=ttyS0,115200"');
  assertStringIncludes(grub, 'GRUB_SERIAL_COMMAND="serial --unit=0 --speed=115200"');
  assertEquals(fileText(plan({ disks: [nvme()] }), "/etc/default/grub")!.includes("serial"), false);
});

Deno.test("a medium without the loader this firmware needs is refused", () => {
  refused("unsupported", { disks: [blankDisk()], system: { firmware: "bios", grubTargets: ["x86_64-efi"] } });
});

Deno.test("the keyboard the medium has is left as it is; another one is written", () => {
  const path = "/etc/default/keyboard";
  const asDebianHasIt =
    '# KEYBOARD CONFIGURATION FILE\n\nXKBMODEL="pc105"\nXKBLAYOUT="us"\nXKBVARIANT=""\nXKBOPTIONS=""\n\nBACKSPACE="guess"\n';
  const on = (keyboard: string, keyboardDefaults: string) =>
    fileText(plan({ disks: [nvme()], install: { keyboard }, system: { keyboardDefaults } }), path);
  assertEquals(on("us", asDebianHasIt), null);
  assertStringIncludes(on("us", "")!, 'XKBLAYOUT="us"\n');
  assertStringIncludes(on("us:intl", asDebianHasIt)!, 'XKBVARIANT="intl"\n');
  assertStringIncludes(on("us", asDebianHasIt.replace('XKBOPTIONS=""', 'XKBOPTIONS="ctrl:nocaps"'))!, 'XKBOPTIONS=""');
});
