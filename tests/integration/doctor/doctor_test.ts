/** The doctor reads what a real libvirt and a real QEMU say when a VM does not start; and it looks at this very machine. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { LibvirtError, open } from "../../../libvirt/mod.ts";
import { withHost } from "../../fixtures/hosts.ts";
import { guestXml } from "../libvirt/guest_xml.ts";
import { withPrivateLibvirtd } from "../private_libvirtd.ts";
import { call } from "../provision/command_line.ts";

interface Document {
  readonly findings: readonly { readonly code: string; readonly target?: string; readonly seen?: string }[];
  readonly checked: readonly { readonly code: string; readonly result: string }[];
}

Deno.test("two VMs on one disk, and a VM on huge pages that are not mounted: the doctor says why they did not start", async () => {
  // QEMU's logs go to the machine's own folder: the names are this test's alone.
  const name = `doctor-${crypto.randomUUID()}`;
  const logs = [1, 2, 3].map((number) => `/var/log/libvirt/qemu/${name}-${number}.log`);
  try {
    await withPrivateLibvirtd(async (daemon) => {
      await using connection = await open(daemon.uri());
      const disk = `${daemon.folder}/disk.raw`;
      Deno.writeFileSync(disk, new Uint8Array(1 << 20));
      const devices = `<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='${disk}'/>` +
        `<target dev='vda' bus='virtio'/></disk>`;
      const first = await connection.defineDomain(guestXml({ name: `${name}-1`, devices }));
      const second = await connection.defineDomain(guestXml({ name: `${name}-2`, devices }));
      await first.start();
      await assertRejects(() => second.start(), LibvirtError);
      // No machine has a mount for pages of 16 GiB.
      const pages = "<memoryBacking><hugepages><page size='16777216' unit='KiB'/></hugepages></memoryBacking>";
      const third = await connection.defineDomain(
        guestXml({ name: `${name}-3` }).replace("<vcpu>", `${pages}<vcpu>`).replace(">64<", ">16384<"),
      );
      await assertRejects(() => third.start(), LibvirtError, "huge");

      await withHost("intel-z370-gt1030", async (root) => {
        Deno.mkdirSync(`${root}/var/log/libvirt/qemu`, { recursive: true });
        for (const path of logs) Deno.copyFileSync(path, `${root}${path}`);
        Deno.copyFileSync(`${daemon.folder}/libvirtd.log`, `${root}/var/log/libvirt/libvirtd.log`);
        const { code, stdout } = await call("doctor", "--root", root, "--json");
        assertEquals(code, 0);
        const { findings } = JSON.parse(stdout) as Document;
        const lock = findings.find((one) => one.code === "disk-in-use");
        assertEquals(lock?.target, `${name}-2`, stdout);
        assertStringIncludes(lock?.seen ?? "", 'Failed to get "write" lock');
        assert(findings.some((one) => one.code === "hugetlbfs-not-mounted" && one.seen?.includes("hugetlbfs")), stdout);
      });
    });
  } finally {
    for (const path of logs) await Deno.remove(path).catch(() => {});
  }
});

Deno.test("on this machine it ends with 0, as root and as nobody, who is told what only root can see", async () => {
  const asRoot = await call("doctor", "--json");
  assertEquals(asRoot.code, 0, asRoot.stderr);
  const { checked } = JSON.parse(asRoot.stdout) as Document;
  const looked = checked.filter(({ result }) => result !== "not-looked");
  assert(looked.some(({ code }) => code === "kvm-missing") && looked.some(({ code }) => code === "iommu-times-out"));

  // The same program and modules in a place that nobody can read.
  const folder = Deno.makeTempDirSync({ prefix: "doctor-" });
  try {
    Deno.chmodSync(folder, 0o755);
    const top = `${import.meta.dirname}/../../..`;
    const bundle = await new Deno.Command(Deno.execPath(), {
      args: ["bundle", "--quiet", "--platform=deno", "-o", `${folder}/main.js`, `${top}/main.ts`],
    }).output();
    assert(bundle.success, new TextDecoder().decode(bundle.stderr));
    Deno.copyFileSync(Deno.execPath(), `${folder}/deno`);
    Deno.chmodSync(`${folder}/deno`, 0o755);
    Deno.mkdirSync(`${folder}/cache`);
    Deno.chmodSync(`${folder}/cache`, 0o777);
    const nobody = await new Deno.Command("setpriv", {
      args: [
        ...["--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"],
        ...[`${folder}/deno`, "run", "-A", "--no-config", `${folder}/main.js`, "doctor"],
      ],
      env: { DENO_DIR: `${folder}/cache`, HOME: folder, NO_COLOR: "1" },
      cwd: folder,
    }).output();
    const said = new TextDecoder().decode(nobody.stdout);
    assertEquals(nobody.code, 0, `${said}${new TextDecoder().decode(nobody.stderr)}`);
    assertStringIncludes(said, "things looked at");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
