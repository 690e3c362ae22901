import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { detect } from "../../../provision/hardware/detect.ts";
import { openHost } from "../../../provision/host/open.ts";
import { deviceName, groupsAtFirst, groupsOf, headline, socketsOf } from "../../../ui/hardware_view.ts";
import type { PciDevice } from "../../../server/dto.ts";
import { hostNames, withHost } from "../../fixtures/hosts.ts";

Deno.test("on fixture machines each device stands in exactly its group, and what is in the way is marked", async () => {
  for (const name of hostNames().filter((_, index) => index % 4 === 0)) {
    await withHost(name, (root) => {
      const seen = detect(openHost({ root }));
      const groups = groupsOf(seen);
      const drawn = groups.flatMap((group) => group.devices.map((device) => device.address)).sort();
      assertEquals(drawn, seen.iommu.groups.flatMap((group) => group.devices).sort(), name);
      const marked = groups.flatMap((group) => group.devices).filter((device) => device.conflicts);
      assertEquals(
        new Set(marked.map((device) => device.address)),
        new Set(seen.gpus.flatMap((gpu) => gpu.conflicts)),
        name,
      );
      assert(marked.every((device) => device.role !== "bridge"), `${name}: a bridge is never in the way`);
      const cpus = socketsOf(seen.cpu.topology).flatMap((socket) => socket.caches).flatMap((cache) => cache.cores)
        .flatMap((core) => core.cpus);
      assertEquals(
        cpus.sort((a, b) => a - b),
        seen.cpu.topology.map((thread) => thread.cpu).sort((a, b) => a - b),
        name,
      );
      assertEquals(headline(seen).good, seen.gpus.some((gpu) => gpu.verdict === "ready"), name);
    });
  }
});

Deno.test("of hundreds of groups those are drawn first that decide about a card, of a few all", async () => {
  const drawn = (name: string) =>
    withHost(name, (root) => {
      const groups = groupsOf(detect(openHost({ root })));
      return { groups, few: groupsAtFirst(groups) };
    });
  const server = await drawn("intel-spr-xeon-bmc-only");
  assert(server.groups.length > 100 && server.few.length <= 24, `${server.few.length} of ${server.groups.length}`);
  const decisive = server.groups.filter((group) => group.gpus.length > 0);
  assert(decisive.length > 0 && decisive.every((group) => server.few.includes(group)));
  const desktop = await drawn("intel-z370-gt1030");
  assertEquals(desktop.few, desktop.groups);
});

Deno.test("a name in pci.ids that turns the writing direction is shown as what it is", () => {
  const device = { vendorName: "Evil\u202e", deviceName: "\x1b[31mcard" } as PciDevice;
  assertEquals(deviceName(device), "Evil\\u{202e} \\u{1b}[31mcard");
});

Deno.test("the headline does not count a virtual display as one more card", async () => {
  await withHost("full-nvidia-numa", (root) => {
    const seen = detect(openHost({ root }));
    assertEquals(seen.gpus.filter((gpu) => gpu.verdict === "ready").length, 3);
    assertStringIncludes(headline(seen).text, " and 1 more can be given to a VM.");
  });
});
