/** The faces of a detection: text for people, a file to show to others. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Detection } from "../../../model/detection.ts";
import { detect } from "../../../provision/hardware/detect.ts";
import { openHost } from "../../../provision/host/open.ts";
import { renderHtml } from "../../../provision/detect_report/html.ts";
import { renderJson } from "../../../provision/detect_report/json.ts";
import { redact } from "../../../provision/detect_report/redact.ts";
import { renderText, wrap } from "../../../provision/detect_report/text.ts";
import { hostNames, withHost } from "../../fixtures/hosts.ts";
import { machine } from "./machine.ts";

const PLAIN = { columns: 80, color: false, verbose: false };

function detectHost(name: string): Promise<Detection> {
  return withHost(name, (root) => detect(openHost({ root })));
}

Deno.test("the text of every machine keeps to 80 columns and to 40, in plain characters", async () => {
  for (const name of hostNames().filter((name) => name !== "intel-spr-xeon-bmc-only")) {
    const seen = await detectHost(name);
    for (const columns of [80, 40]) {
      for (const line of renderText(seen, { ...PLAIN, columns, verbose: true })) {
        assert(line.length <= columns, `${name}: ${line}`);
        assert(!/[\p{Cc}\p{Cf}]/u.test(line), JSON.stringify(line));
      }
    }
  }
});

Deno.test("the text says which card, why and what to do", async () => {
  const text = renderText(await detectHost("amd-b350-r9-390-gt710"), PLAIN).join("\n");
  for (
    const part of [
      "Windows can have a card of its own: AMD Radeon R9 290/390",
      "CANNOT BE SEPARATED",
      "SATA controller",
      "-> Put the card into",
    ]
  ) {
    assert(text.includes(part), `${part} is missing in\n${text}`);
  }
});

Deno.test("colour is only there when it is allowed", async () => {
  const seen = await detectHost("single-gpu");
  assert(!renderText(seen, PLAIN).join("").includes("\x1b"));
  assert(renderText(seen, { ...PLAIN, color: true }).join("").includes("\x1b[33m"));
});

Deno.test("wrap() loses no word, keeps the width and ends for every width", () => {
  fc.assert(fc.property(fc.array(fc.string({ maxLength: 30 })), fc.integer({ min: 5, max: 60 }), (words, width) => {
    const text = words.join(" ");
    const lines = wrap(text, width);
    for (const line of lines) assert(line.length <= width);
    assertEquals(lines.join("").replaceAll(" ", ""), text.split(/\s+/).join(""));
  }));
});

/** A machine whose names are hostile and whose details are private. */
function privateMachine(): Detection {
  const usb = "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-1";
  return detect(machine([{ at: "0000:01:00.0", ids: "10de:2484", class: "0300", group: 1, bootVga: true }], {
    "/usr/share/misc/pci.ids": "10de  N\n\t2484  <img src=x onerror=alert(1)>\x1b[2J\u202e\n",
    "/etc/hostname": "adas-tower\n",
    "/proc/cmdline": "root=UUID=11111111-2222-3333-4444-555555555555 ro ip=10.0.0.7 secret=hunter2 intel_iommu=on\n",
    "/sys/class/dmi/id/board_name": "adas-tower 00:1b:21:aa:bb:cc\n",
    [`${usb}/serial`]: "SERIAL123\n",
    "/sys/bus/usb/devices/1-1": { link: `../../..${usb.slice(4)}` },
    "/sys/class/block/sda/size": "100\n",
    "/proc/mounts": "/dev/sda /media/ada ext4 rw 0 0\n",
  }));
}

Deno.test("a redacted detection names neither machine nor person", () => {
  const text = JSON.stringify(redact(privateMachine()));
  for (const secret of ["adas-tower", "1111-2222", "10.0.0.7", "hunter2", "00:1b:21", "SERIAL123", "/media/ada"]) {
    assert(!text.includes(secret), secret);
  }
  for (const kept of ["intel_iommu=on", "0000:01:00.0", "10de"]) assert(text.includes(kept), kept);
});

Deno.test("the HTML is one file that loads nothing, and names cannot become markup", () => {
  const html = renderHtml(redact(privateMachine()));
  assert(!html.includes("<img"));
  assert(html.includes("&lt;img src=x onerror=alert(1)&gt;"));
  for (const line of html.split("\n")) assert(!/[\p{Cc}\p{Cf}]/u.test(line), JSON.stringify(line));
  assert(!/<script|<link|src="|href="|https?:\/\//.test(html));
  assert(html.startsWith("<!doctype html>"));
  assert(html.includes("default-src 'none'"));
});

Deno.test("neither text nor JSON can steer the terminal through a device's name", () => {
  const seen = privateMachine();
  for (const text of [renderText(seen, { ...PLAIN, verbose: true }).join("\n"), renderJson(seen, 2)]) {
    for (const line of text.split("\n")) assert(!/[\p{Cc}\p{Cf}]/u.test(line), JSON.stringify(line));
  }
  assertEquals(JSON.parse(renderJson(seen, 2)), seen);
});
