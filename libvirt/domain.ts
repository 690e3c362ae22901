/**
 * A domain: libvirt's word for a virtual machine. Each method is one call of libvirt; what it names is looked up by UUID,
 * so it stays right when the domain is renamed or restarted.
 */
import { type StartFlags, startFlags } from "./connection_flags.ts";
import { DomainCheckpoint } from "./domain_checkpoint.ts";
import {
  type DestroyFlags,
  destroyFlags,
  type RebootFlags,
  rebootFlags,
  type SaveFlags,
  saveFlags,
  type ShutdownFlags,
  shutdownFlags,
} from "./domain_flags.ts";
import { DomainDefinition } from "./domain_definition.ts";
import {
  DomainSnapshot,
  type SnapshotCreateFlags,
  snapshotCreateFlags,
  type SnapshotFilter,
  snapshotListFlags,
} from "./domain_snapshot.ts";
import { type DomainState, domainState, stateReason } from "./domain_state.ts";
import { VirDomainInterfaceAddressesSource, VirKeycodeSet } from "./protocol/constants.gen.ts";
import type { CallOptions } from "./rpc.ts";
import type { Stream } from "./stream.ts";
import { type TypedParams, typedParams } from "./typed_params.ts";

/** For calls that write a guest's memory or disks, and take as long as that takes. */
const AS_LONG_AS_IT_TAKES: CallOptions = { timeoutMs: 0 };

export interface DomainInfo {
  state: DomainState;
  maxMemoryKib: number;
  memoryKib: number;
  vcpus: number;
  cpuTimeNs: number;
}

/** One of a guest's network interfaces, as its source sees it. */
export interface GuestInterface {
  name: string;
  mac: string | null;
  addresses: { address: string; prefixLength: number }[];
}

const ADDRESS_SOURCES = {
  lease: VirDomainInterfaceAddressesSource.VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE,
  agent: VirDomainInterfaceAddressesSource.VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT,
  arp: VirDomainInterfaceAddressesSource.VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_ARP,
} as const;

/**
 * A domain, running or only defined. `DomainDefinition` has what is written of it: XML, devices, metadata.
 *
 * @example
 * ```ts ignore
 * import { open } from "./mod.ts";
 *
 * await using connection = await open("qemu:///system");
 * const domain = await connection.lookupDomain("demo");
 * await domain.start({ paused: true });
 * console.log(await domain.state()); // { state: "paused", reason: "user" }
 * await domain.destroy();
 * ```
 */
export class Domain extends DomainDefinition {
  /** The same domain whose calls have this deadline or signal. */
  with(defaults: CallOptions): Domain {
    return new Domain(this.caller.with(defaults), this.ref);
  }

  /** @returns the domain under its new name */
  async rename(newName: string): Promise<Domain> {
    await this.caller.call("DOMAIN_RENAME", { dom: this.ref, new_name: newName, flags: 0 });
    return new Domain(this.caller, { ...this.ref, name: newName });
  }

  // ---- what it is

  async state(): Promise<{ state: DomainState; reason: string }> {
    const { state, reason } = await this.caller.call("DOMAIN_GET_STATE", { dom: this.ref, flags: 0 });
    return { state: domainState(state), reason: stateReason(state, reason) };
  }

  async info(): Promise<DomainInfo> {
    const info = await this.caller.call("DOMAIN_GET_INFO", { dom: this.ref });
    return {
      state: domainState(info.state),
      maxMemoryKib: Number(info.maxMem),
      memoryKib: Number(info.memory),
      vcpus: info.nrVirtCpu,
      cpuTimeNs: Number(info.cpuTime),
    };
  }

  async isActive(): Promise<boolean> {
    return (await this.caller.call("DOMAIN_IS_ACTIVE", { dom: this.ref })).active === 1;
  }

  // ---- its life

  /** Starts it, from its saved image where it has one. @returns the domain as it runs, with its id */
  async start(flags: StartFlags = {}): Promise<Domain> {
    const args = { dom: this.ref, flags: startFlags(flags) };
    const { dom } = await this.caller.call("DOMAIN_CREATE_WITH_FLAGS", args, AS_LONG_AS_IT_TAKES);
    return new Domain(this.caller, dom);
  }

  /** Asks the guest to shut down; that it has is told by an event. */
  async shutdown(flags: ShutdownFlags = {}): Promise<void> {
    await this.caller.call("DOMAIN_SHUTDOWN_FLAGS", { dom: this.ref, flags: shutdownFlags(flags) });
  }

  /** Asks the guest to reboot. */
  async reboot(flags: RebootFlags = {}): Promise<void> {
    await this.caller.call("DOMAIN_REBOOT", { dom: this.ref, flags: rebootFlags(flags) });
  }

  /** As the reset button. */
  async reset(): Promise<void> {
    await this.caller.call("DOMAIN_RESET", { dom: this.ref, flags: 0 });
  }

  /** As pulling the plug. */
  async destroy(flags: DestroyFlags = {}): Promise<void> {
    await this.caller.call("DOMAIN_DESTROY_FLAGS", { dom: this.ref, flags: destroyFlags(flags) });
  }

  /** Stops its processors; its memory stays. */
  async suspend(): Promise<void> {
    await this.caller.call("DOMAIN_SUSPEND", { dom: this.ref });
  }

  async resume(): Promise<void> {
    await this.caller.call("DOMAIN_RESUME", { dom: this.ref });
  }

  /** Writes its memory to a file of libvirt's own and stops it; the next start goes on from there. */
  async managedSave(flags: SaveFlags = {}): Promise<void> {
    const args = { dom: this.ref, flags: saveFlags(flags) };
    await this.caller.call("DOMAIN_MANAGED_SAVE", args, AS_LONG_AS_IT_TAKES);
  }

  async hasManagedSave(): Promise<boolean> {
    return (await this.caller.call("DOMAIN_HAS_MANAGED_SAVE_IMAGE", { dom: this.ref, flags: 0 })).result === 1;
  }

  /** Forgets the saved memory: the next start boots. */
  async removeManagedSave(): Promise<void> {
    await this.caller.call("DOMAIN_MANAGED_SAVE_REMOVE", { dom: this.ref, flags: 0 });
  }

  // ---- its console

  /** A picture of a screen, as the hypervisor makes it (QEMU: `image/png` or `image/x-portable-pixmap`). */
  async screenshot(screen = 0): Promise<{ mime: string; stream: Stream }> {
    const { reply, stream } = await this.caller.stream("DOMAIN_SCREENSHOT", { dom: this.ref, screen, flags: 0 });
    return { mime: reply.mime ?? "application/octet-stream", stream };
  }

  /** Presses keys together and lets go after a time. @param keycodes Linux input event codes (KEY_LEFTCTRL is 29) */
  async sendKey(keycodes: readonly number[], holdMs = 100): Promise<void> {
    await this.caller.call("DOMAIN_SEND_KEY", {
      dom: this.ref,
      codeset: VirKeycodeSet.VIR_KEYCODE_SET_LINUX,
      holdtime: holdMs,
      keycodes: [...keycodes],
      flags: 0,
    });
  }

  /** A serial console as two streams. @param device its alias, such as `serial0`; the first when left out */
  async openConsole(device: string | null = null): Promise<Stream> {
    const args = { dom: this.ref, dev_name: device, flags: 0 };
    return (await this.caller.stream("DOMAIN_OPEN_CONSOLE", args)).stream;
  }

  /** A virtio channel as two streams. @param name its target's name, such as `org.qemu.guest_agent.0` */
  async openChannel(name: string | null = null): Promise<Stream> {
    return (await this.caller.stream("DOMAIN_OPEN_CHANNEL", { dom: this.ref, name, flags: 0 })).stream;
  }

  /** One command to QEMU's monitor, as JSON (QMP). libvirt marks a domain so used as tainted. */
  async monitorCommand(command: string): Promise<string> {
    return (await this.caller.callQemu("DOMAIN_MONITOR_COMMAND", { dom: this.ref, cmd: command, flags: 0 }))
      .result;
  }

  // ---- its guest and its jobs

  /**
   * The guest's addresses.
   *
   * @param source who is asked: the network's DHCP leases, QEMU's guest agent, or the host's ARP table
   */
  async interfaceAddresses(source: "lease" | "agent" | "arp" = "lease"): Promise<GuestInterface[]> {
    const args = { dom: this.ref, source: ADDRESS_SOURCES[source], flags: 0 };
    const { ifaces } = await this.caller.call("DOMAIN_INTERFACE_ADDRESSES", args);
    return ifaces.map(({ name, hwaddr, addrs }) => ({
      name,
      mac: hwaddr,
      addresses: addrs.map(({ addr, prefix }) => ({ address: addr, prefixLength: prefix })),
    }));
  }

  /** One command to QEMU's guest agent, as JSON. @param timeoutS how long libvirt waits for the guest */
  async agentCommand(command: string, timeoutS = 5): Promise<string | null> {
    const args = { dom: this.ref, cmd: command, timeout: timeoutS, flags: 0 };
    return (await this.caller.callQemu("DOMAIN_AGENT_COMMAND", args)).result;
  }

  /** How far a save, snapshot or migration is. */
  async jobStats(): Promise<TypedParams> {
    return typedParams((await this.caller.call("DOMAIN_GET_JOB_STATS", { dom: this.ref, flags: 0 })).params);
  }

  /** Gives up what the domain is busy with. */
  async abortJob(): Promise<void> {
    await this.caller.call("DOMAIN_ABORT_JOB", { dom: this.ref });
  }

  // ---- its snapshots and checkpoints

  async createSnapshot(xml: string, flags: SnapshotCreateFlags = {}): Promise<DomainSnapshot> {
    const args = { dom: this.ref, xml_desc: xml, flags: snapshotCreateFlags(flags) };
    const { snap } = await this.caller.call("DOMAIN_SNAPSHOT_CREATE_XML", args, AS_LONG_AS_IT_TAKES);
    return new DomainSnapshot(this.caller, snap);
  }

  async listSnapshots(filter: SnapshotFilter = {}): Promise<DomainSnapshot[]> {
    const args = { dom: this.ref, need_results: 1, flags: snapshotListFlags(filter) };
    const { snapshots } = await this.caller.call("DOMAIN_LIST_ALL_SNAPSHOTS", args);
    return snapshots.map((each) => new DomainSnapshot(this.caller, each));
  }

  /** @throws LibvirtError VIR_ERR_NO_DOMAIN_SNAPSHOT */
  async lookupSnapshot(name: string): Promise<DomainSnapshot> {
    const { snap } = await this.caller.call("DOMAIN_SNAPSHOT_LOOKUP_BY_NAME", { dom: this.ref, name, flags: 0 });
    return new DomainSnapshot(this.caller, snap);
  }

  async createCheckpoint(xml: string): Promise<DomainCheckpoint> {
    const args = { dom: this.ref, xml_desc: xml, flags: 0 };
    const { checkpoint } = await this.caller.call("DOMAIN_CHECKPOINT_CREATE_XML", args, AS_LONG_AS_IT_TAKES);
    return new DomainCheckpoint(this.caller, checkpoint);
  }

  async listCheckpoints(): Promise<DomainCheckpoint[]> {
    const args = { dom: this.ref, need_results: 1, flags: 0 };
    const { checkpoints } = await this.caller.call("DOMAIN_LIST_ALL_CHECKPOINTS", args);
    return checkpoints.map((each) => new DomainCheckpoint(this.caller, each));
  }
}
