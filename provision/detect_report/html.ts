/**
 * The detection as one HTML file that needs nothing else and asks nobody: no script, no link, no picture.
 * Show it redacted (redact.ts). Pure.
 */
import type { Detection, Gpu } from "../../model/detection.ts";
import { renderJson } from "./json.ts";
import { choiceWords, diskSize, machineWords, printable, roleWords, SEVERITY_WORDS, VERDICT_WORDS } from "./words.ts";

export function renderHtml(seen: Detection): string {
  const parts = [
    section("This machine", table(machineWords(seen))),
    section("Graphics cards", seen.gpus.map(renderGpu).join("\n")),
    section("Disks", table(seen.storage.map((disk) => [disk.name, `${diskSize(disk.sizeBytes)} ${disk.model ?? ""}`]))),
    section(
      "Worth knowing",
      list(seen.findings.map((found) => ({
        head: `${SEVERITY_WORDS[found.severity]}: ${found.title}.`,
        cure: found.hint ?? null,
      }))),
    ),
    section("PCI devices", renderDevices(seen)),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Neuron: what this machine can do</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>What this machine can do</h1>
<p><strong>${text(choiceWords(seen))}</strong></p>
${parts.filter((part) => part !== "").join("\n")}
<details><summary>The document behind this page</summary>
<pre>${escapeHtml(renderJson(seen, 1))}</pre>
</details>
</main>
</body>
</html>
`;
}

const STYLE = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .2rem .8rem .2rem 0; }
th { white-space: nowrap; font-weight: 600; }
article { border: 1px solid; border-radius: .5rem; padding: .5rem 1rem; margin: 1rem 0; }
.verdict { font-weight: 600; }
.ready { color: light-dark(#0a6b2d, #6fd08c); }
.only-gpu { color: light-dark(#7a4b00, #f0b95a); }
.shared-group, .no-iommu { color: light-dark(#a3161b, #ff9b94); }
pre { overflow: auto; }
`;

function renderGpu(gpu: Gpu): string {
  const role = roleWords(gpu);
  return `<article>
<h3>${text(gpu.name)} <small>${text(gpu.address)}${role === "" ? "" : `, ${text(role)}`}</small></h3>
<p class="verdict ${gpu.verdict}">${text(VERDICT_WORDS[gpu.verdict])}</p>
${list(gpu.reasons.map((reason) => ({ head: reason.message, cure: reason.hint })))}
${gpu.functions.length > 1 ? `<p><small>Goes together: ${text(gpu.functions.join(", "))}</small></p>` : ""}
</article>`;
}

function renderDevices({ pci }: Detection): string {
  const row = (cells: readonly string[], tag: "td" | "th") =>
    `<tr>${cells.map((cell) => `<${tag}>${text(cell)}</${tag}>`).join("")}</tr>`;
  const head = row(["Group", "Address", "Ids", "Kind", "Name", "Driver"], "th");
  const rows = pci.map((device) =>
    row([
      device.iommuGroup === null ? "none" : `${device.iommuGroup}`,
      device.address,
      `${device.vendorId}:${device.deviceId}`,
      device.className ?? device.classCode,
      device.deviceName ?? "",
      device.driver ?? "",
    ], "td")
  );
  return pci.length === 0 ? "" : `<table><thead>${head}</thead><tbody>\n${rows.join("\n")}\n</tbody></table>`;
}

function section(title: string, body: string): string {
  return body === "" ? "" : `<section>\n<h2>${text(title)}</h2>\n${body}\n</section>`;
}

function table(rows: readonly (readonly [string, string])[]): string {
  if (rows.length === 0) return "";
  return `<table>\n${
    rows.map(([head, value]) => `<tr><th scope="row">${text(head)}</th><td>${text(value)}</td></tr>`).join("\n")
  }\n</table>`;
}

function list(items: readonly { head: string; cure: string | null }[]): string {
  if (items.length === 0) return "";
  const item = ({ head, cure }: { head: string; cure: string | null }) =>
    `<li>${text(head)}${cure === null ? "" : `<br><em>${text(cure)}</em>`}</li>`;
  return `<ul>\n${items.map(item).join("\n")}\n</ul>`;
}

function text(value: string): string {
  return escapeHtml(printable(value));
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeHtml(value: string): string {
  return value.replace(/[&<>"']/g, (char) => ENTITIES[char]!);
}
