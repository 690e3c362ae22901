/**
 * GRUB. Where its scripts read drop-ins, ours is one, behind all others: what sets the variable anew would throw ours
 * away. Where they do not, a block of ours ends /etc/default/grub, which they source (docs/decisions/0009).
 */
import { readShared, wantedBlock, withoutBlock } from "../block.ts";
import type { Host } from "../host/host.ts";
import type { WantedNode, Wants } from "../step.ts";
import { obsolete, oursAmong, withHead } from "../steps/written.ts";
import type { BootLoader, Missing } from "./boot_loader.ts";
import {
  grubDefaults,
  grubDropIns,
  grubMenu,
  grubParameters,
  parseKernelLines,
  readGrubParameters,
  readsGrubDropIns,
  splitParameters,
} from "./grub.ts";

export const dropIn = `${grubDropIns}/zz-neuron.cfg`;
const about = "kernel parameters for VFIO";

export function grub(host: Host): BootLoader {
  const viaDropIns = readsGrubDropIns(host);
  const menu = grubMenu(host);
  const shared = readShared(host, grubDefaults);
  const ours = oursAmong(host, [dropIn]);
  const configured = readGrubParameters(host, dropIn);
  const entries = menu.derives.flatMap((path) => parseKernelLines(host.readText(path) ?? "")).map(splitParameters);
  const common = { triggers: [menu.id], needs: "reboot" } as const;

  function nodes(missing: Missing): WantedNode[] {
    const gone = (reason: string) => obsolete([dropIn], ours, reason).map((node) => ({ ...node, ...common }));
    if (viaDropIns) {
      const parameters = missing(configured);
      if (parameters.length === 0) return gone("no kernel parameter is needed");
      const text = withHead("Kernel parameters for VFIO; update-grub reads this file.", assignments(parameters));
      return [{ kind: "file", path: dropIn, text, reason: reasonFor(parameters), ...common }];
    }
    const others = gone("GRUB's scripts do not read it");
    const theirs = withoutBlock(shared.text ?? "", about);
    const parameters = missing(grubParameters([theirs]));
    if (parameters.length > 0) {
      const wanted = wantedBlock(shared, about, assignments(parameters));
      // Something behind the block may set the variable anew.
      const last = missing(grubParameters([wanted.text])).length === 0
        ? wanted
        : wantedBlock({ ...shared, text: theirs }, about, assignments(parameters));
      return [...others, { ...last, reason: reasonFor(parameters), ...common }];
    }
    if (theirs === (shared.text ?? "")) return others;
    const mode = shared.mode === null ? {} : { mode: shared.mode };
    const reason = "no kernel parameter is needed";
    return [...others, { kind: "file", path: grubDefaults, text: theirs, ...mode, reason, ...common }];
  }

  return {
    trouble: viaDropIns || shared.trouble === null ? null : {
      title: `Kernel parameters would go into ${grubDefaults}, which ${shared.trouble}`,
      hint: "Make it a plain UTF-8 text file of its own",
    },
    programs: [menu.argv[0]],
    wants(missing): Wants {
      // Recovery entries never get GRUB_CMDLINE_LINUX_DEFAULT, so one entry with everything is enough.
      const due = entries.length > 0 && !entries.some((entry) => missing(entry).length === 0);
      const reason = "write the kernel parameters into the boot menu";
      return { nodes: nodes(missing), commands: [{ ...menu, reason, due, needs: "reboot" }] };
    },
  };
}

const reasonFor = (parameters: readonly string[]) => `the kernel needs ${parameters.join(" ")}`;

/** What starts without passthrough is made from what was there before ours (the entry in GRUB's menu). */
function assignments(parameters: readonly string[]): string {
  return 'export NEURON_CMDLINE_BEFORE="$GRUB_CMDLINE_LINUX_DEFAULT"\n' +
    `GRUB_CMDLINE_LINUX_DEFAULT="$GRUB_CMDLINE_LINUX_DEFAULT ${parameters.join(" ")}"\n`;
}
