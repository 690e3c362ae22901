/** A captured machine is the machine: detection sees the same in the copy. */
import { assert, assertEquals } from "@std/assert";
import { captureInto } from "../../cli/capture_folder.ts";
import { capture } from "../../provision/capture.ts";
import { renderTar } from "../../provision/capture_tar.ts";
import { detect } from "../../provision/hardware/detect.ts";
import { openHost } from "../../provision/host/open.ts";
import { withHost } from "../fixtures/hosts.ts";
import { filesOf, machine } from "./hardware/machine.ts";

async function withFolder(use: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = Deno.makeTempDirSync();
  try {
    await use(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

for (const name of ["full-nvidia-numa", "amd-switch-gpu", "intel-laptop-p16v-rtx2000ada", "intel-no-intremap"]) {
  Deno.test(`detect() sees in a copy of ${name} what it sees in the machine`, async () => {
    await withHost(name, (root) =>
      withFolder((folder) => {
        captureInto(openHost({ root }), `${folder}/copy`);
        assertEquals(detect(openHost({ root: `${folder}/copy` })), detect(openHost({ root })));
        assert(Deno.lstatSync(`${folder}/copy/sys/bus/pci/devices/0000:00:00.0`).isSymlink);
        assertEquals(
          Deno.readTextFileSync(`${folder}/copy/etc/default/grub`),
          Deno.readTextFileSync(`${root}/etc/default/grub`),
        );
      }));
  });
}

Deno.test("the system's tar unpacks the archive, long paths and links included", async () => {
  const deep = Array.from({ length: 9 }, (_, n) => `0000:0${n}:00.0-with-a-name-for-length`).join("/");
  const files = filesOf({
    [`/etc/modprobe.d/${"x".repeat(120)}.conf`]: "options kvm ignore_msrs=1\n",
    "/etc/kernel/cmdline": { link: `/etc/kernel/${deep}` },
    [`/etc/kernel/${deep}`]: "quiet\n",
  });
  await withFolder(async (folder) => {
    Deno.writeFileSync(`${folder}/machine.tar`, renderTar(capture(files), "machine"));
    const { code, stderr } = await new Deno.Command("tar", { args: ["xf", "machine.tar"], cwd: folder }).output();
    assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
    const root = `${folder}/machine`;
    assertEquals(
      Deno.readTextFileSync(`${root}/etc/modprobe.d/${"x".repeat(120)}.conf`),
      "options kvm ignore_msrs=1\n",
    );
    assertEquals(Deno.readLinkSync(`${root}/etc/kernel/cmdline`), `/etc/kernel/${deep}`);
    assertEquals(openHost({ root }).readText("/etc/kernel/cmdline"), "quiet\n");
  });
});

Deno.test("a capture ends in circles of links, follows absolute ones inside the root, and keeps place-holders empty", () => {
  const entries = new Map(
    capture(machine([], {
      "/etc/default": { link: "/etc/real" },
      "/etc/real/grub": "GRUB_TIMEOUT=5\n",
      "/etc/kernel": { link: "/etc/kernel" },
      "/boot/vmlinuz-6.1.0": "a whole kernel",
    })).map((entry) => [entry.path, entry]),
  );
  assertEquals(entries.get("/etc/default"), { kind: "link", path: "/etc/default", target: "/etc/real" });
  assertEquals(entries.get("/etc/real/grub")?.kind, "file");
  const kernel = entries.get("/boot/vmlinuz-6.1.0");
  assert(kernel?.kind === "file" && kernel.bytes.length === 0);
  assertEquals(entries.get("/sys/firmware/efi"), undefined);
});

Deno.test("link texts of every length keep their length in the archive", async () => {
  // The record counts its own digits: around 1,000 the count itself grows by one.
  const lengths = [99, 100, 101, ...Array.from({ length: 20 }, (_, n) => 975 + n)];
  const entries = lengths.map((length) => ({ kind: "link" as const, path: `/${length}`, target: "x".repeat(length) }));
  await withFolder(async (folder) => {
    Deno.writeFileSync(`${folder}/links.tar`, renderTar(entries, "machine"));
    const { code, stderr } = await new Deno.Command("tar", { args: ["xf", "links.tar"], cwd: folder }).output();
    assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
    for (const { path, target } of entries) assertEquals(Deno.readLinkSync(`${folder}/machine${path}`), target);
  });
});
