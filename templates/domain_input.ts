/**
 * What a domain template prints: a libvirt domain with every decision taken. Templates choose words and order, nothing
 * else; provision/vm/domain.ts makes this from a VmSpec, the machine and what its hypervisor offers.
 */

export interface DomainInput {
  /** Name of the template that prints it. */
  readonly template: DomainTemplate;
  readonly type: "kvm" | "qemu";
  readonly name: string;
  readonly title: string;
  /** Empty: no description. */
  readonly description: string;
  readonly metadata: {
    /** Namespace of Neuron's own metadata. */
    readonly namespace: string;
    readonly profile: string;
    /** The whole VmSpec. */
    readonly specJson: string;
    /** libosinfo's id of the guest system, which virt-manager and others show; null where there is none. */
    readonly osinfoId: string | null;
  };
  readonly memoryMib: number;
  readonly hugepageKib: number | null;
  /** NUMA nodes the memory shall come from, as libvirt writes node sets; null: any. */
  readonly memoryNodeset: string | null;
  readonly vcpus: number;
  readonly iothreads: number;
  readonly pins: {
    readonly vcpus: readonly { readonly vcpu: number; readonly cpuset: string }[];
    /** CPUs of emulator and I/O threads; null: all. */
    readonly hostCpuset: string | null;
  } | null;
  readonly firmware: { readonly uefi: boolean; readonly secureBoot: boolean };
  readonly cpu: {
    readonly mode: "host-passthrough" | "maximum";
    readonly sockets: number;
    readonly cores: number;
    readonly threads: number;
    readonly cachePassthrough: boolean;
    readonly features: readonly string[];
  };
  /** Names of Hyper-V enlightenments in libvirt's order; empty: none. */
  readonly hyperv: readonly string[];
  readonly ioapicKvm: boolean;
  readonly hypervClock: boolean;
  readonly disks: readonly DiskInput[];
  readonly cdroms: readonly { readonly target: string; readonly path: string | null; readonly bootOrder: number }[];
  /** A virtio-scsi controller is needed. */
  readonly scsiController: boolean;
  readonly network: {
    readonly mode: "nat" | "bridge" | "macvtap" | "user";
    readonly source: string;
    readonly model: string;
  };
  /** One list for each root port: its functions share one guest slot. */
  readonly hostdevs: readonly { readonly port: number; readonly functions: readonly HostdevInput[] }[];
  readonly usb: readonly { readonly vendorId: string; readonly productId: string }[];
  readonly evdev: readonly { readonly path: string; readonly grabToggle: boolean }[];
  readonly tpm: { readonly model: string } | null;
  readonly vnc: { readonly listen: "loopback" | "socket" } | null;
  readonly spice: boolean;
  readonly usbRedirection: boolean;
  /** The clipboard's channel: through SPICE, or QEMU's own agent for VNC; null: none. */
  readonly clipboard: "spicevmc" | "qemu-vdagent" | null;
  readonly guestAgent: boolean;
  readonly video: "vga" | "virtio" | "none";
  readonly audio: "spice" | "none" | null;
  readonly inputs: readonly { readonly type: "tablet" | "mouse" | "keyboard"; readonly bus: "usb" | "virtio" }[];
  readonly balloon: "virtio" | "none";
  readonly rng: boolean;
  /** Looking Glass by libvirt's own element; in MiB. */
  readonly shmemMib: number | null;
  /** Looking Glass by the kvmfr module, which libvirt does not know: arguments for QEMU. Empty: none. */
  readonly qemuArguments: readonly string[];
}

export interface DiskInput {
  readonly source: { readonly file: string } | { readonly pool: string; readonly volume: string };
  readonly format: string;
  readonly bus: string;
  readonly target: string;
  readonly cache: string;
  /** io_uring and native need caches off. */
  readonly io: "native" | "threads";
  readonly discard: string;
  readonly iothread: number | null;
  readonly queues: number | null;
  readonly bootOrder: number;
}

export interface HostdevInput {
  /** Parts of the host's address, as libvirt writes them: 0x0000, 0x01, 0x00, 0x0. */
  readonly host: { readonly domain: string; readonly bus: string; readonly slot: string; readonly function: string };
  readonly guestBus: string;
  readonly guestFunction: string;
  readonly multifunction: boolean;
  readonly romFile: string | null;
}

export type DomainTemplate =
  | "windows11-passthrough"
  | "windows11-basic"
  | "windows10-passthrough"
  | "windows10-basic"
  | "linux"
  | "other";
