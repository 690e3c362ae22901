/**
 * Sticks and discs as sources: real folders, a real block device with a real file system, a medium that wimlib built. The
 * build machine's kernel knows neither FAT nor ISO 9660, so the device has ext4; what is on it does not differ.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { call } from "../provision/command_line.ts";
import { done } from "../unattend/tools.ts";
import { readCandidates } from "../../../provision/media/candidates.ts";
import { openHost } from "../../../provision/host/open.ts";
import { bootPlatforms } from "../../../provision/media/windows/write_iso.ts";
import { edition, makeWim, mediumFiles, writeTree } from "./esd.ts";
import { discImage, sha256 } from "./place.ts";

const main = new URL("../../../main.ts", import.meta.url).pathname;

function sizeOf(path: string): number | null {
  try {
    return Deno.statSync(path).size;
  } catch {
    return null;
  }
}

interface Bench extends Disposable {
  readonly top: string;
  readonly where: readonly string[];
  names(): string[];
}

function bench(): Bench {
  const top = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "stick-" }));
  Deno.mkdirSync(`${top}/media`);
  return {
    top,
    where: ["--folder", `${top}/media`, "--state", `${top}/state`],
    names: () => Array.from(Deno.readDirSync(`${top}/media`), ({ name }) => name).sort(),
    [Symbol.dispose]: () => Deno.removeSync(top, { recursive: true }),
  };
}

/** As Microsoft's tool writes a stick, in the case FAT may show. */
async function writeMedium(folder: string, kind: "wim" | "esd" | "swm" = "wim"): Promise<void> {
  writeTree(folder, mediumFiles());
  Deno.renameSync(`${folder}/bootmgr`, `${folder}/BOOTMGR`);
  Deno.renameSync(`${folder}/sources`, `${folder}/Sources`);
  const payload = new Uint8Array(1_500_000);
  for (let at = 0; at < payload.length; at += 65536) crypto.getRandomValues(payload.subarray(at, at + 65536));
  const images = [
    edition("Windows 11 Home", "Core", payload, "fr-FR"),
    edition("Windows 11 Pro", "Professional", payload, "fr-FR"),
  ];
  const path = `${folder}/Sources/install.${kind === "esd" ? "esd" : "wim"}`;
  await makeWim(`${folder}/..`, path, images, kind === "esd" ? ["--solid"] : ["--compress=LZX"]);
  if (kind !== "swm") return;
  await done(["wimlib-imagex", "split", path, `${folder}/Sources/install.swm`, "1"], "wimtools");
  await Deno.remove(path);
}

async function assertBoots(path: string, installs: RegExp): Promise<void> {
  const report = await done(["xorriso", "-indev", path, "-report_el_torito", "plain"], "xorriso");
  assertEquals(bootPlatforms(report), ["BIOS", "UEFI"]);
  const listed = await done(["xorriso", "-indev", path, "-find", "/", "-type", "f"], "xorriso");
  assertMatch(listed, installs);
}

for (const kind of ["wim", "esd", "swm"] as const) {
  Deno.test(`a folder with Windows Setup (install.${kind}) becomes an ISO that boots`, async () => {
    using here = bench();
    await writeMedium(`${here.top}/ESD-USB`, kind);
    const { code, stdout, stderr } = await call("media", "import", `${here.top}/ESD-USB`, ...here.where, "--json");
    assertEquals(code, 0, stderr);
    const record = JSON.parse(stdout.split("\n").at(-1)!);
    assertEquals([record.path, record.verifiedAgainst], [`${here.top}/media/Windows11_fr-fr.iso`, "made"]);
    assertEquals(record.windows, {
      version: "11",
      language: "fr-fr",
      editions: ["Windows 11 Home", "Windows 11 Pro"],
      evaluation: false,
    });
    assertEquals(record.made.from[0].source, `file:${here.top}/ESD-USB`);
    assertEquals(here.names(), ["Windows11_fr-fr.iso"]);
    await assertBoots(record.path, new RegExp(`/Sources/install\\.${kind}'`));
    assertEquals((await call("media", "verify", ...here.where)).code, 0);
    const again = await call("media", "import", `${here.top}/ESD-USB`, ...here.where);
    assertEquals(again.code, 1);
    assertMatch(again.stderr, /a file has that name\nhint: /);
  });
}

Deno.test("a stick that gives back wrong bytes is found out, and leaves nothing", async () => {
  using here = bench();
  await writeMedium(`${here.top}/stick`);
  const wim = `${here.top}/stick/Sources/install.wim`;
  const bytes = Deno.readFileSync(wim);
  bytes[bytes.length >> 1]! ^= 1;
  Deno.writeFileSync(wim, bytes);
  const { code, stderr } = await call("media", "import", `${here.top}/stick`, ...here.where);
  assertEquals(code, 1);
  assertMatch(stderr, /Cannot check the install image in .*: wimlib-imagex ended with \d+/);
  assertEquals(here.names(), []);
});

Deno.test("killed while the ISO is made, whatever its programs do afterwards, the next run makes the right one", async () => {
  using here = bench();
  await writeMedium(`${here.top}/stick`);
  Deno.writeFileSync(`${here.top}/stick/big`, new Uint8Array(192 << 20).fill(7));
  const words = ["media", "import", `${here.top}/stick`, ...here.where, "--name", "x.iso", "--quiet"];
  for (let killed = 0; killed < 2; killed++) {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-all", "--no-check", "--cached-only", main, ...words],
      stdout: "null",
      stderr: "null",
    }).spawn();
    while ((sizeOf(`${here.top}/media/x.iso.part`) ?? 0) < 1 << 20) await new Promise((done) => setTimeout(done, 2));
    child.kill("SIGKILL");
    await child.status;
    assertEquals(here.names().includes("x.iso"), false);
  }
  // xorriso of the killed runs still works; its files are not ours any more.
  const { code, stderr } = await call(...words);
  assertEquals(code, 0, stderr);
  assertEquals(here.names(), ["x.iso"]);
  await assertBoots(`${here.top}/media/x.iso`, /\/big'/);
  assertEquals((await call("media", "verify", "x.iso", ...here.where)).code, 0);
});

Deno.test("what is no complete medium, or no Windows for a PC, is refused by its reason", async () => {
  using here = bench();
  const refused = async (message: RegExp, folder: string, ...more: string[]) => {
    const { code, stderr } = await call("media", "import", folder, ...here.where, ...more);
    assert(code === 1 || code === 2, stderr);
    assertMatch(stderr, message);
    assertMatch(stderr, /\nhint: ./);
    assertEquals(here.names(), []);
  };
  await writeMedium(`${here.top}/stick`);
  await refused(/--sha256 goes with a file/, `${here.top}/stick`, "--sha256", "0".repeat(64));
  Deno.renameSync(`${here.top}/stick/boot/etfsboot.com`, `${here.top}/stick/boot/x`);
  await refused(/boot\/etfsboot\.com is missing/, `${here.top}/stick`);
  writeTree(`${here.top}/empty`, { "readme.txt": "nothing" });
  await refused(/neither an ISO file nor Windows Setup/, `${here.top}/empty`);
  writeTree(`${here.top}/two`, { "a.iso": "a", "b.iso": "b" });
  await refused(/more than one medium/, `${here.top}/two`);
  writeTree(`${here.top}/arm`, mediumFiles());
  const arm = edition("Windows 11 Pro", "Professional", new Uint8Array(1000));
  await makeWim(here.top, `${here.top}/arm/sources/install.wim`, [
    { ...arm, properties: { ...arm.properties, ARCH: "12" } },
  ], []);
  await refused(/not for a 64-bit PC/, `${here.top}/arm`);
  await refused(/no such file/, `${here.top}/nothing`);
});

Deno.test("a device is looked into read-only and let go again: an ISO file on it is copied, Windows on it becomes one", async () => {
  using here = bench();
  const content = discImage(400_000);
  writeTree(`${here.top}/one`, { "isos/Win11.iso": content });
  await writeMedium(`${here.top}/two`);
  for (const [name, file] of [["one", "Win11.iso"], ["two", "Windows11_fr-fr.iso"]] as const) {
    const image = `${here.top}/${name}.img`;
    await done(["mke2fs", "-q", "-t", "ext4", "-d", `${here.top}/${name}`, image, "32M"], "e2fsprogs");
    const before = sha256(Deno.readFileSync(image));
    const device = (await done(["losetup", "--find", "--show", "--read-only", image], "mount")).trim();
    try {
      const { code, stdout, stderr } = await call("media", "import", device, ...here.where, "--json");
      assertEquals(code, 0, stderr);
      const record = JSON.parse(stdout.split("\n").at(-1)!);
      assertEquals(record.path, `${here.top}/media/${file}`);
      assertEquals(record.source, name === "one" ? `file:${device}/isos/Win11.iso` : `file:${device}`);
      assertEquals(Deno.readTextFileSync("/proc/mounts").includes(device), false);
    } finally {
      await done(["losetup", "--detach", device], "mount");
    }
    assertEquals(sha256(Deno.readFileSync(image)), before);
  }
  assertEquals(sha256(Deno.readFileSync(`${here.top}/media/Win11.iso`)), sha256(content));
  await assertBoots(`${here.top}/media/Windows11_fr-fr.iso`, /install\.wim'/);
  const nothing = await call("media", "import", "/dev/null", ...here.where);
  assertMatch(nothing.stderr, /Cannot look into \/dev\/null: mount ended with \d+/);
});

Deno.test("media list shows what is plugged in, mounted or not, with where it is", async () => {
  using here = bench();
  const machine = `${here.top}/machine`;
  writeTree(machine, {
    "proc/mounts": [
      "/dev/sda1 / ext4 rw 0 0",
      "/dev/sda2 /boot/efi vfat rw 0 0",
      "/dev/sdb1 /run/media/ada/My\\040Stick exfat rw 0 0",
      "/dev/sdc1 /media/ada/ESD-USB vfat rw 0 0",
      "/dev/sdf1 /mnt ext4 rw 0 0",
      "tmpfs /media/x tmpfs rw 0 0",
    ].join("\n"),
    "boot/efi/x.iso": "not portable",
    "home/x.iso": "not on a stick",
    "media/x/x.iso": "no device",
    "run/media/ada/My Stick/Win11.iso": "iso",
    "run/media/ada/My Stick/isos/debian.ISO": "iso",
    "run/media/ada/My Stick/isos/deep/er.iso": "too deep",
    "run/media/ada/My Stick/.trash/old.iso": "hidden",
    "mnt/data.txt": "x",
    "sys/class/block/sdc1/dev": "8:33\n",
    "sys/class/block/sdd1/dev": "8:49\n",
    "sys/class/block/sr0/dev": "11:0\n",
    "sys/class/block/sde1/dev": "8:65\n",
    "run/udev/data/b8:33": "E:ID_BUS=usb\nE:ID_FS_TYPE=vfat\nE:ID_FS_LABEL=ESD-USB\n",
    "run/udev/data/b8:49": "E:ID_BUS=usb\nE:ID_FS_TYPE=ntfs\n",
    "run/udev/data/b11:0": "E:ID_FS_TYPE=udf\nE:ID_FS_LABEL=CCCOMA_X64FRE\n",
    "run/udev/data/b8:65": "E:ID_BUS=ata\nE:ID_FS_TYPE=ext4\n",
  });
  await writeMedium(`${machine}/media/ada/ESD-USB`);
  const stick = "/run/media/ada/My Stick";
  assertEquals(readCandidates(openHost({ root: machine })), [
    { kind: "iso", path: `${stick}/Win11.iso`, device: "/dev/sdb1", label: null },
    { kind: "iso", path: `${stick}/isos/debian.ISO`, device: "/dev/sdb1", label: null },
    { kind: "windows", path: "/media/ada/ESD-USB", device: "/dev/sdc1", label: "ESD-USB" },
    { kind: "device", path: "/dev/sdd1", device: "/dev/sdd1", label: null },
    { kind: "device", path: "/dev/sr0", device: "/dev/sr0", label: "CCCOMA_X64FRE" },
  ]);
  const { stdout } = await call("media", "list", "--root", machine);
  assertMatch(
    stdout,
    /^\/media\/ada\/ESD-USB {2}Windows Setup as files: an ISO is made of it, "ESD-USB" \(\/dev\/sdc1\)$/m,
  );
  const { candidates } = JSON.parse((await call("media", "list", "--root", machine, "--json")).stdout);
  assertEquals(candidates.length, 5);
  const recorded = await call("media", "import", `${machine}/media/ada/ESD-USB`, "--root", machine, "--json");
  assertEquals(JSON.parse(recorded.stdout), { type: "done", path: null, recorded: true });
});
