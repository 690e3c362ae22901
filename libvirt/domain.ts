/**
 * A domain: libvirt's word for a virtual machine. Each method is one call of libvirt; what it names is looked up by UUID,
 * so it stays right when the domain is renamed or restarted.
 */
import type { Caller } from "./caller.ts";
import { type StartFlags, startFlags } from "./connection_flags.ts";
import { DomainCheckpoint } from "./domain_checkpoint.ts";
import {
  type AffectFlags,
  affectFlags,
  type DestroyFlags,
  destroyFlags,
  type DomainXmlFlags,
  type RebootFlags,
  rebootFlags,
  type SaveFlags,
  saveFlags,
  type ShutdownFlags,
  shutdownFlags,
  type UndefineFlags,
  undefineFlags,
  type VcpuFlags,
  vcpuFlags,
  xmlFlags,
} from "./domain_flags.ts";
import {
  DomainSnapshot,
  type SnapshotCreateFlags,
  snapshotCreateFlags,
  type SnapshotFilter,
  snapshotListFlags,
} from "./domain_snapshot.ts";
import { type DomainState, domainState, stateReason } from "./domain_state.ts";
import { VirDomainBlockResizeFlags, VirDomainMetadataType, VirKeycodeSet } from "./protocol/constants.gen.ts";
import type { RemoteNonnullDomain } from "./protocol/remote.gen.ts";
import type { CallOptions } from "./rpc.ts";
import type { Stream } from "./stream.ts";

/** For calls that write a guest's memory or disks, and take as long as that takes. */
const AS_LONG_AS_IT_TAKES: CallOptions = { timeoutMs: 0 };

export interface DomainInfo {
  state: DomainState;
  maxMemoryKib: number;
  memoryKib: number;
  vcpus: number;
  cpuTimeNs: number;
}

export class Domain {
  readonly #connection: Caller;
  /** What names it on the wire. */
  readonly ref: RemoteNonnullDomain;

  constructor(connection: Caller, ref: RemoteNonnullDomain) {
    this.#connection = connection;
    this.ref = ref;
  }

  get name(): string {
    return this.ref.name;
  }

  get uuid(): string {
    return this.ref.uuid;
  }

  /** Its number while it runs, -1 otherwise; as it was when this object was made. */
  get id(): number {
    return this.ref.id;
  }

  /** The same domain whose calls have this deadline or signal. */
  with(defaults: CallOptions): Domain {
    return new Domain(this.#connection.with(defaults), this.ref);
  }

  // ---- what it is

  async xml(flags: DomainXmlFlags = {}): Promise<string> {
    return (await this.#connection.call("DOMAIN_GET_XML_DESC", { dom: this.ref, flags: xmlFlags(flags) })).xml;
  }

  async state(): Promise<{ state: DomainState; reason: string }> {
    const { state, reason } = await this.#connection.call("DOMAIN_GET_STATE", { dom: this.ref, flags: 0 });
    return { state: domainState(state), reason: stateReason(state, reason) };
  }

  async info(): Promise<DomainInfo> {
    const info = await this.#connection.call("DOMAIN_GET_INFO", { dom: this.ref });
    return {
      state: domainState(info.state),
      maxMemoryKib: Number(info.maxMem),
      memoryKib: Number(info.memory),
      vcpus: info.nrVirtCpu,
      cpuTimeNs: Number(info.cpuTime),
    };
  }

  async isActive(): Promise<boolean> {
    return (await this.#connection.call("DOMAIN_IS_ACTIVE", { dom: this.ref })).active === 1;
  }

  async isPersistent(): Promise<boolean> {
    return (await this.#connection.call("DOMAIN_IS_PERSISTENT", { dom: this.ref })).persistent === 1;
  }

  async autostart(): Promise<boolean> {
    return (await this.#connection.call("DOMAIN_GET_AUTOSTART", { dom: this.ref })).autostart === 1;
  }

  async setAutostart(on: boolean): Promise<void> {
    await this.#connection.call("DOMAIN_SET_AUTOSTART", { dom: this.ref, autostart: on ? 1 : 0 });
  }

  // ---- its life

  /** Starts it, from its saved image where it has one. @returns the domain as it runs, with its id */
  async start(flags: StartFlags = {}): Promise<Domain> {
    const args = { dom: this.ref, flags: startFlags(flags) };
    const { dom } = await this.#connection.call("DOMAIN_CREATE_WITH_FLAGS", args, AS_LONG_AS_IT_TAKES);
    return new Domain(this.#connection, dom);
  }

  /** Asks the guest to shut down; that it has is told by an event. */
  async shutdown(flags: ShutdownFlags = {}): Promise<void> {
    await this.#connection.call("DOMAIN_SHUTDOWN_FLAGS", { dom: this.ref, flags: shutdownFlags(flags) });
  }

  /** Asks the guest to reboot. */
  async reboot(flags: RebootFlags = {}): Promise<void> {
    await this.#connection.call("DOMAIN_REBOOT", { dom: this.ref, flags: rebootFlags(flags) });
  }

  /** As the reset button. */
  async reset(): Promise<void> {
    await this.#connection.call("DOMAIN_RESET", { dom: this.ref, flags: 0 });
  }

  /** As pulling the plug. */
  async destroy(flags: DestroyFlags = {}): Promise<void> {
    await this.#connection.call("DOMAIN_DESTROY_FLAGS", { dom: this.ref, flags: destroyFlags(flags) });
  }

  /** Stops its processors; its memory stays. */
  async suspend(): Promise<void> {
    await this.#connection.call("DOMAIN_SUSPEND", { dom: this.ref });
  }

  async resume(): Promise<void> {
    await this.#connection.call("DOMAIN_RESUME", { dom: this.ref });
  }

  /** Writes its memory to a file of libvirt's own and stops it; the next start goes on from there. */
  async managedSave(flags: SaveFlags = {}): Promise<void> {
    const args = { dom: this.ref, flags: saveFlags(flags) };
    await this.#connection.call("DOMAIN_MANAGED_SAVE", args, AS_LONG_AS_IT_TAKES);
  }

  async hasManagedSave(): Promise<boolean> {
    return (await this.#connection.call("DOMAIN_HAS_MANAGED_SAVE_IMAGE", { dom: this.ref, flags: 0 })).result === 1;
  }

  /** Forgets the saved memory: the next start boots. */
  async removeManagedSave(): Promise<void> {
    await this.#connection.call("DOMAIN_MANAGED_SAVE_REMOVE", { dom: this.ref, flags: 0 });
  }

  async undefine(flags: UndefineFlags = {}): Promise<void> {
    await this.#connection.call("DOMAIN_UNDEFINE_FLAGS", { dom: this.ref, flags: undefineFlags(flags) });
  }

  /** @returns the domain under its new name */
  async rename(newName: string): Promise<Domain> {
    await this.#connection.call("DOMAIN_RENAME", { dom: this.ref, new_name: newName, flags: 0 });
    return new Domain(this.#connection, { ...this.ref, name: newName });
  }

  // ---- its parts

  /** @param xml one device, such as `<hostdev>…</hostdev>` */
  async attachDevice(xml: string, affect: AffectFlags = {}): Promise<void> {
    await this.#connection.call("DOMAIN_ATTACH_DEVICE_FLAGS", { dom: this.ref, xml, flags: affectFlags(affect) });
  }

  /** Asks the guest to let go of a device; that it has is told by the event `domain.device-removed`. */
  async detachDevice(xml: string, affect: AffectFlags = {}): Promise<void> {
    await this.#connection.call("DOMAIN_DETACH_DEVICE_FLAGS", { dom: this.ref, xml, flags: affectFlags(affect) });
  }

  async detachDeviceByAlias(alias: string, affect: AffectFlags = {}): Promise<void> {
    await this.#connection.call("DOMAIN_DETACH_DEVICE_ALIAS", { dom: this.ref, alias, flags: affectFlags(affect) });
  }

  /** Changes a device in place: another CD image, another network, link up or down. */
  async updateDevice(xml: string, affect: AffectFlags = {}): Promise<void> {
    await this.#connection.call("DOMAIN_UPDATE_DEVICE_FLAGS", { dom: this.ref, xml, flags: affectFlags(affect) });
  }

  /** @param memoryKib what the guest has now (its balloon), at most its maximum */
  async setMemory(memoryKib: number, affect: AffectFlags = {}): Promise<void> {
    const args = { dom: this.ref, memory: BigInt(memoryKib), flags: affectFlags(affect) };
    await this.#connection.call("DOMAIN_SET_MEMORY_FLAGS", args);
  }

  async setVcpus(count: number, flags: VcpuFlags = {}): Promise<void> {
    await this.#connection.call("DOMAIN_SET_VCPUS_FLAGS", { dom: this.ref, nvcpus: count, flags: vcpuFlags(flags) });
  }

  /** @param disk its target (`vda`) or source path */
  async resizeDisk(disk: string, sizeBytes: number): Promise<void> {
    const { VIR_DOMAIN_BLOCK_RESIZE_BYTES } = VirDomainBlockResizeFlags;
    const args = { dom: this.ref, disk, size: BigInt(sizeBytes), flags: VIR_DOMAIN_BLOCK_RESIZE_BYTES };
    await this.#connection.call("DOMAIN_BLOCK_RESIZE", args);
  }

  // ---- what is written on it

  /** The `<metadata>` element of a namespace. @throws LibvirtError VIR_ERR_NO_DOMAIN_METADATA when there is none */
  async metadata(namespace: string, affect: AffectFlags = {}): Promise<string> {
    const { metadata } = await this.#connection.call("DOMAIN_GET_METADATA", {
      dom: this.ref,
      type: VirDomainMetadataType.VIR_DOMAIN_METADATA_ELEMENT,
      uri: namespace,
      flags: affectFlags(affect),
    });
    return metadata;
  }

  /** Sets the `<metadata>` element of a namespace; null takes it away. @param prefix the namespace's prefix in the XML */
  async setMetadata(namespace: string, prefix: string, xml: string | null, affect: AffectFlags = {}): Promise<void> {
    await this.#connection.call("DOMAIN_SET_METADATA", {
      dom: this.ref,
      type: VirDomainMetadataType.VIR_DOMAIN_METADATA_ELEMENT,
      metadata: xml,
      key: prefix,
      uri: namespace,
      flags: affectFlags(affect),
    });
  }

  /** Sets its `<title>` or `<description>`; null takes it away. */
  async setText(which: "title" | "description", text: string | null, affect: AffectFlags = {}): Promise<void> {
    const { VIR_DOMAIN_METADATA_TITLE, VIR_DOMAIN_METADATA_DESCRIPTION } = VirDomainMetadataType;
    await this.#connection.call("DOMAIN_SET_METADATA", {
      dom: this.ref,
      type: which === "title" ? VIR_DOMAIN_METADATA_TITLE : VIR_DOMAIN_METADATA_DESCRIPTION,
      metadata: text,
      key: null,
      uri: null,
      flags: affectFlags(affect),
    });
  }

  // ---- its console

  /** A picture of a screen, as the hypervisor makes it (QEMU: `image/png` or `image/x-portable-pixmap`). */
  async screenshot(screen = 0): Promise<{ mime: string; stream: Stream }> {
    const { reply, stream } = await this.#connection.stream("DOMAIN_SCREENSHOT", { dom: this.ref, screen, flags: 0 });
    return { mime: reply.mime ?? "application/octet-stream", stream };
  }

  /** Presses keys together and lets go after a time. @param keycodes Linux input event codes (KEY_LEFTCTRL is 29) */
  async sendKey(keycodes: readonly number[], holdMs = 100): Promise<void> {
    await this.#connection.call("DOMAIN_SEND_KEY", {
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
    return (await this.#connection.stream("DOMAIN_OPEN_CONSOLE", args)).stream;
  }

  /** A virtio channel as two streams. @param name its target's name, such as `org.qemu.guest_agent.0` */
  async openChannel(name: string | null = null): Promise<Stream> {
    return (await this.#connection.stream("DOMAIN_OPEN_CHANNEL", { dom: this.ref, name, flags: 0 })).stream;
  }

  /** One command to QEMU's monitor, as JSON (QMP). libvirt marks a domain so used as tainted. */
  async monitorCommand(command: string): Promise<string> {
    return (await this.#connection.callQemu("DOMAIN_MONITOR_COMMAND", { dom: this.ref, cmd: command, flags: 0 }))
      .result;
  }

  // ---- its snapshots and checkpoints

  async createSnapshot(xml: string, flags: SnapshotCreateFlags = {}): Promise<DomainSnapshot> {
    const args = { dom: this.ref, xml_desc: xml, flags: snapshotCreateFlags(flags) };
    const { snap } = await this.#connection.call("DOMAIN_SNAPSHOT_CREATE_XML", args, AS_LONG_AS_IT_TAKES);
    return new DomainSnapshot(this.#connection, snap);
  }

  async listSnapshots(filter: SnapshotFilter = {}): Promise<DomainSnapshot[]> {
    const args = { dom: this.ref, need_results: 1, flags: snapshotListFlags(filter) };
    const { snapshots } = await this.#connection.call("DOMAIN_LIST_ALL_SNAPSHOTS", args);
    return snapshots.map((each) => new DomainSnapshot(this.#connection, each));
  }

  /** @throws LibvirtError VIR_ERR_NO_DOMAIN_SNAPSHOT */
  async lookupSnapshot(name: string): Promise<DomainSnapshot> {
    const { snap } = await this.#connection.call("DOMAIN_SNAPSHOT_LOOKUP_BY_NAME", { dom: this.ref, name, flags: 0 });
    return new DomainSnapshot(this.#connection, snap);
  }

  async createCheckpoint(xml: string): Promise<DomainCheckpoint> {
    const args = { dom: this.ref, xml_desc: xml, flags: 0 };
    const { checkpoint } = await this.#connection.call("DOMAIN_CHECKPOINT_CREATE_XML", args, AS_LONG_AS_IT_TAKES);
    return new DomainCheckpoint(this.#connection, checkpoint);
  }

  async listCheckpoints(): Promise<DomainCheckpoint[]> {
    const args = { dom: this.ref, need_results: 1, flags: 0 };
    const { checkpoints } = await this.#connection.call("DOMAIN_LIST_ALL_CHECKPOINTS", args);
    return checkpoints.map((each) => new DomainCheckpoint(this.#connection, each));
  }
}
