/** Connectors and monitors, from /sys/class/drm. Their EDID is what the kernel has; no wire is asked. */
import type { Display } from "../../model/detection.ts";
import { parseEdid } from "./edid.ts";
import type { Reading } from "./reading.ts";
import { lastPciAddress } from "./usb.ts";
import { parseLine } from "./values.ts";

const DRM = "/sys/class/drm";

export function readDisplays(reading: Reading): Display[] {
  return (reading.list(DRM) ?? []).filter((name) => /^card\d+-/.test(name)).map((connector) => {
    const edid = parseEdid(reading.bytes(`${DRM}/${connector}/edid`));
    return {
      connector,
      connected: parseLine(reading.text(`${DRM}/${connector}/status`)) === "connected",
      gpu: lastPciAddress(reading.link(`${DRM}/${connector}`)),
      monitor: edid?.monitor ?? null,
      preferredMode: edid?.preferredMode ?? null,
    };
  });
}
