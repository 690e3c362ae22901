/** All VMs: found by name, filtered by state, as cards or as a table, a page at a time. */
import { computed, signal } from "@preact/signals";
import type { DomainSummary } from "../../server/dto.ts";
import { Badge, Empty, Link, PageHead, Problem, Skeleton } from "../components/basics.tsx";
import { DomainActions } from "../components/domain_actions.tsx";
import { Icon } from "../components/icon.tsx";
import { paths } from "../paths.ts";
import { domains, hypervisor, loadDomains } from "../state.ts";
import { count, formatKib, stateWords, visible } from "../words.ts";

/** As many as a screen shows in a few turns of the wheel; thousands stay as quick as ten. */
const perPage = 48;

type Filter = "all" | "on" | "off" | "trouble";

const filters: readonly { readonly name: Filter; readonly label: string }[] = [
  { name: "all", label: "All" },
  { name: "on", label: "On" },
  { name: "off", label: "Off" },
  { name: "trouble", label: "Paused or crashed" },
];

const search = signal("");
const filter = signal<Filter>("all");
const pageNumber = signal(0);
const view = signal<"cards" | "table">(localStorage.getItem("neuron.view") === "table" ? "table" : "cards");

const shownName = (each: DomainSummary) => each.title ?? each.name;
const order = new Intl.Collator(undefined, { numeric: true });
const all = computed(() =>
  [...domains.value.data?.values() ?? []].sort((a, b) => order.compare(shownName(a), shownName(b)))
);
const found = computed(() => {
  const words = search.value.toLowerCase().split(/\s+/).filter((word) => word !== "");
  return all.value.filter((each) => {
    const text = `${each.name} ${each.title ?? ""} ${each.os ?? ""} ${each.uuid}`.toLowerCase();
    return fits(each, filter.value) && words.every((word) => text.includes(word));
  });
});

function fits({ state }: DomainSummary, wanted: Filter): boolean {
  if (wanted === "all") return true;
  if (wanted === "off") return state === "shutoff" || state === "nostate";
  if (wanted === "trouble") return state === "paused" || state === "crashed" || state === "pmsuspended";
  return state === "running" || state === "blocked" || state === "shutdown";
}

export function DomainsPage() {
  const { data, error } = domains.value;
  const running = all.value.filter((each) => fits(each, "on")).length;
  const lead = data === null ? undefined : data.size === 0 ? "None yet" : `${count(data.size, "VM")}, ${running} on`;
  return (
    <>
      <PageHead title="VMs" lead={lead}>{data !== null && data.size > 0 && <Tools />}</PageHead>
      {error !== null && <Problem error={error} onRetry={loadDomains} />}
      {data === null && error === null && <Skeleton rows={6} />}
      {data !== null && data.size === 0 && <NoDomains />}
      {data !== null && data.size > 0 && <Found />}
    </>
  );
}

function Tools() {
  return (
    <div class="tools">
      <label class="search">
        <Icon name="search" />
        <span class="unseen">Search VMs</span>
        <input
          type="search"
          placeholder="Search"
          value={search.value}
          onInput={(event) => {
            search.value = event.currentTarget.value;
            pageNumber.value = 0;
          }}
        />
      </label>
      <div class="segments" role="group" aria-label="Show">
        {filters.map(({ name, label }) => (
          <button
            type="button"
            key={name}
            aria-pressed={filter.value === name}
            onClick={() => {
              filter.value = name;
              pageNumber.value = 0;
            }}
          >
            {label}
          </button>
        ))}
      </div>
      <div class="segments" role="group" aria-label="Show as">
        {(["cards", "table"] as const).map((name) => (
          <button
            type="button"
            key={name}
            class="icon-only"
            aria-label={name === "cards" ? "Cards" : "Table"}
            aria-pressed={view.value === name}
            onClick={() => {
              view.value = name;
              localStorage.setItem("neuron.view", name);
            }}
          >
            <Icon name={name} />
          </button>
        ))}
      </div>
    </div>
  );
}

function NoDomains() {
  if (hypervisor.value !== null && hypervisor.value.state !== "connected") {
    return (
      <Empty title="No VMs to show yet">
        <p>Neuron cannot reach libvirt, so it does not know which VMs there are.</p>
      </Empty>
    );
  }
  return (
    <Empty title="There are no VMs on this machine yet">
      <p>
        Once one is defined, with virt-manager or <code>virsh define</code>, it appears here by itself. The{" "}
        <Link to={paths.hardware}>Hardware</Link> page says which graphics card a VM could have.
      </p>
    </Empty>
  );
}

function Found() {
  const pages = Math.max(1, Math.ceil(found.value.length / perPage));
  const at = Math.min(pageNumber.value, pages - 1);
  const shown = found.value.slice(at * perPage, (at + 1) * perPage);
  if (shown.length === 0) {
    return (
      <Empty title="No VM fits">
        <p>
          {all.value.length === 1 ? "The one VM there is has" : `None of ${all.value.length} VMs has`}{" "}
          this name and state.
        </p>
        <button
          type="button"
          class="button"
          onClick={() => {
            search.value = "";
            filter.value = "all";
          }}
        >
          Show all
        </button>
      </Empty>
    );
  }
  return (
    <>
      {view.value === "cards"
        ? <ul class="cards">{shown.map((each) => <DomainCard key={each.uuid} domain={each} />)}</ul>
        : <DomainTable shown={shown} />}
      {pages > 1 && (
        <nav class="pager" aria-label="Pages of the list">
          <button type="button" class="button" disabled={at === 0} onClick={() => turn(at - 1)}>Previous</button>
          <span>
            {at * perPage + 1}–{at * perPage + shown.length} of {found.value.length.toLocaleString("en")}
          </span>
          <button type="button" class="button" disabled={at === pages - 1} onClick={() => turn(at + 1)}>Next</button>
        </nav>
      )}
    </>
  );
}

function turn(to: number): void {
  pageNumber.value = to;
  scrollTo(0, 0);
}

function DomainCard({ domain }: { domain: DomainSummary }) {
  return (
    <li class="card" data-uuid={domain.uuid}>
      <div class="card-top">
        <DomainName domain={domain} />
        <StateBadge domain={domain} />
      </div>
      <p class="specs">
        <span>{count(domain.vcpus, "vCPU")}</span>
        <span>{formatKib(domain.memoryKib)}</span>
        {domain.os !== null && <span class="break">{visible(domain.os)}</span>}
        {domain.hostdevs.length > 0 && <Passthrough domain={domain} />}
      </p>
      <div class="card-foot">
        <DomainActions domain={domain} compact />
        {domain.autostart && <small class="muted">Starts with the host</small>}
      </div>
    </li>
  );
}

function DomainTable({ shown }: { shown: readonly DomainSummary[] }) {
  return (
    <div class="table-wrap" tabIndex={0} role="region" aria-label="VMs">
      <table>
        <thead>
          <tr>
            <th>Name</th>
            <th>State</th>
            <th class="number">vCPUs</th>
            <th class="number">Memory</th>
            <th>Devices</th>
            <th>Actions</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((each) => (
            <tr key={each.uuid} data-uuid={each.uuid}>
              <td>
                <DomainName domain={each} />
              </td>
              <td>
                <StateBadge domain={each} />
              </td>
              <td class="number">{each.vcpus}</td>
              <td class="number">{formatKib(each.memoryKib)}</td>
              <td>{each.hostdevs.length > 0 ? <Passthrough domain={each} /> : <span class="muted">none</span>}</td>
              <td>
                <DomainActions domain={each} compact />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A VM's name comes from outside: text only, its direction kept to itself, its length no reason to break the page. */
function DomainName({ domain }: { domain: DomainSummary }) {
  return (
    <div class="vm-name">
      <Link to={paths.vm(domain.uuid)}>
        <bdi>{visible(shownName(domain))}</bdi>
      </Link>
      {domain.title !== null && (
        <small>
          <bdi>{visible(domain.name)}</bdi>
        </small>
      )}
    </div>
  );
}

export function StateBadge({ domain }: { domain: DomainSummary }) {
  const words = stateWords[domain.state];
  return <Badge tone={words.tone} shape={words.shape}>{words.label}</Badge>;
}

function Passthrough({ domain }: { domain: DomainSummary }) {
  return (
    <span class="passthrough" title={domain.hostdevs.join(", ")}>
      <Icon name="card" />
      {count(domain.hostdevs.length, "host device")}
    </span>
  );
}
