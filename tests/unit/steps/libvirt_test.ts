import { assertEquals } from "@std/assert";
import { parseWantedBy } from "../../../provision/distro/systemd_units.ts";
import { makePlan } from "../../../provision/engine/plan.ts";
import { fakeHost } from "../../../provision/host/fake.ts";
import { MemoryDisk } from "../../../provision/host/memory_disk.ts";
import { libvirt, networkPath, poolPath } from "../../../provision/steps/libvirt.ts";
import { brief, spec, type Tree } from "./machine.ts";

const unit = (target: string) => `[Unit]\nDescription=x\n\n[Install]\nWantedBy=${target}\nAlso=virtlogd.socket\n`;
const folder = "/machine/lib/systemd/system";
const installed: Tree = {
  [`${folder}/libvirtd.service`]: unit("multi-user.target"),
  [`${folder}/libvirtd.socket`]: unit("sockets.target"),
  [`${folder}/virtlogd.socket`]: unit("sockets.target"),
};
const wants = "/etc/systemd/system";
const autostart = ["/etc/libvirt/qemu/networks/autostart/default.xml", "/etc/libvirt/storage/autostart/default.xml"];

/** A copy, so that nobody asks the daemon of this machine. */
const hostOf = (tree: Tree) => fakeHost(MemoryDisk.from({ "/machine/etc/x": "", ...tree }), { root: "/machine" });

async function planned(host: ReturnType<typeof hostOf>): Promise<string[]> {
  const { work } = await makePlan(host, [libvirt], spec, "host", new Set());
  return brief(work.map(({ change }) => change)).sort();
}

Deno.test("units are enabled by links; network and pool are defined and start by themselves", async () => {
  assertEquals(
    await planned(hostOf(installed)),
    [
      `create ${autostart[0]}`,
      `create ${networkPath}`,
      `create ${autostart[1]}`,
      `create ${poolPath}`,
      `create ${wants}/multi-user.target.wants/libvirtd.service`,
      `create ${wants}/sockets.target.wants/libvirtd.socket`,
      `create ${wants}/sockets.target.wants/virtlogd.socket`,
      "run systemctl daemon-reload",
      "run systemctl reload-or-restart libvirtd.service",
    ].sort(),
  );
});

Deno.test("nothing is done where Debian's packages or a person did it already, each in its own way", async () => {
  const host = hostOf({
    ...installed,
    [`/machine${wants}/multi-user.target.wants/libvirtd.service`]: { link: "/usr/lib/systemd/system/libvirtd.service" },
    [`${folder}/sockets.target.wants/libvirtd.socket`]: { link: "../libvirtd.socket" },
    [`/machine${wants}/virtlogd.socket`]: { link: "/dev/null" },
    [`/machine${networkPath}`]: "<network><name>default</name><ip address='10.1.1.1'/></network>\n",
    [`/machine${poolPath}`]: "<!--\nWARNING: THIS IS AN AUTO-GENERATED FILE.\n--><pool/>\n",
    [`/machine${autostart[0]}`]: { link: "../default.xml" },
    [`/machine${autostart[1]}`]: "<pool/>",
  });
  assertEquals(await planned(host), []);
});

Deno.test("a definition that was emptied or zeroed is written again", async () => {
  for (const damaged of ["", "\0\0\0"]) {
    const host = hostOf({ ...installed, [`/machine${networkPath}`]: damaged, [`/machine${poolPath}`]: damaged });
    const changes = await planned(host);
    assertEquals(changes.filter((change) => change.startsWith("update")), [
      `update ${networkPath}`,
      `update ${poolPath}`,
    ]);
  }
});

Deno.test("modular daemons are enabled where they are what is installed", async () => {
  const host = hostOf({ [`/machine/usr/lib/systemd/system/virtqemud.socket`]: unit("sockets.target") });
  const links = (await planned(host)).filter((change) => change.includes(".wants/"));
  assertEquals(links, [`create ${wants}/sockets.target.wants/virtqemud.socket`]);
});

Deno.test("without libvirt in a copy nothing is written where its package will want to write", async () => {
  assertEquals(await planned(hostOf({})), []);
});

Deno.test("targets are read from the section that names them", () => {
  assertEquals(parseWantedBy("[Unit]\nWantedBy=no\n[Install]\nWantedBy=a.target b.target\n[X]\nWantedBy=no\n"), [
    "a.target",
    "b.target",
  ]);
});
