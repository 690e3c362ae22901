/** IOMMU groups as boxes with their devices in them: the boxes with a graphics card first. */
import type { Detection } from "../../server/dto.ts";
import { deviceName, type DeviceView, groupsOf, type GroupView } from "../hardware_view.ts";
import { verdictWords } from "../words.ts";
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
      <ul class="groups">{groupsOf(seen).map((group) => <Group key={group.id} group={group} />)}</ul>
    </>
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
        {device?.className !== null && device !== null && <span>{device.className}</span>}
        {device?.driver !== null && device !== null && <span>{device.driver}</span>}
      </small>
    </li>
  );
}
