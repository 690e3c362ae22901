/** Memory by NUMA node, what is free, and what is set aside as hugepages. */
import type { Detection } from "../../server/dto.ts";
import { count, formatKib } from "../words.ts";

export function MemoryPicture({ memory }: { memory: Detection["memory"] }) {
  const used = Math.max(0, memory.totalKib - memory.availableKib);
  const share = memory.totalKib === 0 ? 0 : used / memory.totalKib;
  const hugepages = memory.hugepages.filter((each) => each.total > 0);
  return (
    <div class="memory">
      <p class="memory-words">
        <strong>{formatKib(memory.totalKib)}</strong> in all, <strong>{formatKib(memory.availableKib)}</strong>{" "}
        available
      </p>
      <svg
        class="bar"
        viewBox="0 0 100 4"
        preserveAspectRatio="none"
        role="img"
        aria-label={`${Math.round(share * 100)} % in use`}
      >
        <rect class="bar-all" width="100" height="4" />
        <rect class="bar-used" width={share * 100} height="4" />
      </svg>
      {memory.numaNodes.length > 1 && (
        <ul class="nodes">
          {memory.numaNodes.map((node) => (
            <li key={node.node}>
              NUMA node {node.node}
              <b>{formatKib(node.totalKib)}</b>
            </li>
          ))}
        </ul>
      )}
      <p class="muted">
        {hugepages.length === 0
          ? "No hugepages are set aside."
          : hugepages.map((each) => `${count(each.total, "hugepage")} of ${formatKib(each.sizeKib)}, ${each.free} free`)
            .join(
              " · ",
            )}
      </p>
    </div>
  );
}
