/**
 * From a VmSpec and the facts to a domain with every decision taken. Pure; what the hypervisor does not offer is left
 * out, so that a define never fails for a comfort. The templates only print it.
 */
import type { DomainInput, DomainTemplate } from "../../templates/domain_input.ts";
import type { VmSpec } from "../../model/vm_spec.ts";
import { WINDOWS_ENLIGHTENMENTS } from "./capabilities.ts";
import { renderCpuset } from "./cpu_list.ts";
import type { DomainFacts } from "./domain_facts.ts";
import { hostdevsOf } from "./hostdevs.ts";
import { lookingGlassMib } from "./looking_glass.ts";
import { metadataOf } from "./metadata.ts";
import { storageOf } from "./storage.ts";
import { coresOf } from "./pinning.ts";

export function planDomain(spec: VmSpec, facts: DomainFacts): DomainInput {
  const { capabilities } = facts;
  const windows = spec.os === "windows11" || spec.os === "windows10";
  const passthrough = spec.devices.gpu.mode === "passthrough";
  const lookingGlass = spec.display.lookingGlass.enabled && passthrough;
  const kvm = capabilities.type === "kvm";
  const uefi = spec.firmware.uefi && capabilities.efi;
  const vnc = spec.display.vnc && capabilities.graphics.has("vnc");
  const spice = spec.display.spice && capabilities.graphics.has("spice");
  const clipboard = spice && capabilities.channels.has("spicevmc")
    ? "spicevmc"
    : vnc && capabilities.channels.has("qemu-vdagent")
    ? "qemu-vdagent"
    : null;
  const sizeMib = lookingGlassMib(spec.display.lookingGlass);
  const kvmfr = spec.display.lookingGlass.backend === "kvmfr";
  const iothreads = capabilities.iothreads && spec.os !== "other" ? 1 : 0;
  return {
    template: templateOf(spec),
    type: capabilities.type,
    name: spec.name,
    title: spec.title,
    description: spec.notes,
    metadata: metadataOf(spec),
    memoryMib: spec.memory.mib,
    hugepageKib: spec.memory.hugepages === "none" ? null : spec.memory.hugepages === "1G" ? 1048576 : 2048,
    memoryNodeset: spec.memory.hugepages === "none" || facts.memoryNode === null ? null : String(facts.memoryNode),
    vcpus: spec.cpu.vcpus,
    iothreads,
    pins: pinsOf(spec, facts),
    firmware: { uefi, secureBoot: uefi && spec.firmware.secureBoot && capabilities.secureBoot },
    cpu: cpuOf(spec, facts),
    hyperv: windows ? enlightenments(facts) : [],
    ioapicKvm: kvm,
    hypervClock: kvm && windows,
    ...storageOf(spec, facts, iothreads),
    network: spec.network,
    hostdevs: hostdevsOf(spec, facts),
    usb: usbOf(spec, facts),
    evdev: evdevOf(spec),
    tpm: tpmOf(spec, facts),
    vnc: vnc ? { listen: facts.vncListen } : null,
    spice,
    usbRedirection: spice && capabilities.usbRedirection && capabilities.channels.has("spicevmc"),
    clipboard,
    guestAgent: spec.guestAgent,
    video: videoOf(spec, facts, vnc || spice),
    audio: spec.os === "other" ? null : spice ? "spice" : "none",
    inputs: inputsOf(vnc || spice, lookingGlass),
    balloon: passthrough || spec.devices.pci.length > 0 || spec.os === "other" ? "none" : "virtio",
    rng: capabilities.rng && spec.os !== "other",
    shmemMib: lookingGlass && !kvmfr ? sizeMib : null,
    qemuArguments: lookingGlass && kvmfr ? kvmfrArguments(sizeMib) : [],
  };
}

function templateOf(spec: VmSpec): DomainTemplate {
  if (spec.os === "linux" || spec.os === "other") return spec.os;
  return spec.devices.gpu.mode === "passthrough" ? `${spec.os}-passthrough` : `${spec.os}-basic`;
}

/** TCG can only imitate: "maximum" is all it knows. */
function cpuOf(spec: VmSpec, { capabilities, cpuVendor }: DomainFacts): DomainInput["cpu"] {
  const passthrough = capabilities.type === "kvm" && capabilities.cpuModes.has("host-passthrough");
  const { sockets, cores, threads } = spec.cpu.topology;
  return {
    mode: passthrough ? "host-passthrough" : "maximum",
    sockets,
    cores,
    threads,
    cachePassthrough: passthrough,
    // AMD shows a guest no SMT without it.
    features: passthrough && cpuVendor === "amd" && threads > 1 ? ["topoext"] : [],
  };
}

function enlightenments({ capabilities, cpuVendor }: DomainFacts): string[] {
  return WINDOWS_ENLIGHTENMENTS.filter((name) =>
    capabilities.hyperv.has(name) && (name !== "evmcs" || cpuVendor === "intel")
  );
}

/** Emulator and I/O threads run on all cores that no vCPU is pinned to. */
function pinsOf(spec: VmSpec, { topology }: DomainFacts): DomainInput["pins"] {
  const { pinning } = spec.cpu;
  if (!Array.isArray(pinning)) return null;
  const hostCpus = coresOf(topology).filter((core) => !core.cpus.some((cpu) => pinning.includes(cpu)))
    .flatMap((core) => core.cpus).sort((a, b) => a - b);
  return {
    vcpus: pinning.map((cpu, vcpu) => ({ vcpu, cpuset: String(cpu) })),
    hostCpuset: hostCpus.length === 0 ? null : renderCpuset(hostCpus),
  };
}

/**
 * libvirt names USB devices by id. One given by its port is named by the id of what is plugged in there, unless a twin is
 * plugged in elsewhere: those are attached when the VM runs.
 */
function usbOf(spec: VmSpec, facts: DomainFacts): DomainInput["usb"] {
  return spec.devices.usb.flatMap((wanted) => {
    if ("vendorId" in wanted) return [{ vendorId: wanted.vendorId, productId: wanted.productId }];
    const found = facts.usb.find((device) => device.port === wanted.port);
    if (found === undefined) return [];
    const twins = facts.usb.filter((one) => one.vendorId === found.vendorId && one.productId === found.productId);
    return twins.length === 1 ? [{ vendorId: found.vendorId, productId: found.productId }] : [];
  });
}

/** Only keyboards switch: a mouse has no Ctrl key, and follows. */
function evdevOf(spec: VmSpec): DomainInput["evdev"] {
  return spec.devices.evdev.map((path) => ({ path, grabToggle: !/mouse/i.test(path) }));
}

function tpmOf(spec: VmSpec, { capabilities }: DomainFacts): DomainInput["tpm"] {
  if (!spec.firmware.tpm || !capabilities.tpmEmulator) return null;
  // The command response buffer is the faster of the two, but needs UEFI.
  const model = spec.firmware.uefi ? ["tpm-crb", "tpm-tis"] : ["tpm-tis"];
  const offered = model.find((one) => capabilities.tpmModels.has(one));
  return offered === undefined ? null : { model: offered };
}

/** With a card of its own the guest still gets plain VGA: its screen until the card's driver works. */
function videoOf(spec: VmSpec, { capabilities }: DomainFacts, shown: boolean): DomainInput["video"] {
  if (!shown) return "none";
  return spec.devices.gpu.mode === "virtio" && capabilities.video.has("virtio") ? "virtio" : "vga";
}

/** A tablet points where the viewer's mouse is; Looking Glass wants the relative movement of a mouse instead. */
function inputsOf(shown: boolean, lookingGlass: boolean): DomainInput["inputs"] {
  if (lookingGlass) return [{ type: "mouse", bus: "virtio" }, { type: "keyboard", bus: "virtio" }];
  return shown ? [{ type: "tablet", bus: "usb" }, { type: "keyboard", bus: "usb" }] : [];
}

function kvmfrArguments(sizeMib: number): string[] {
  const memory = {
    "qom-type": "memory-backend-file",
    id: "looking-glass",
    "mem-path": "/dev/kvmfr0",
    size: sizeMib * 1024 * 1024,
    share: true,
  };
  const device = { driver: "ivshmem-plain", id: "shmem-looking-glass", memdev: "looking-glass" };
  return ["-object", JSON.stringify(memory), "-device", JSON.stringify(device)];
}
