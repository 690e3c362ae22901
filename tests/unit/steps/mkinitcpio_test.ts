/** mkinitcpio is no package of Debian's: its calls are stood in for, the shells that run our scripts are real. */
import { assertEquals } from "@std/assert";

const scripts = `${import.meta.dirname}/../../../provision/steps/scripts`;

/** Sources the install hook as mkinitcpio does, and prints what it asks for. */
async function asks(hooks: string, present: readonly string[]): Promise<string[]> {
  const folder = Deno.makeTempDirSync();
  try {
    Deno.mkdirSync(`${folder}/usr/bin`, { recursive: true });
    for (const program of present) Deno.writeTextFileSync(`${folder}/usr/bin/${program}`, "");
    const script = `set -eu
      for call in add_module add_file add_binary add_runscript; do eval "$call() { echo $call \\$*; }"; done
      BUILDROOT=$1 HOOKS=($2) . "$3"; BUILDROOT=$1; HOOKS=($2); build`;
    const { stdout, stderr, success } = await new Deno.Command("bash", {
      args: ["-c", script, "bash", folder, hooks, `${scripts}/mkinitcpio_install.sh`],
    }).output();
    assertEquals([success, new TextDecoder().decode(stderr)], [true, ""]);
    return new TextDecoder().decode(stdout).trim().split("\n");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("mkinitcpio: with busybox the modules and a run script go in", async () => {
  assertEquals(await asks("base udev autodetect modconf block neuron-vfio", ["sh", "modprobe", "readlink"]), [
    "add_module vfio_pci",
    "add_module vfio_iommu_type1",
    "add_runscript",
  ]);
});

Deno.test("mkinitcpio: with systemd the unit goes in, and the programs that nothing else brings", async () => {
  assertEquals(await asks("systemd autodetect modconf block neuron-vfio", ["modprobe"]), [
    "add_module vfio_pci",
    "add_module vfio_iommu_type1",
    "add_binary sh",
    "add_binary readlink",
    "add_file /etc/systemd/system/neuron-vfio-initrd.service",
    "add_file /etc/systemd/system/initrd.target.d/neuron-vfio.conf",
  ]);
});

Deno.test("mkinitcpio: its init sources the run hook with busybox's shell; a failing hand-over does not stop it", async () => {
  const script = '. "$1"; set -eu; sh() { echo "sh $*"; return 1; }; run_earlyhook; echo goes on';
  const { stdout, success } = await new Deno.Command("busybox", {
    args: ["ash", "-c", script, "ash", `${scripts}/mkinitcpio_hook.sh`],
  }).output();
  assertEquals([success, new TextDecoder().decode(stdout)], [true, "sh /etc/neuron/vfio-hand-over\ngoes on\n"]);
});
