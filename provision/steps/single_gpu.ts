/**
 * Single-GPU hand-over, only when asked for: a hook of libvirt closes the host's desktop before a VM that has the card
 * starts, and brings it back when the VM has ended. The card is not bound when the machine starts; libvirt moves its
 * functions itself (managed='yes').
 * Sources: libvirt "Hooks for specific system management" (qemu.d since 6.5.0; hooks are looked for when the daemon
 * starts), Documentation/driver-api/console.rst (unbinding), drivers/firmware/sysfb.c.
 */
import type { HostSpec } from "../../model/host_spec.ts";
import type { Step, WantedCommand, WantedNode } from "../step.ts";
import { installedLibvirt, type LibvirtKind } from "./libvirt.ts";
import hookScript from "./scripts/single_gpu_hook.sh" with { type: "text" };
import { obsolete, oursAmong, withHead } from "./written.ts";

export const hookPath = "/etc/libvirt/hooks/qemu.d/neuron-single-gpu";
export const listPath = "/etc/neuron/single-gpu";

export interface SingleGpuSeen {
  readonly ours: ReadonlySet<string>;
  readonly libvirt: LibvirtKind | null;
}

function renderList(gpu: NonNullable<HostSpec["gpu"]>): string {
  // The display first: a VM that has it gets the hand-over.
  const functions = gpu.functions.toSorted((a, b) =>
    Number(b.address === gpu.address) - Number(a.address === gpu.address)
  );
  return withHead(
    'The card that is lent to VMs, as "address vendor device".',
    functions.map((fn) => `${fn.address} ${fn.vendorId} ${fn.deviceId}\n`).join(""),
  );
}

/** A running daemon does not notice a first hook; its VMs live on through the restart. */
function restartCommand(kind: LibvirtKind | null): WantedCommand[] {
  if (kind === null) return [];
  return [{
    id: "restart-libvirt",
    argv: ["systemctl", "try-restart", kind === "monolithic" ? "libvirtd.service" : "virtqemud.service"],
    reason: "libvirt looks for hooks when it starts",
    due: false,
    derives: [],
  }];
}

export const singleGpu: Step<SingleGpuSeen> = {
  name: "single_gpu",
  title: "Single-GPU hand-over",
  phase: "host",

  inspect(host) {
    return Promise.resolve({ ours: oursAmong(host, [hookPath, listPath]), libvirt: installedLibvirt(host) });
  },

  wants(spec, seen) {
    const triggers = ["restart-libvirt"];
    const commands = restartCommand(seen.libvirt);
    if (spec.gpu === null || !spec.gpuHandover) {
      const gone = obsolete([hookPath, listPath], seen.ours, "no card is lent to VMs");
      return { nodes: gone.map((node) => node.path === hookPath ? { ...node, triggers } : node), commands };
    }
    const nodes: WantedNode[] = [
      {
        kind: "file",
        path: hookPath,
        text: hookScript,
        mode: 0o755,
        triggers,
        reason: "the desktop closes while a VM has the card, and comes back after it",
      },
      {
        kind: "file",
        path: listPath,
        text: renderList(spec.gpu),
        reason: `VMs borrow ${spec.gpu.name} (${spec.gpu.address})`,
      },
    ];
    return { nodes, commands };
  },

  verify: () => [],
};
