/** The processor as nested boxes: sockets, what shares a cache, cores, and in each core its threads by number. */
import type { CpuThread } from "../../server/dto.ts";
import { socketsOf } from "../hardware_view.ts";
import { formatRanges } from "../words.ts";
import { Empty } from "./basics.tsx";

export function CpuPicture({ topology }: { topology: readonly CpuThread[] }) {
  const sockets = socketsOf(topology);
  if (sockets.length === 0) return <Empty title="The kernel does not tell how its processors are laid out" />;
  const mixed = topology.some((thread) => thread.kind !== "uniform");
  return (
    <>
      {mixed && (
        <ul class="legend">
          <li>
            <span class="swatch performance">P</span>performance core
          </li>
          <li>
            <span class="swatch efficiency">E</span>efficiency core
          </li>
        </ul>
      )}
      <div class="sockets">
        {sockets.map(({ socket, caches }) => (
          <div key={socket} class="socket">
            <h3>Socket {socket}</h3>
            <div class="caches">
              {caches.map(({ l3, cores }) => (
                <div key={l3} class="cache">
                  <h4>
                    L3 cache {l3} <span class="muted">CPUs {formatRanges(cores.flatMap((core) => core.cpus))}</span>
                  </h4>
                  <ul class="cores">
                    {cores.map((core) => (
                      <li key={core.core} class={`core ${core.kind}`}>
                        <span class="core-kind">
                          {core.kind === "performance" ? "P" : core.kind === "efficiency" ? "E" : ""}
                          <span class="unseen">{core.kind === "uniform" ? "" : "-core"} core {core.core}, CPUs</span>
                        </span>
                        {core.cpus.map((cpu) => <span key={cpu} class="thread">{cpu}</span>)}
                      </li>
                    ))}
                  </ul>
                </div>
              ))}
            </div>
          </div>
        ))}
      </div>
    </>
  );
}
