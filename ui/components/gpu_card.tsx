/** One graphics card: what it is, the verdict, why, and what to do. */
import type { Detection, Gpu } from "../../server/dto.ts";
import { deviceName } from "../hardware_view.ts";
import { verdictWords, visible } from "../words.ts";
import { Badge } from "./basics.tsx";
import { Icon } from "./icon.tsx";

export function GpuCard({ gpu, seen }: { gpu: Gpu; seen: Detection }) {
  const words = verdictWords[gpu.verdict];
  const deviceAt = (address: string) => seen.pci.find((device) => device.address === address) ?? null;
  return (
    <article class="gpu-card">
      <header>
        <span class="gpu-icon">
          <Icon name="card" />
        </span>
        <div class="gpu-name">
          <h3>
            <bdi>{visible(gpu.name)}</bdi>
          </h3>
          <p class="muted">
            <code>{gpu.address}</code> · {gpu.integrated ? "built in" : "own card"} ·{" "}
            {gpu.role === "boot" ? "shows the host's screen" : "not needed by the host"}
          </p>
        </div>
        <Badge tone={words.tone} shape={words.shape}>{words.label}</Badge>
      </header>
      {gpu.reasons.length > 0 && (
        <ul class="reasons">
          {gpu.reasons.map((reason) => (
            <li key={reason.code}>
              <p>
                <bdi>{visible(reason.message)}</bdi>
              </p>
              {reason.hint !== null && (
                <p class="cure">
                  <b>What to do</b> <bdi>{visible(reason.hint)}</bdi>
                </p>
              )}
            </li>
          ))}
        </ul>
      )}
      <details>
        <summary>
          {gpu.functions.length} {gpu.functions.length === 1 ? "function" : "functions"}
          {gpu.iommuGroup !== null && `, IOMMU group ${gpu.iommuGroup}`}
          {gpu.conflicts.length > 0 && `, ${gpu.conflicts.length} in the way`}
        </summary>
        <ul class="functions">
          {[...gpu.functions, ...gpu.conflicts].map((address) => {
            const device = deviceAt(address);
            return (
              <li key={address}>
                <code>{address}</code>
                <span class="break">
                  <bdi>{deviceName(device)}</bdi>
                </span>
                <small class="muted">
                  {gpu.conflicts.includes(address) ? "in the way · " : ""}
                  {device?.driver === null || device === null ? "no driver" : `driver ${device.driver}`}
                </small>
              </li>
            );
          })}
        </ul>
      </details>
    </article>
  );
}
