import { assert, assertEquals } from "@std/assert";
import { detect } from "../../../provision/hardware/detect.ts";
import { openHost } from "../../../provision/host/open.ts";
import { groupsOf, headline, socketsOf } from "../../../ui/hardware_view.ts";
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
