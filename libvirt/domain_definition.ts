/**
 * What is written of a domain: its XML, its devices, its memory and processors, its metadata. Each method is one call of
 * libvirt.
 */
import type { Caller } from "./caller.ts";
import {
  type AffectFlags,
  affectFlags,
  type DomainXmlFlags,
  type UndefineFlags,
  undefineFlags,
  type VcpuFlags,
  vcpuFlags,
  xmlFlags,
} from "./domain_flags.ts";
import { VirDomainBlockResizeFlags, VirDomainMetadataType } from "./protocol/constants.gen.ts";
import type { RemoteNonnullDomain } from "./protocol/remote.gen.ts";

/**
 * The part of `Domain` that is about its definition.
 *
 * @example
 * ```ts ignore
 * import { open } from "./mod.ts";
 *
 * await using connection = await open("qemu:///system");
 * const domain = await connection.lookupDomain("demo");
 * await domain.setText("title", "A machine to try things on", { config: true });
 * console.log(await domain.xml({ inactive: true }));
 * ```
 */
export class DomainDefinition {
  /** What carries its calls. */
  protected readonly caller: Caller;
  /** What names it on the wire. */
  readonly ref: RemoteNonnullDomain;

  constructor(caller: Caller, ref: RemoteNonnullDomain) {
    this.caller = caller;
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

  async xml(flags: DomainXmlFlags = {}): Promise<string> {
    return (await this.caller.call("DOMAIN_GET_XML_DESC", { dom: this.ref, flags: xmlFlags(flags) })).xml;
  }

  async isPersistent(): Promise<boolean> {
    return (await this.caller.call("DOMAIN_IS_PERSISTENT", { dom: this.ref })).persistent === 1;
  }

  async autostart(): Promise<boolean> {
    return (await this.caller.call("DOMAIN_GET_AUTOSTART", { dom: this.ref })).autostart === 1;
  }

  async setAutostart(on: boolean): Promise<void> {
    await this.caller.call("DOMAIN_SET_AUTOSTART", { dom: this.ref, autostart: on ? 1 : 0 });
  }

  async undefine(flags: UndefineFlags = {}): Promise<void> {
    await this.caller.call("DOMAIN_UNDEFINE_FLAGS", { dom: this.ref, flags: undefineFlags(flags) });
  }

  // ---- its parts

  /** @param xml one device, such as `<hostdev>…</hostdev>` */
  async attachDevice(xml: string, affect: AffectFlags = {}): Promise<void> {
    await this.caller.call("DOMAIN_ATTACH_DEVICE_FLAGS", { dom: this.ref, xml, flags: affectFlags(affect) });
  }

  /** Asks the guest to let go of a device; that it has is told by the event `domain.device-removed`. */
  async detachDevice(xml: string, affect: AffectFlags = {}): Promise<void> {
    await this.caller.call("DOMAIN_DETACH_DEVICE_FLAGS", { dom: this.ref, xml, flags: affectFlags(affect) });
  }

  async detachDeviceByAlias(alias: string, affect: AffectFlags = {}): Promise<void> {
    await this.caller.call("DOMAIN_DETACH_DEVICE_ALIAS", { dom: this.ref, alias, flags: affectFlags(affect) });
  }

  /** Changes a device in place: another CD image, another network, link up or down. */
  async updateDevice(xml: string, affect: AffectFlags = {}): Promise<void> {
    await this.caller.call("DOMAIN_UPDATE_DEVICE_FLAGS", { dom: this.ref, xml, flags: affectFlags(affect) });
  }

  /** @param memoryKib what the guest has now (its balloon), at most its maximum */
  async setMemory(memoryKib: number, affect: AffectFlags = {}): Promise<void> {
    const args = { dom: this.ref, memory: BigInt(memoryKib), flags: affectFlags(affect) };
    await this.caller.call("DOMAIN_SET_MEMORY_FLAGS", args);
  }

  async setVcpus(count: number, flags: VcpuFlags = {}): Promise<void> {
    await this.caller.call("DOMAIN_SET_VCPUS_FLAGS", { dom: this.ref, nvcpus: count, flags: vcpuFlags(flags) });
  }

  /** @param disk its target (`vda`) or source path */
  async resizeDisk(disk: string, sizeBytes: number): Promise<void> {
    const { VIR_DOMAIN_BLOCK_RESIZE_BYTES } = VirDomainBlockResizeFlags;
    const args = { dom: this.ref, disk, size: BigInt(sizeBytes), flags: VIR_DOMAIN_BLOCK_RESIZE_BYTES };
    await this.caller.call("DOMAIN_BLOCK_RESIZE", args);
  }

  // ---- what is written on it

  /** The `<metadata>` element of a namespace. @throws LibvirtError VIR_ERR_NO_DOMAIN_METADATA when there is none */
  async metadata(namespace: string, affect: AffectFlags = {}): Promise<string> {
    const { metadata } = await this.caller.call("DOMAIN_GET_METADATA", {
      dom: this.ref,
      type: VirDomainMetadataType.VIR_DOMAIN_METADATA_ELEMENT,
      uri: namespace,
      flags: affectFlags(affect),
    });
    return metadata;
  }

  /** Sets the `<metadata>` element of a namespace; null takes it away. @param prefix the namespace's prefix in the XML */
  async setMetadata(namespace: string, prefix: string, xml: string | null, affect: AffectFlags = {}): Promise<void> {
    await this.caller.call("DOMAIN_SET_METADATA", {
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
    await this.caller.call("DOMAIN_SET_METADATA", {
      dom: this.ref,
      type: which === "title" ? VIR_DOMAIN_METADATA_TITLE : VIR_DOMAIN_METADATA_DESCRIPTION,
      metadata: text,
      key: null,
      uri: null,
      flags: affectFlags(affect),
    });
  }
}
