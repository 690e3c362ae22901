/** One VM: its state and actions, and three views of it. */
import { useEffect, useState } from "preact/hooks";
import type { DomainDetail } from "../../server/dto.ts";
import { api, ApiError } from "../api.ts";
import { Empty, Facts, Link, PageHead, Problem, Skeleton } from "../components/basics.tsx";
import { DomainActions } from "../components/domain_actions.tsx";
import { Icon } from "../components/icon.tsx";
import { deviceName } from "../hardware_view.ts";
import { type DomainTab, paths } from "../paths.ts";
import { detection, domain as opened, loadDetection, openDomain } from "../state.ts";
import { count, formatKib, visible, visibleLines } from "../words.ts";
import { StateBadge } from "./domains.tsx";

const tabs: readonly { readonly tab: DomainTab; readonly label: string }[] = [
  { tab: "overview", label: "Overview" },
  { tab: "hardware", label: "Hardware" },
  { tab: "xml", label: "XML" },
];

export function DomainPage({ uuid, tab }: { uuid: string; tab: DomainTab }) {
  useEffect(() => void openDomain(uuid), [uuid]);
  const { data, error, uuid: shown } = opened.value;
  const domain = shown === uuid ? data : null;
  return (
    <>
      <Link to={paths.vms} class="back">
        <Icon name="back" />All VMs
      </Link>
      {error !== null && domain === null && <Missing error={error} uuid={uuid} />}
      {error === null && domain === null && <Skeleton rows={5} />}
      {domain !== null && (
        <>
          <PageHead title={visible(domain.title ?? domain.name)} lead={<StateBadge domain={domain} />}>
            <DomainActions domain={domain} compact={false} />
          </PageHead>
          {error !== null && <Problem error={error} onRetry={() => void openDomain(uuid)} />}
          <nav class="tabs" aria-label="Views of this VM">
            {tabs.map((each) => (
              <Link key={each.tab} to={paths.vm(uuid, each.tab)} aria-current={each.tab === tab ? "page" : undefined}>
                {each.label}
              </Link>
            ))}
          </nav>
          {tab === "overview" && <Overview domain={domain} />}
          {tab === "hardware" && <Hardware domain={domain} />}
          {tab === "xml" && <Xml domain={domain} />}
        </>
      )}
    </>
  );
}

function Missing({ error, uuid }: { error: ApiError; uuid: string }) {
  if (error.status !== 404) return <Problem error={error} onRetry={() => void openDomain(uuid)} />;
  return (
    <>
      <PageHead title="No such VM" />
      <Empty title={error.message}>
        <Link to={paths.vms} class="button">To the VMs there are</Link>
      </Empty>
    </>
  );
}

function Overview({ domain }: { domain: DomainDetail }) {
  return (
    <div class="panels">
      <section class="panel">
        <h2>This VM</h2>
        <Facts
          facts={{
            "Name": <bdi class="name">{visible(domain.name)}</bdi>,
            ...(domain.description === null ? {} : { "Description": <bdi>{visible(domain.description)}</bdi> }),
            "Operating system": domain.os ?? <span class="muted">not told in its XML</span>,
            "Starts with the host": domain.autostart ? "Yes" : "No",
            "Definition": domain.persistent ? "Kept on disk" : "Only while it runs",
            "UUID": <code>{domain.uuid}</code>,
          }}
        />
      </section>
      <section class="panel">
        <h2>Its machine</h2>
        <Facts
          facts={{
            "Processor": processorWords(domain),
            "CPU model": domain.cpuMode ?? "libvirt's default",
            "Memory": formatKib(domain.memoryKib),
            "Firmware": domain.firmware === "bios" ? "BIOS" : domain.secureBoot ? "UEFI with Secure Boot" : "UEFI",
            "TPM": domain.tpm ?? "none",
            "Runs by": { kvm: "KVM, at full speed", qemu: "Emulation, slowly" }[domain.type] ?? domain.type,
            "Machine type": [domain.arch, domain.machine].filter((part) => part !== null).join(", "),
          }}
        />
      </section>
    </div>
  );
}

function processorWords({ vcpus, cpuTopology }: DomainDetail): string {
  if (cpuTopology === null) return count(vcpus, "vCPU");
  const { sockets, cores, threads } = cpuTopology;
  return `${count(vcpus, "vCPU")}: ${count(sockets, "socket")} × ${count(cores, "core")} × ${count(threads, "thread")}`;
}

function Hardware({ domain }: { domain: DomainDetail }) {
  return (
    <div class="panels">
      <section class="panel wide">
        <h2>Disks</h2>
        <DeviceTable
          head={["Name", "Kind", "Where it lies", "Format"]}
          rows={domain.disks.map((disk) => [
            `${disk.target}${disk.bus === null ? "" : ` (${disk.bus})`}`,
            disk.device === "cdrom" ? "CD/DVD" : disk.readOnly ? "Disk, read-only" : "Disk",
            disk.source ?? "empty",
            disk.format ?? "",
          ])}
          none="This VM has no disks."
        />
      </section>
      <section class="panel wide">
        <h2>Network</h2>
        <DeviceTable
          head={["MAC address", "Connected to", "Model"]}
          rows={domain.interfaces.map((
            nic,
          ) => [nic.mac ?? "", `${nic.source ?? ""} (${nic.type})`, nic.model ?? "default"])}
          none="This VM has no network."
        />
      </section>
      <section class="panel">
        <h2>Devices of the host</h2>
        <HostDevices addresses={domain.hostdevs} />
      </section>
      <section class="panel">
        <h2>Pinned processors</h2>
        {domain.cpuPins.length === 0 ? <p class="muted">None: the host places its vCPUs freely.</p> : (
          <DeviceTable
            head={["vCPU", "Host CPUs"]}
            rows={domain.cpuPins.map((pin) => [String(pin.vcpu), pin.cpuset])}
            none=""
          />
        )}
      </section>
    </div>
  );
}

/** An address says nothing to people; the detection knows what it is. */
function HostDevices({ addresses }: { addresses: readonly string[] }) {
  useEffect(() => {
    if (addresses.length > 0 && detection.value.data === null) void loadDetection();
  }, [addresses.length]);
  if (addresses.length === 0) return <p class="muted">None. A graphics card given to it would be listed here.</p>;
  const seen = detection.value.data?.pci ?? [];
  return (
    <ul class="things">
      {addresses.map((address) => {
        const device = seen.find((each) => each.address === address);
        return (
          <li key={address}>
            {device !== undefined && <bdi class="break">{deviceName(device)}</bdi>}
            <code>{address}</code>
          </li>
        );
      })}
    </ul>
  );
}

function DeviceTable(
  { head, rows, none }: { head: readonly string[]; rows: readonly (readonly string[])[]; none: string },
) {
  if (rows.length === 0) return <p class="muted">{none}</p>;
  return (
    <div class="table-wrap bare" tabIndex={0} role="region" aria-label={head.join(", ")}>
      <table>
        <thead>
          <tr>{head.map((each) => <th key={each}>{each}</th>)}</tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={index}>
              {row.map((cell, at) => (
                <td key={at}>
                  <bdi class="break">{visible(cell)}</bdi>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Read anew whenever the VM changed: this is what libvirt would act on. */
function Xml({ domain }: { domain: DomainDetail }) {
  const [xml, setXml] = useState<string | ApiError | null>(null);
  useEffect(() => {
    api.readDomainXml(domain.uuid).then(setXml, (error) => {
      if (!(error instanceof ApiError)) throw error;
      setXml(error);
    });
  }, [domain]);
  if (xml === null) return <Skeleton rows={8} />;
  if (xml instanceof ApiError) return <Problem error={xml} />;
  return (
    <section class="panel">
      <div class="panel-head">
        <h2>Domain XML</h2>
        <small class="muted">To read only. Passwords in it are not shown.</small>
      </div>
      <pre class="code" tabIndex={0} aria-label="Domain XML">{visibleLines(xml)}</pre>
    </section>
  );
}
