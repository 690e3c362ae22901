/** IOMMU groups as boxes with their devices in them: the boxes with a graphics card first. */
import { useState } from "preact/hooks";
import type { Detection } from "../../server/dto.ts";
import { deviceName, type DeviceView, groupsAtFirst, groupsOf, type GroupView } from "../hardware_view.ts";
import { count, verdictWords, visible } from "../words.ts";
import { Empty } from "./basics.tsx";
import { Icon, Mark } from "./icon.tsx";

export function IommuPicture({ seen }: { seen: Detection }) {
  if (seen.iommu.groups.length === 0) {
    return (
      <Empty title="There are no IOMMU groups">
        <p>
          The IOMMU keeps a device that belongs to a VM away from the host's memory. Without it no card can be given to
          a VM; the findings above say what to do.
        </p>
      </Empty>
    );
  }
  return (
    <>
      <ul class="legend">
        <li>
          <span class="swatch gpu" />a graphics card's function
        </li>
        <li>
          <span class="swatch conflict">
            <Mark shape="cross" />
          </span>in the way of a card
        </li>
        <li>
          <span class="swatch other" />other device
        </li>
        <li>
          <span class="swatch bridge" />bridge, stays with the host
        </li>
      </ul>
      <Groups groups={groupsOf(seen)} />
    </>
  );
}

function Groups({ groups }: { groups: readonly GroupView[] }) {
  const [all, setAll] = useState(false);
  const few = groupsAtFirst(groups);
  const words = few.length === 0 ? count(groups.length, "group") : `all ${count(groups.length, "group")}`;
  return (
    <div class="fold">
      {(all || few.length > 0) && (
        <ul class="groups">{(all ? groups : few).map((group) => <Group key={group.id} group={group} />)}</ul>
      )}
      {few.length < groups.length && (
        <button
          type="button"
          class="button more"
          aria-expanded={all}
          onClick={() => setAll(!all)}
        >
          {all ? "Show less" : `Show ${words}`}
        </button>
      )}
    </div>
  );
}

function Group({ group }: { group: GroupView }) {
  const [gpu] = group.gpus;
  return (
    <li class={`group ${gpu === undefined ? "" : "has-gpu"}`}>
      <div class="group-head">
        <span>Group {group.id}</span>
        {gpu !== undefined && (
          <span class={`tone-${verdictWords[gpu.verdict].tone}`}>
            <Mark shape={verdictWords[gpu.verdict].shape} />
            {verdictWords[gpu.verdict].label}
          </span>
        )}
      </div>
      <ul>{group.devices.map((each) => <Device key={each.address} view={each} />)}</ul>
    </li>
  );
}

function Device({ view }: { view: DeviceView }) {
  const { device } = view;
  return (
    <li class={`device ${view.conflicts ? "conflict" : view.role}`}>
      <span class="device-name">
        {view.role === "gpu" && <Icon name="card" />}
        {view.conflicts && <Mark shape="cross" />}
        <bdi class="break">{deviceName(device)}</bdi>
      </span>
      <small>
        <code>{view.address}</code>
        {device?.className !== null && device !== null && <span>{visible(device.className)}</span>}
        {device?.driver !== null && device !== null && <span>{device.driver}</span>}
      </small>
    </li>
  );
}
