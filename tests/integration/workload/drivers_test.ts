/** A Windows for which no driver fits: other pinned versions are brought and tried, and a medium of one's own never. */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { cdromsOf } from "../../../cli/vm/answer_drive.ts";
import { installWindows } from "../../../cli/workload/install.ts";
import { open } from "../../../libvirt/mod.ts";
import { AppError } from "../../../model/errors.ts";
import { openHost } from "../../../provision/host/open.ts";
import { virtioWin } from "../../../provision/media/virtio_win.ts";
import { standInBase64 } from "../guest_install/stand_in.ts";
import { withPrivateLibvirtd } from "../private_libvirtd.ts";

const noDrivers = 2;

async function install(
  virtio: object,
): Promise<{ notes: string[]; fetched: string[]; last: string[]; error: AppError }> {
  return await withPrivateLibvirtd(async (daemon) => {
    const { folder } = daemon;
    const disk = new Uint8Array(1024 * 1024);
    disk.set(Uint8Array.fromBase64(standInBase64));
    disk[513] = noDrivers;
    await Deno.writeFile(`${folder}/disk.img`, disk);
    const first = `${folder}/${virtioWin[0]!.file}`;
    await Deno.writeFile(first, new Uint8Array(2048));
    await Deno.writeTextFile(`${folder}/password`, "correct horse\n");
    await using connection = await open(daemon.uri());
    const domain = await connection.defineDomain(`<domain type='qemu'><name>win</name>
<memory unit='MiB'>64</memory><vcpu>1</vcpu><os><type arch='x86_64' machine='pc'>hvm</type></os>
<features><acpi/></features><devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='${folder}/disk.img'/>
<target dev='hda' bus='ide'/></disk><disk type='file' device='cdrom'><driver name='qemu' type='raw'/>
<source file='${first}'/><target dev='hdb' bus='ide'/><readonly/></disk>
<serial type='pty'/><video><model type='vga'/></video></devices></domain>`);
    const notes: string[] = [];
    const fetched: string[] = [];
    const error = await assertRejects(() =>
      installWindows({
        connection,
        host: openHost({ root: "/", state: `${folder}/state` }),
        answers: {
          host: { gpu: "none" },
          vm: { name: "win" },
          windows: { account: { name: "ada", password: { file: `${folder}/password` } } },
          ...virtio,
        },
        name: "win",
        state: `${folder}/state`,
        report: {
          signal: AbortSignal.timeout(120_000),
          progress: () => {},
          note: (text) => void notes.push(text),
        },
        fetch: async ({ path }) => {
          fetched.push(path.slice(folder.length + 1));
          await Deno.writeFile(path, new Uint8Array(2048));
        },
      }), AppError);
    const last = (await cdromsOf(domain)).map((path) => path.slice(folder.length + 1));
    return { notes, fetched, last: last.filter((name) => name.startsWith("virtio")), error };
  });
}

Deno.test("two other versions of the drivers are tried, each in the place of the one before", async () => {
  const { notes, fetched, last, error } = await install({});
  const [first, second, third] = virtioWin.map(({ file }) => file);
  assertEquals(fetched, [second, third]);
  assertEquals(last, [third]);
  assertEquals(notes.filter((note) => note === "no drive has the virtio drivers for this Windows").length, 3);
  assertStringIncludes(notes.join("\n"), `No driver of ${first} fits this Windows: trying ${virtioWin[1]!.title}`);
  assertStringIncludes(error.message, "no drive has the virtio drivers for this Windows");
});

Deno.test("a medium that the person named is theirs to replace", async () => {
  const { fetched, last } = await install({ virtio: { iso: "/srv/virtio-win.iso" } });
  assertEquals([fetched, last], [[], [virtioWin[0]!.file]]);
});
