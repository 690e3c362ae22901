/**
 * An installation in an emulated PC: started from a live system, cut short in the middle, begun anew by the answers on a
 * volume, and started from the disk without the medium by the PC's own firmware.
 */
import { assert, assertEquals } from "@std/assert";
import { Pc, type PcOptions } from "../pc.ts";
import { assertRefusal, neuron } from "../product_commands.ts";
import { type Bench, stopwatch } from "../scenario.ts";
import { tool } from "../tool.ts";
import { type LiveMedium, liveMedium } from "./live_medium.ts";

export interface Installation {
  readonly name: string;
  readonly what: string;
  readonly firmware: "bios" | "uefi";
  /** The disk as the machine has it. */
  readonly bus: "virtio" | "nvme";
  readonly encrypted: boolean;
}

export const installations: readonly Installation[] = [
  {
    name: "install-bios",
    what: "the installer, BIOS, power cut in the middle, then the disk starts",
    firmware: "bios",
    bus: "virtio",
    encrypted: false,
  },
  {
    name: "install-uefi",
    what: "the installer, UEFI, NVMe and LUKS, power cut in the middle, then the disk starts",
    firmware: "uefi",
    bus: "nvme",
    encrypted: true,
  },
];

const diskGib = 20;
const password = "correct horse";
const whichFirmware = "[ -d /sys/firmware/efi ] && echo uefi || echo bios";
const passphrase = "battery staple";
const answers = {
  schema: "neuron.answers/1",
  host: { gpu: "none" },
  install: {
    hostname: "forge",
    account: { name: "ada", password: { file: "password" } },
    keyboard: "de",
    timeZone: "Europe/Berlin",
    locale: "de_DE.UTF-8",
    then: "stay",
  },
};

export async function runInstallation(installation: Installation, bench: Bench): Promise<void> {
  const { folder } = bench;
  const parts = stopwatch(bench);
  const medium = await liveMedium(console.log);
  await makeSeed(folder, installation);
  await tool("qemu-img", ["create", "-q", "-f", "qcow2", `${folder}/target.qcow2`, `${diskGib}G`], "qemu-utils");
  if (installation.firmware === "uefi") await Deno.copyFile(`${ovmf}/OVMF_VARS_4M.fd`, `${folder}/vars.fd`);
  parts("media");
  await using live = new Pc(livePc(installation, bench, medium));
  await live.start();
  parts("live");
  const before = await planOf(live);
  assertEquals(before.erased, []);
  await askAndDecline(live);
  await cutInTheMiddle(live);
  parts("cut");
  await live.start();
  const after = await planOf(live);
  assertEquals(after.findings.map(({ code }) => code).sort(), ["disk-little-room", "disk-unfinished"]);
  parts("live again");
  const installed = await neuron(live, "install --json", 600);
  const last = JSON.parse(installed.stdout.trim().split("\n").at(-1) ?? "{}");
  assertEquals(
    [installed.code, last.type, last.warnings],
    [3, "done", []],
    installed.stdout.slice(-3000) + installed.stderr,
  );
  // What it called done must be on the disk, whatever comes.
  await live.cutPower();
  parts("install");
  await using pc = new Pc(diskPc(installation, bench));
  await pc.powerOn();
  await unlock(pc, installation, 1);
  await pc.booted(null);
  parts("disk");
  await assertInstalled(pc, installation);
  parts("looked");
  await pc.shutDown();
  await startElsewhere(installation, bench);
  parts("elsewhere");
}

/** The same disk in a PC with the other firmware, which knows nothing of it. */
async function startElsewhere(installation: Installation, bench: Bench): Promise<void> {
  const firmware = installation.firmware === "bios" ? "uefi" : "bios";
  const elsewhere: Installation = { ...installation, firmware };
  await Deno.copyFile(`${ovmf}/OVMF_VARS_4M.fd`, `${bench.folder}/vars.fd`);
  await using pc = new Pc(diskPc(elsewhere, bench));
  await pc.powerOn();
  await unlock(pc, elsewhere, 3);
  await pc.booted(null);
  assertEquals((await pc.read(whichFirmware)).trim(), firmware);
  await pc.shutDown();
}

interface PlanDocument {
  readonly erased: readonly string[];
  readonly findings: readonly { readonly code: string }[];
}

/** The answers come from the volume, as they would at the start of an ISO. */
async function planOf(live: Pc): Promise<PlanDocument> {
  const planned = await neuron(live, "install --plan --json", 60);
  assertEquals(planned.code, 0, planned.stderr);
  return JSON.parse(planned.stdout);
}

/** The conversation on a terminal: Enter all the way but for the password. Its last proposal is to change nothing. */
async function askAndDecline(live: Pc): Promise<void> {
  const [upTo, after] = [4, 5]; // disk, encryption, name, account; locale, keyboard, time zone, network, review
  const replies = [...Array(upTo).fill(""), password, password, ...Array(after).fill("")];
  // Each reply waits for its prompt: what is typed ahead would be shown by the terminal itself.
  const said = await live.read(
    `echo '{}' >/run/empty.json
    : >/run/typescript
    prompts=0
    for reply in ${replies.map((one) => `'${one}'`).join(" ")}; do
      prompts=$((prompts + 1))
      until [ "$(grep -c '> ' /run/typescript)" -ge $prompts ]; do sleep 0.2; done
      printf '%s\\n' "$reply"
    done | TERM=dumb script -qefc 'neuron-setup install --answers /run/empty.json --plain' /run/typescript >/dev/null
    cat /run/typescript
    lsblk --noheadings --output PARTLABEL | grep -c neuron || true`,
    120,
  );
  for (
    const words of [
      /Which disk shall Neuron/,
      /What you type is not shown/,
      /Nothing is erased/,
      /Nothing was changed\./,
    ]
  ) {
    assert(words.test(said), `${words} was expected:\n${said}`);
  }
  assert(!said.includes(password), `the password was shown:\n${said}`);
  assertEquals(said.trim().split("\n").at(-1), "0");
}

async function cutInTheMiddle(live: Pc): Promise<void> {
  const ended = neuron(live, "install --json >/dev/ttyS0 2>&1", 600).catch(() => {});
  await live.untilConsole(/"type":"progress".*"done":[1-9]/);
  await live.cutPower();
  await ended;
}

/** Writes the passphrase when it is asked for the `nth` time. */
async function unlock(pc: Pc, { encrypted }: Installation, nth: number): Promise<void> {
  if (!encrypted) return;
  await pc.untilConsole(new RegExp(`(Please unlock disk neuron-root[^]*?){${nth}}`));
  await pc.type(passphrase);
}

async function assertInstalled(pc: Pc, installation: Installation): Promise<void> {
  const { firmware, bus, encrypted } = installation;
  const disk = bus === "nvme" ? "/dev/nvme0n1" : "/dev/vda";
  const part = (number: number) => `${disk}${bus === "nvme" ? "p" : ""}${number}`;
  const says = async (script: string) => (await pc.read(script)).trim();
  const root = encrypted ? "/dev/dm-0" : part(4);
  const mounts = await says("findmnt --real --noheadings --list --output TARGET,SOURCE,FSTYPE | sort");
  const expected: (readonly [string, string, string])[] = [
    ["/", `${root}[/@]`, "btrfs"],
    ["/boot", part(3), "ext4"],
    ["/boot/efi", part(2), "vfat"],
    ["/home", `${root}[/@home]`, "btrfs"],
    ["/var/lib/libvirt", `${root}[/@var-lib-libvirt]`, "btrfs"],
  ];
  for (const [point, source, type] of expected) {
    assert(
      new RegExp(`^${escaped(point)}\\s+${escaped(source)}\\s+${type}$`, "m").test(mounts),
      `${point}:\n${mounts}`,
    );
  }
  assertEquals(
    await says(`lsblk --noheadings --output PARTLABEL ${disk} | grep .`),
    "neuron-bios\nneuron-esp\nneuron-boot\nneuron-root",
  );
  assertEquals(
    await says("cat /etc/hostname; readlink /etc/localtime; id -nG ada"),
    "forge\n/usr/share/zoneinfo/Europe/Berlin\nada sudo",
  );
  assertEquals(await says(whichFirmware), firmware);
  assertEquals(await says("grep -c boot=live /proc/cmdline || true"), "0");
  assertEquals(await says("dpkg-query --show --showformat '${db:Status-Status}' live-boot 2>/dev/null || true"), "");
  // The password that the seed held, and only its hash.
  const salt = await says("getent shadow ada | cut -d: -f2 | cut -d'$' -f3");
  const hash = await tool("openssl", ["passwd", "-6", "-salt", salt, password]);
  assertEquals(await says("getent shadow ada | cut -d: -f2"), hash.trim());
  assertEquals(
    await says(`grep --recursive --files-with-matches --binary-files=text '${password}' /etc /var /root /boot || true`),
    "",
  );
  assertEquals(await says("ls /etc/ssh/ssh_host_*_key | wc -l; stat --format %a /etc/neuron/answers.json"), "3\n600");
  assertEquals(await says("lsattr -d /var/lib/libvirt | cut -d' ' -f1 | tr -d -- -"), "C");
  assertEquals(await says("locale -a | grep -i de_DE"), "de_DE.utf8");
  await pc.read("findmnt --verify --tab-file /etc/fstab");
  // The trial boot needs both: an environment GRUB can write, and a menu that can be made anew.
  await pc.read(
    "set -e; grub-reboot 0; grub-editenv list | grep -q next_entry=0; update-grub; update-initramfs -u",
    120,
  );
  assertRefusal(await neuron(pc, "install"), 2, [/was not started from Neuron's medium/]);
  const before = pc.bootId;
  await pc.beginReboot();
  await unlock(pc, installation, 2);
  await pc.booted(before);
  assertEquals(await says("systemctl --failed --no-legend --plain || true"), "");
  assertEquals(await says("grub-editenv list | grep next_entry= | cut -d= -f2"), "");
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

async function makeSeed(folder: string, { encrypted }: Installation): Promise<void> {
  await Deno.mkdir(`${folder}/seed`);
  const install = { ...answers.install, ...(encrypted ? { encrypt: { file: "passphrase" } } : {}) };
  await Deno.writeTextFile(`${folder}/seed/answers.json`, JSON.stringify({ ...answers, install }));
  await Deno.writeTextFile(`${folder}/seed/passphrase`, `${passphrase}\n`);
  await Deno.writeTextFile(`${folder}/seed/password`, `${password}\n`);
  await tool(
    "mke2fs",
    ["-q", "-t", "ext4", "-L", "NEURON-SEED", "-d", `${folder}/seed`, `${folder}/seed.raw`, "8m"],
    "e2fsprogs",
  );
}

const ovmf = "/usr/share/OVMF";

function hardware({ firmware }: Installation, folder: string, more: readonly string[]): PcOptions["hardware"] {
  const flash = (file: string, options: string) => ["-drive", `if=pflash,format=raw,${options}file=${file}`];
  return {
    arguments: [
      ...(firmware === "uefi"
        ? [...flash(`${ovmf}/OVMF_CODE_4M.fd`, "readonly=on,"), ...flash(`${folder}/vars.fd`, "")]
        : []),
      ...more,
    ],
    cards: [],
    memoryMib: 2048,
    processors: "2",
    vendor: "GenuineIntel",
  };
}

function livePc(installation: Installation, { folder, product }: Bench, medium: LiveMedium): PcOptions {
  const volume = (id: string, file: string) => [
    ...["-drive", `id=${id},if=none,file=${file},format=raw,readonly=on`],
    ...["-device", `virtio-blk-pci,drive=${id}`],
  ];
  return {
    ...diskPc(installation, { folder, product }),
    hardware: hardware(installation, folder, [
      ...volume("medium", medium.volume),
      ...volume("seed", `${folder}/seed.raw`),
    ]),
    kernel: { path: medium.kernel, initrd: medium.initrd, parameters: "boot=live console=ttyS0 mitigations=off" },
  };
}

function diskPc(installation: Installation, { folder, product }: Pick<Bench, "folder" | "product">): PcOptions {
  return {
    hardware: hardware(installation, folder, []),
    folder,
    disk: { path: `${folder}/target.qcow2`, format: "qcow2", bus: installation.bus },
    product,
  };
}
