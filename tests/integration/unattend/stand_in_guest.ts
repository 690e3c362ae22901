/**
 * A guest of a few megabytes that boots in seconds without KVM: Debian's kernel, its modules for CD drives, busybox and
 * guest_init.sh. The kernel's package is downloaded and unpacked beside the sources (.neuron/), never installed.
 */
import { join } from "node:path";
import { cpio, type RamDiskFile } from "./cpio.ts";
import { done, tool } from "./tools.ts";

const cache = join(import.meta.dirname!, "../../../.neuron/guest-kernel");

/** In the order they need each other (modinfo's "depends"). */
const modules = [
  "drivers/scsi/scsi_common",
  "drivers/scsi/scsi_mod",
  "drivers/cdrom/cdrom",
  "drivers/scsi/sr_mod",
  "fs/isofs/isofs",
  "drivers/ata/libata",
  "drivers/ata/ata_piix",
  "drivers/virtio/virtio_ring",
  "drivers/virtio/virtio",
  "drivers/virtio/virtio_pci_legacy_dev",
  "drivers/virtio/virtio_pci_modern_dev",
  "drivers/virtio/virtio_pci",
  "drivers/scsi/virtio_scsi",
];

/** A CD drive of the guest: on the old IDE bus, or virtio; null: nothing in it. */
export interface Drive {
  readonly bus: "ide" | "scsi";
  readonly iso: string | null;
}

/** What the guest said, without the kernel's own messages. */
export async function bootStandIn(drives: readonly Drive[], folder: string): Promise<string[]> {
  const kernel = await unpackedKernel();
  await Deno.writeFile(`${folder}/initrd`, await ramDisk(kernel));
  const output = await done([
    "timeout",
    "--kill-after=5",
    "110",
    "qemu-system-x86_64",
    ...["-machine", "pc,accel=tcg", "-cpu", "max", "-m", "192", "-nodefaults", "-display", "none", "-no-reboot"],
    ...["-serial", "stdio", "-kernel", kernel.image, "-initrd", `${folder}/initrd`],
    ...["-append", `console=ttyS0 quiet panic=-1 drives=${drives.length}`],
    ...["-device", "virtio-scsi-pci,id=scsi0"],
    ...drives.flatMap(({ bus, iso }, index) => [
      "-drive",
      `if=none,id=d${index},media=cdrom,readonly=on${iso === null ? "" : `,format=raw,file=${iso}`}`,
      "-device",
      bus === "ide" ? `ide-cd,bus=ide.${index % 2},drive=d${index}` : `scsi-cd,bus=scsi0.0,drive=d${index}`,
    ]),
  ], "qemu-system-x86");
  return output.split(/\r?\n/).filter((line) => line.startsWith("GUEST ")).map((line) => line.slice(6));
}

interface Kernel {
  readonly image: string;
  readonly modules: string;
}

async function unpackedKernel(): Promise<Kernel> {
  const found = await findKernel();
  if (found !== null) return found;
  const depends = await done(["apt-cache", "depends", "--important", "linux-image-cloud-amd64"], "apt");
  const name = /Depends: (linux-image-\S+)/.exec(depends)?.[1];
  if (name === undefined) throw new Error("apt knows no kernel linux-image-cloud-amd64: apt-get update");
  await Deno.mkdir(cache, { recursive: true });
  const fetched = await tool(["apt-get", "-o", "APT::Sandbox::User=root", "download", name], "apt", cache);
  if (fetched.code !== 0) throw new Error(`the guest's kernel ${name} cannot be downloaded: ${fetched.stderr}`);
  const [file] = [...Deno.readDirSync(cache)].filter((entry) => entry.name.startsWith(`${name}_`));
  await done(["dpkg-deb", "-x", join(cache, file!.name), cache], "dpkg");
  await Deno.remove(join(cache, file!.name));
  return (await findKernel())!;
}

async function findKernel(): Promise<Kernel | null> {
  try {
    for await (const { name } of Deno.readDir(join(cache, "boot"))) {
      const release = /^vmlinuz-(.+)$/.exec(name)?.[1];
      if (release === undefined) continue;
      return { image: join(cache, "boot", name), modules: join(cache, "lib/modules", release, "kernel") };
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return null;
}

async function ramDisk(kernel: Kernel): Promise<Uint8Array> {
  const file = async (path: string, from: string, mode = 0o644): Promise<RamDiskFile> => ({
    path,
    bytes: await Deno.readFile(from),
    mode,
  });
  const name = (module: string) => module.split("/").at(-1)!;
  // Debian's busybox is linked with the C library: what ldd names goes along.
  const libraries = [...(await done(["ldd", "/bin/busybox"], "busybox")).matchAll(/(\/lib\S+) \(/g)].map((match) =>
    match[1]!
  );
  const order = new TextEncoder().encode(modules.map((module) => `${name(module)}\n`).join(""));
  return cpio([
    await file("init", join(import.meta.dirname!, "guest_init.sh"), 0o755),
    await file("bin/busybox", "/bin/busybox", 0o755),
    ...await Promise.all(libraries.map((path) => file(path.slice(1), path, 0o755))),
    { path: "modules/order", bytes: order, mode: 0o644 },
    ...await Promise.all(
      modules.map((module) => file(`modules/${name(module)}.ko`, join(kernel.modules, `${module}.ko`))),
    ),
  ]);
}
