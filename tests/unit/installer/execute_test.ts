import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { AppError } from "../../../model/errors.ts";
import type { Command, CommandResult } from "../../../provision/host/host.ts";
import { MemoryDisk } from "../../../provision/host/memory_disk.ts";
import { openHost } from "../../../provision/host/open.ts";
import { execute, type InstallEvent } from "../../../provision/installer/execute.ts";
import { planInstallation } from "../../../provision/installer/plan.ts";
import { actionWords } from "../../../provision/installer/plan_text.ts";
import { account, identities, live, nvme } from "./disks.ts";

const target = "/mnt/neuron-target";
const secrets = { passphrase: "open sesame", account: "ada:$6$salt$hash\n" };
const menu = "  linux /vmlinuz-6.12 root=UUID=7 ro rootflags=subvol=@ quiet\n";

/** What unsquashfs, grub-install and update-grub would have left, and a mount for each run that is to be left. */
const unpacked = {
  [`${target}/boot/vmlinuz-6.12`]: "kernel",
  [`${target}/boot/initrd.img-6.12`]: "initrd",
  [`${target}/boot/grub/grub.cfg`]: menu,
  [`${target}/boot/grub/i386-pc/core.img`]: "core",
  [`${target}/boot/efi/EFI/BOOT/BOOTX64.EFI`]: "shim",
  [`${target}/var/log/dpkg.log`]: "",
  "/proc/mounts": `/dev/nvme0n1p4 ${target} btrfs rw 0 0\n`,
  "/dev/mapper/neuron-root": "",
};

function machine(
  answer: (command: Command) => Partial<CommandResult> | void = () => {},
  tree: Record<string, string> = unpacked,
) {
  const disk = MemoryDisk.from(tree);
  const ran: Command[] = [];
  const run = (command: Command): Promise<CommandResult> => {
    ran.push(command);
    return Promise.resolve({ code: 0, stdout: "", stderr: "", recorded: false, ...answer(command) });
  };
  const host = openHost({ root: "/", state: "/state", disk, run, now: () => 0, program: ["x"] });
  const events: InstallEvent[] = [];
  const plan = planInstallation({
    answers: { install: { account, encrypt: { file: "key" } }, host: { gpu: "none" } },
    disks: [nvme()],
    system: live(),
    identities,
  });
  const start = (signal = new AbortController().signal) =>
    execute(host, plan, {
      secrets,
      signal,
      openTarget: (root) => openHost({ root, disk }),
      tell: (event) => void events.push(event),
    });
  return { start, ran, events, plan, host, disk };
}

const words = (ran: readonly Command[]) => ran.map(({ argv }) => argv.join(" "));
const leaving = [`umount --recursive ${target}`, "cryptsetup close neuron-root"];

Deno.test("execute() leaves what an earlier run mounted, then does every action of the plan in its order", async () => {
  const { start, ran, plan, events, host } = machine();
  assertEquals(await start(), []);
  const planned = plan.actions.flatMap((one) => one.kind === "command" ? [one.argv.join(" ")] : []);
  assertEquals(words(ran), [...leaving, ...planned]);
  const told = events.flatMap((event) => event.type === "action-started" ? [event.what] : []);
  assertEquals(told, plan.actions.map(actionWords));
  const record = new TextDecoder().decode(host.state.read("installation.jsonl")!);
  const log = host.readText(`${target}/var/log/neuron-install.jsonl`)!;
  assert(record.startsWith(log) && log.includes("update-grub"), "the new system has the record up to here");
  assertStringIncludes(host.readText(`${target}/etc/fstab`)!, "subvol=@home");
  assertEquals(host.stat(`${target}/etc/neuron/answers.json`)?.mode, 0o600);
  assertEquals(host.readLink(`${target}/etc/localtime`), "/usr/share/zoneinfo/Etc/UTC");
});

Deno.test("secrets go to stdin alone: into no argument, no event and no record", async () => {
  const { start, ran, events, host } = machine();
  await start();
  const given = ran.filter(({ stdin }) => stdin !== undefined && Object.values(secrets).includes(stdin)).map((
    { argv },
  ) => argv[0]);
  assertEquals(given, ["cryptsetup", "cryptsetup", "chroot"]);
  const record = new TextDecoder().decode(host.state.read("installation.jsonl")!);
  for (const secret of [secrets.passphrase, "$6$salt$hash"]) {
    assert(
      !words(ran).join("\n").includes(secret) && !JSON.stringify(events).includes(secret) && !record.includes(secret),
    );
  }
});

Deno.test("a command that fails ends it with its words; nothing stays mounted, and what to do is said", async () => {
  const { start, ran } = machine(({ argv }) =>
    argv[0] === "unsquashfs" ? { code: 1, stderr: "zstd uncompress failed\nFATAL ERROR" } : {}
  );
  const error = await assertRejects(start, AppError);
  assertEquals(error.code, "command-failed");
  assertStringIncludes(error.message, "zstd uncompress failed · FATAL ERROR");
  assertStringIncludes(error.hint!, "begins anew on /dev/nvme0n1");
  assertEquals(words(ran).slice(-2), leaving);
  assert(!words(ran).some((line) => line.includes("--part-label")), "the disk must still say that it is unfinished");
});

Deno.test("a firmware that takes no entry is a warning, not a failure", async () => {
  const { start, events } = machine(({ argv }) => argv[0] === "efibootmgr" ? { code: 5, stderr: "No space left" } : {});
  const warnings = await start();
  assertEquals(warnings.length, 1);
  assertStringIncludes(warnings[0]!, "choose the disk itself in its boot menu");
  assertEquals(events.filter(({ type }) => type === "warning").length, 1);
});

Deno.test("a system that could not start is never called installed", async () => {
  const without = (path: string, instead?: string) => {
    const { [path]: _, ...rest } = unpacked as Record<string, string>;
    return instead === undefined ? rest : { ...rest, [path]: instead };
  };
  const broken: [Record<string, string>, string][] = [
    [without(`${target}/boot/vmlinuz-6.12`), "no kernel"],
    [without(`${target}/boot/initrd.img-6.12`), "kernel 6.12 has no initial RAM disk"],
    [without(`${target}/boot/grub/grub.cfg`, "linux /vmlinuz root=UUID=7 ro"), "subvolume @"],
    [without(`${target}/boot/grub/i386-pc/core.img`), "for a BIOS"],
    [without(`${target}/boot/efi/EFI/BOOT/BOOTX64.EFI`), "for UEFI"],
  ];
  for (const [tree, says] of broken) {
    const { start, ran } = machine(() => {}, tree);
    const error = await assertRejects(start, AppError);
    assertEquals(error.code, "verification-failed");
    assertStringIncludes(error.message, says);
    assert(!words(ran).some((line) => line.includes("--part-label")));
  }
});

Deno.test("Ctrl-C ends it between two actions, with words", async () => {
  const controller = new AbortController();
  const { start, ran } = machine(({ argv }) => {
    if (argv[0] === "mkfs.ext4") controller.abort();
  });
  const error = await assertRejects(() => start(controller.signal), AppError);
  assertEquals(error.code, "interrupted");
  assertEquals(words(ran).at(-3)?.split(" ")[0], "mkfs.ext4");
});

Deno.test("unpacking tells how far it is, in bytes of the image", async () => {
  const bar = ["\r[=    ]  10/100   1%", "\r[==   ]  50/100  50%\r[===", "  ] 100/100 100%\n"];
  const { start, events } = machine((command) => {
    if (command.argv[0] === "unsquashfs") { for (const piece of bar) command.heard?.(piece); }
  });
  await start();
  const told = events.flatMap((event) => event.type === "progress" ? [event.done / event.total] : []);
  assertEquals(told.map((share) => Math.round(share * 100)), [1, 50, 100]);
});
