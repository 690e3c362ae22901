/** The files of the new system that are not the medium's: texts from settings. Pure. */
import type { Identities } from "./identities.ts";
import type { LiveSystem } from "./live_system.ts";
import { MAPPING } from "./names.ts";
import { networkFile } from "./network_file.ts";
import type { InstallSettings } from "./settings.ts";

export interface PlannedFile {
  /** In the new system. */
  readonly path: string;
  readonly content: { readonly text: string; readonly mode?: number } | { readonly link: string };
  readonly reason: string;
}

/** Subvolumes of the root: what is snapshotted, kept and written on its own. */
export const subvolumes: readonly { readonly name: string; readonly mountPoint: string }[] = [
  { name: "@", mountPoint: "/" },
  { name: "@home", mountPoint: "/home" },
  { name: "@var-lib-libvirt", mountPoint: "/var/lib/libvirt" },
];

/** zstd:1 costs a processor less than it saves the disk; VM images are marked to be written in place (plan.ts). */
export const rootOptions = "compress=zstd:1,noatime";

/** `ABCD-1234`, as blkid shows FAT's volume id. */
export const fatUuid = (volume: string): string => `${volume.slice(0, 4)}-${volume.slice(4)}`.toUpperCase();

export function plannedFiles(settings: InstallSettings, ids: Identities, system: LiveSystem): PlannedFile[] {
  const { hostname, locale, keyboard, timeZone, encrypt } = settings;
  const short = hostname.split(".")[0]!;
  const names = short === hostname ? short : `${hostname} ${short}`;
  const network = networkFile(settings.network, ids, system);
  return [
    file("/etc/fstab", fstab(ids), "file systems by their UUIDs"),
    ...(encrypt
      ? [file("/etc/crypttab", `${MAPPING} UUID=${ids.luks} none luks,discard\n`, "the start asks for the passphrase")]
      : []),
    file("/etc/hostname", `${hostname}\n`, "the machine's name"),
    file("/etc/hosts", hosts(names), "the machine's name, without a network"),
    file("/etc/default/locale", `LANG=${locale}\n`, "language and formats"),
    ...(makesLocale(locale, system)
      ? [file("/etc/locale.gen", `${locale} ${locale.split(".")[1] ?? "UTF-8"}\n`, "which locales are made")]
      : []),
    ...(isKeyboardOf(system, keyboard) ? [] : [
      file(
        "/etc/default/keyboard",
        keyboardFile(keyboard),
        "keyboard of consoles, and of the passphrase at the start",
      ),
    ]),
    { path: "/etc/localtime", content: { link: `/usr/share/zoneinfo/${timeZone}` }, reason: "time zone" },
    file("/etc/timezone", `${timeZone}\n`, "time zone, for programs that read names"),
    {
      path: "/etc/machine-id",
      content: { text: `${ids.machineId}\n`, mode: 0o444 },
      reason: "no two machines share one",
    },
    file("/etc/default/grub", grubDefaults(system), "boot menu; consoles as this medium was started with"),
    ...(network === null ? [] : [network]),
  ];
}

/** C and POSIX need no tables; others are made where the system can. */
export function makesLocale(locale: string, { makesLocales }: LiveSystem): boolean {
  return makesLocales && !/^(C|POSIX)(\.|$)/.test(locale);
}

function file(path: string, text: string, reason: string): PlannedFile {
  return { path, content: { text }, reason };
}

function fstab(ids: Identities): string {
  const root = subvolumes.map(({ name, mountPoint }) =>
    `UUID=${ids.rootFileSystem} ${mountPoint} btrfs subvol=${name},${rootOptions} 0 0`
  );
  return [
    "# Made by neuron-setup install. fstab(5): what, where, type, options, dump, check order",
    ...root,
    `UUID=${ids.bootFileSystem} /boot ext4 noatime 0 2`,
    `UUID=${fatUuid(ids.espVolume)} /boot/efi vfat umask=0077 0 1`,
    "",
  ].join("\n");
}

function hosts(names: string): string {
  return `127.0.0.1 localhost\n127.0.1.1 ${names}\n::1 localhost ip6-localhost ip6-loopback\n`;
}

type Keyboard = InstallSettings["keyboard"];

/** keyboard(5) of Debian. */
function keyboardValues({ layout, variant }: Keyboard): [name: string, value: string][] {
  const values = { XKBMODEL: "pc105", XKBLAYOUT: layout, XKBVARIANT: variant, XKBOPTIONS: "", BACKSPACE: "guess" };
  return Object.entries(values);
}

/** A newer file, even of the same words, makes the first start compile the console's keyboard anew. */
function isKeyboardOf({ keyboardDefaults }: LiveSystem, keyboard: Keyboard): boolean {
  const lines = new Set(keyboardDefaults.split("\n"));
  return keyboardValues(keyboard).every(([name, value]) => lines.has(`${name}="${value}"`));
}

function keyboardFile(keyboard: Keyboard): string {
  return keyboardValues(keyboard).map(([name, value]) => `${name}="${value}"\n`).join("");
}

/**
 * A machine that was started over a serial line has perhaps no screen: the menu goes there too.
 * Source: GRUB manual 6.1, "Simple configuration handling".
 */
function grubDefaults({ consoles }: LiveSystem): string {
  const serial = consoles.map((one) => /^ttyS(\d)(?:,(\d+))?/.exec(one)).find((match) => match !== null);
  return [
    "GRUB_DEFAULT=0",
    "GRUB_TIMEOUT=3",
    "GRUB_DISTRIBUTOR=Neuron",
    'GRUB_CMDLINE_LINUX_DEFAULT="quiet"',
    `GRUB_CMDLINE_LINUX="${consoles.filter((one) => /^[\w,]+$/.test(one)).map((one) => `console=${one}`).join(" ")}"`,
    "GRUB_DISABLE_OS_PROBER=true",
    ...(serial === undefined ? [] : [
      'GRUB_TERMINAL="console serial"',
      `GRUB_SERIAL_COMMAND="serial --unit=${serial[1]} --speed=${serial[2] ?? "115200"}"`,
    ]),
    "",
  ].join("\n");
}
