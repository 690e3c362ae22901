import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Detection } from "../../../model/detection.ts";
import { plan } from "../../../provision/engine.ts";
import { detect } from "../../../provision/hardware/detect.ts";
import { openHost } from "../../../provision/host/open.ts";
import { resolve } from "../../../provision/resolve.ts";
import { steps } from "../../../provision/steps.ts";
import { renderFound, renderPreview } from "../../../provision/wizard/preview.ts";
import { hostNames, withHost } from "../../fixtures/hosts.ts";

const monitor = { connector: "card1-DP-1", connected: true, monitor: "DELL\x1b[2J U2720Q", preferredMode: null };

Deno.test("the preview names the monitor that goes dark, and what a monitor calls itself cannot steer the terminal", async () => {
  await withHost("intel-z370-gt1030", async (root) => {
    const host = openHost({ root, state: `${root}/state` });
    const detection = detect(host);
    const { hostSpec, notes } = resolve({}, detection);
    const { plan: planned } = await plan(host, steps, hostSpec, "host");
    const preview = (spec: typeof hostSpec, ...displays: Detection["displays"]) =>
      renderPreview(planned, spec, { ...detection, displays }, notes, 200).join("\n");
    const seenWith = (gpu: string | null) => preview(hostSpec, { ...monitor, gpu });
    assertStringIncludes(seenWith(hostSpec.gpu!.address), "U2720Q (DP-1) goes dark at the reboot");
    assertEquals(seenWith(hostSpec.gpu!.address).includes("\x1b"), false);
    assertEquals(seenWith("0000:00:02.0").includes("goes dark"), false);
    assertStringIncludes(seenWith(hostSpec.gpu!.address), "No monitor is left for the host");
    const both = preview(
      hostSpec,
      { ...monitor, gpu: hostSpec.gpu!.address },
      { ...monitor, gpu: "0000:00:02.0", monitor: null, connector: "card0-HDMI-A-1" },
    );
    assertStringIncludes(both, "The host keeps the monitor at HDMI-A-1.");
    assertEquals(both.includes("No monitor is left"), false);
    const lent = preview({ ...hostSpec, gpuHandover: true }, { ...monitor, gpu: hostSpec.gpu!.address });
    assertStringIncludes(lent, "shows the host until the VM starts");
  });
});

Deno.test("what was found and what would be changed keep within 80 columns on every machine", async () => {
  for (const name of hostNames()) {
    await withHost(name, async (root) => {
      const host = openHost({ root, state: `${root}/state` });
      const detection = detect(host);
      const { hostSpec, notes } = resolve({ host: { gpu: "none" } }, detection);
      const { plan: planned } = await plan(host, steps, hostSpec, "host");
      const lines = [...renderFound(detection, 80), ...renderPreview(planned, hostSpec, detection, notes, 80)];
      assertEquals(lines.filter((line) => line.length > 80), [], name);
      assert(lines.some((line) => line.startsWith("The plan:")), name);
    });
  }
});
