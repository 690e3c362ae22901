/** What the machine has and what it can do: the cards with their verdicts, then the picture behind them. */
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import type { Detection, Finding } from "../../server/dto.ts";
import { Empty, Facts, PageHead, Problem, Skeleton } from "../components/basics.tsx";
import { CpuPicture } from "../components/cpu_picture.tsx";
import { FindingView } from "../components/finding.tsx";
import { GpuCard } from "../components/gpu_card.tsx";
import { Icon, Mark } from "../components/icon.tsx";
import { IommuPicture } from "../components/iommu_picture.tsx";
import { MemoryPicture } from "../components/memory_picture.tsx";
import { headline } from "../hardware_view.ts";
import { detection, loadDetection } from "../state.ts";
import { count, formatBytes } from "../words.ts";

export function HardwarePage() {
  useEffect(() => void loadDetection(), []);
  const { data, error, loading } = detection.value;
  return (
    <>
      <PageHead title="Hardware" lead="What this machine has, and what it can give to a VM.">
        <button type="button" class="button" aria-disabled={loading} onClick={() => loading || void loadDetection()}>
          <Icon name="again" />Look again
        </button>
      </PageHead>
      {error !== null && <Problem error={error} onRetry={loadDetection} />}
      {data === null && error === null && <Skeleton rows={6} />}
      {data !== null && <Seen seen={data} />}
    </>
  );
}

function Seen({ seen }: { seen: Detection }) {
  const { good, text } = headline(seen);
  return (
    <>
      <p class={`headline tone-${good ? "good" : "attention"}`}>
        <Mark shape={good ? "check" : "half"} />
        <span>{text}</span>
      </p>
      <Section title="Graphics cards">
        {seen.gpus.length === 0
          ? <Empty title="No graphics card was found" />
          : <div class="gpus">{seen.gpus.map((gpu) => <GpuCard key={gpu.address} gpu={gpu} seen={seen} />)}</div>}
      </Section>
      {seen.findings.length > 0 && (
        <Section title="Findings">
          <ul class="findings">
            {sorted(seen.findings).map((each, index) => <FindingView key={index} finding={each} />)}
          </ul>
        </Section>
      )}
      <Section title="IOMMU groups" note="Devices in one box can only be given to a VM together.">
        <IommuPicture seen={seen} />
      </Section>
      <Section title="Processor" note={cpuNote(seen)}>
        <CpuPicture topology={seen.cpu.topology} />
      </Section>
      <Section title="Memory">
        <MemoryPicture memory={seen.memory} />
      </Section>
      <div class="panels">
        <section class="panel">
          <h2>This host</h2>
          <Facts facts={hostFacts(seen)} />
        </section>
        <Attached seen={seen} />
      </div>
    </>
  );
}

function Section({ title, note, children }: { title: string; note?: string; children: ComponentChildren }) {
  return (
    <section class="section">
      <div class="section-head">
        <h2>{title}</h2>
        {note !== undefined && <p class="muted">{note}</p>}
      </div>
      {children}
    </section>
  );
}

function cpuNote({ cpu }: Detection): string {
  const virtualization = cpu.virtualization === null
    ? "virtualization is off or missing"
    : cpu.virtualization === "vmx"
    ? "virtualization VT-x"
    : "virtualization AMD-V";
  return [cpu.model ?? "Unknown processor", count(cpu.cores, "core"), count(cpu.threads, "thread"), virtualization]
    .join(" · ");
}

const weights = { blocker: 0, warning: 1, info: 2 } as const;

function sorted(findings: readonly Finding[]): Finding[] {
  return [...findings].sort((a, b) => weights[a.severity] - weights[b.severity]);
}

function hostFacts({ host, iommu }: Detection): Record<string, ComponentChildren> {
  const iommuKind = iommu.kind === null
    ? ""
    : ` (${{ intel: "Intel VT-d", amd: "AMD-Vi", other: "other" }[iommu.kind]})`;
  return {
    "Name": host.hostname === null ? null : <bdi>{host.hostname}</bdi>,
    "System": host.os.prettyName,
    "Kernel": host.kernel,
    "Firmware": host.firmware === "uefi" ? "UEFI" : "BIOS",
    "Secure Boot": host.secureBoot === null ? null : host.secureBoot ? "on" : "off",
    "Boot loader": host.bootloader,
    "Initramfs": host.initramfs,
    "IOMMU": iommu.enabled ? `on${iommuKind}` : "off",
    "Main board": [host.board.vendor, host.board.name].filter((part) => part !== null).join(" "),
    "Runs inside": host.virtualized ?? "nothing: a real machine",
  };
}

function Attached({ seen }: { seen: Detection }) {
  return (
    <div class="panel-column">
      <section class="panel">
        <h2>Screens</h2>
        <Things
          none="No screen was found."
          things={seen.displays.map((each) => [
            each.monitor ?? (each.connected ? "A screen" : "Nothing connected"),
            `${each.connector}${
              each.preferredMode === null ? "" : ` · ${each.preferredMode.widthPx} × ${each.preferredMode.heightPx}`
            }`,
          ])}
        />
      </section>
      <section class="panel">
        <h2>Storage</h2>
        <Things
          none="No disk was found."
          things={seen.storage.map((each) => [
            each.model ?? each.name,
            [each.name, formatBytes(each.sizeBytes), ...each.mountPoints].join(" · "),
          ])}
        />
      </section>
      <section class="panel">
        <h2>USB</h2>
        <Things
          none="No USB device was found."
          things={seen.usb.map((each) => [
            [each.vendorName, each.productName].filter((part) => part !== null).join(" ") || "USB device",
            `${each.vendorId}:${each.productId} · port ${each.port}`,
          ])}
        />
      </section>
    </div>
  );
}

function Things({ things, none }: { things: readonly (readonly [string, string])[]; none: string }) {
  if (things.length === 0) return <p class="muted">{none}</p>;
  return (
    <ul class="things">
      {things.map(([name, rest], index) => (
        <li key={index}>
          <bdi class="break">{name}</bdi>
          <small class="muted break">
            <bdi>{rest}</bdi>
          </small>
        </li>
      ))}
    </ul>
  );
}
