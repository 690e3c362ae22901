/**
 * The PCs: one row each, with what it is made of, what is asked of the product and how it must end. What follows from a
 * row is in scenario.ts.
 */
import { amd, type Card, cardArguments, intel, nvidia, nvidiaWithUsb } from "./cards.ts";
import type { Hardware } from "./pc.ts";

export interface Layout {
  readonly name: string;
  /** What is special about it. */
  readonly what: string;
  readonly hardware: Hardware;
  /** Done by the person before Neuron came. */
  readonly before?: { readonly words: string; readonly reboot: boolean };
  /** `host` and `vm` of the answers file; the VM is a small one unless told. */
  readonly answers: {
    readonly host: Readonly<Record<string, unknown>>;
    readonly vm?: Readonly<Record<string, unknown>>;
  };
  /** Verdicts by address, and codes of findings that `detect` must have before anything is changed. */
  readonly detects: { readonly verdicts: Readonly<Record<string, string>>; readonly findings?: readonly string[] };
  readonly ends: End;
}

/** How it must end. Sentences are what a person reads. */
export type End =
  /** apply, trial boot, proof, VM with the card, rollback, as before. */
  | {
    readonly kind: "runs";
    readonly card: HandedOver;
    /** Cards that must stay with the host, by address and driver. */
    readonly stays?: Readonly<Record<string, string>>;
    /** Shell words that must succeed in the running PC once the trial is proved. */
    readonly also?: readonly string[];
    /** After these shell words the VM cannot start any more, and the sentence says why. */
    readonly vmRefused?: { readonly after: string; readonly says: readonly RegExp[] };
    /** After everything was proved the card is put elsewhere: it stays with the host there, and `verify` says so. */
    readonly moves?: Moved;
  }
  /** apply changes nothing. */
  | { readonly kind: "refused"; readonly exit: number; readonly says: readonly RegExp[] };

export interface Moved {
  readonly to: Hardware;
  readonly says: RegExp;
  readonly stays: Readonly<Record<string, string>>;
}

export interface HandedOver {
  readonly card: Card;
  /** Its addresses, function by function. */
  readonly at: string;
}

const iommu = ["-device", "intel-iommu,intremap=on,caching-mode=on"];
/** The host's own screen, as the firmware finds it first. */
const bootVga = ["-device", "VGA,bus=pcie.0,addr=0x1"];

/** Root port N is slot 2 of the root bus, function N - 1; what is in it has bus N. */
function rootPort(number: number, more = ""): string[] {
  const first = number === 1 ? ",multifunction=on" : "";
  return [
    "-device",
    `pcie-root-port,id=port${number},bus=pcie.0,addr=0x2.${number - 1},chassis=${number},slot=${number}${first}${more}`,
  ];
}

function pc(parts: readonly string[], cards: readonly Card[], more: Partial<Hardware> = {}): Hardware {
  return { arguments: parts, cards, memoryMib: 4096, processors: "2", vendor: "GenuineIntel", ...more };
}

const inSlot = (card: Card, port: number) => cardArguments(card, `port${port}`, `card${port}`);
const single = (card: Card, more: Partial<Hardware> = {}) =>
  pc([...iommu, ...bootVga, ...rootPort(1), ...rootPort(2), ...inSlot(card, 1)], [card], more);

const withoutRemapping = pc([
  ...["-device", "intel-iommu,intremap=off,caching-mode=on"],
  ...[...bootVga, ...rootPort(1), ...inSlot(nvidia, 1)],
], [nvidia]);

const ready = { verdicts: { "0000:01:00.0": "ready" } };
const first = "0000:01:00";
const kernelParameter = (parameter: string) =>
  `sed -i 's/^GRUB_CMDLINE_LINUX_DEFAULT="quiet/& ${parameter}/' /etc/default/grub && update-grub`;

/** Runs in `deno task test`. */
export const quick: Layout = {
  name: "nvidia",
  what: "an isolated NVIDIA card beside the host's own graphics",
  hardware: single(nvidia),
  answers: { host: { gpu: "auto" } },
  detects: ready,
  // Debian's kernel switches the IOMMU on by itself.
  ends: { kind: "runs", card: { card: nvidia, at: first }, also: ["! grep intel_iommu /proc/cmdline"] },
};

export const layouts: readonly Layout[] = [
  quick,
  {
    name: "nvidia-usb",
    what: "an NVIDIA card with a USB controller: three functions",
    hardware: single(nvidiaWithUsb),
    answers: { host: { gpu: `${first}.0` } },
    detects: ready,
    ends: { kind: "runs", card: { card: nvidiaWithUsb, at: first } },
  },
  {
    name: "amd",
    what: "an isolated AMD card",
    hardware: single(amd),
    answers: { host: { gpu: "auto" } },
    detects: { verdicts: { "0000:01:00.0": "ready", "0000:00:01.0": "ready" } },
    ends: { kind: "runs", card: { card: amd, at: first } },
  },
  {
    name: "intel",
    what: "an isolated Intel card",
    hardware: single(intel),
    answers: { host: { gpu: `${first}.0` } },
    detects: ready,
    ends: { kind: "runs", card: { card: intel, at: first } },
  },
  {
    name: "shared-group",
    what: "the card behind a PCI bridge with a network card",
    hardware: pc([
      ...[...iommu, ...bootVga, ...rootPort(1), "-device", "pcie-pci-bridge,id=bridge,bus=port1"],
      ...[...cardArguments(nvidia, "bridge", "card").map(onBridge), "-device", "e1000,bus=bridge,addr=0x2"],
    ], [nvidia]),
    answers: { host: { gpu: "0000:02:01.0" } },
    detects: { verdicts: { "0000:02:01.0": "shared-group" } },
    ends: {
      kind: "refused",
      exit: 4,
      says: [/cannot be separated from another device \(same isolation group\)/, /Put the card into another slot/],
    },
  },
  {
    name: "two-identical",
    what: "two cards of one model: the second is handed over, the first stays",
    hardware: pc([...iommu, ...bootVga, ...rootPort(1), ...rootPort(2), ...inSlot(nvidia, 1), ...inSlot(nvidia, 2)], [
      nvidia,
      nvidia,
    ]),
    answers: { host: { gpu: "0000:02:00.0" } },
    detects: { verdicts: { "0000:01:00.0": "ready", "0000:02:00.0": "ready" } },
    ends: {
      kind: "runs",
      card: { card: nvidia, at: "0000:02:00" },
      stays: { "0000:01:00.1": "snd_hda_intel" },
    },
  },
  {
    name: "only-gpu",
    what: "one card, and it is the host's screen",
    hardware: pc([...iommu, ...rootPort(1), ...inSlot(nvidia, 1)], [nvidia]),
    answers: { host: { gpu: "auto" } },
    detects: { verdicts: { "0000:01:00.0": "only-gpu" } },
    ends: { kind: "refused", exit: 4, says: [/only card with a screen/, /second card/] },
  },
  {
    name: "no-iommu",
    what: "no IOMMU at all",
    hardware: pc([...bootVga, ...rootPort(1), ...inSlot(nvidia, 1)], [nvidia]),
    answers: { host: { gpu: `${first}.0` } },
    detects: { verdicts: { "0000:01:00.0": "no-iommu" }, findings: ["iommu-absent"] },
    ends: { kind: "refused", exit: 4, says: [/No IOMMU is to be seen/, /give it a virtual IOMMU/] },
  },
  {
    name: "iommu-off",
    what: "IOMMU switched off by hand on the kernel's command line",
    hardware: single(nvidia),
    before: { words: kernelParameter("intel_iommu=off"), reboot: true },
    answers: { host: { gpu: `${first}.0` } },
    detects: { verdicts: { "0000:01:00.0": "no-iommu" }, findings: ["iommu-off-in-kernel"] },
    ends: { kind: "refused", exit: 4, says: [/Take intel_iommu=off out of the kernel's command line/] },
  },
  {
    name: "no-intremap",
    what: "an IOMMU that does not remap interrupts",
    hardware: withoutRemapping,
    answers: { host: { gpu: "auto" } },
    detects: { verdicts: { "0000:01:00.0": "ready" }, findings: ["no-interrupt-remapping"] },
    ends: {
      kind: "refused",
      exit: 4,
      says: [/a VM with a card of its own will not start/, /intremap=on/, /allow_unsafe_interrupts=1/],
    },
  },
  {
    name: "unsafe-interrupts",
    what: "an IOMMU that does not remap interrupts, and a person who takes the risk",
    hardware: withoutRemapping,
    before: {
      words: "echo options vfio_iommu_type1 allow_unsafe_interrupts=1 >/etc/modprobe.d/unsafe-interrupts.conf",
      reboot: false,
    },
    answers: { host: { gpu: "auto" } },
    detects: { verdicts: { "0000:01:00.0": "ready" }, findings: ["unsafe-interrupts-allowed"] },
    ends: {
      kind: "runs",
      card: { card: nvidia, at: first },
      vmRefused: {
        after: "echo 0 >/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts",
        says: [/^hint: Interrupts are not remapped/m, /Update the firmware/, /allow_unsafe_interrupts=1/],
      },
    },
  },
  {
    name: "pages-1g",
    what: "pages of 1 GiB",
    hardware: single(nvidia, { memoryMib: 6144 }),
    answers: {
      host: { gpu: `${first}.0`, hugepages: "1G" },
      vm: { memory: { mib: 1024, hugepages: "1G" } },
    },
    detects: ready,
    ends: {
      kind: "runs",
      card: { card: nvidia, at: first },
      also: [
        "test $(cat /sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages) -eq 1",
        "mountpoint /dev/hugepages1G",
      ],
    },
  },
  {
    name: "pages-2m",
    what: "pages of 2 MiB",
    hardware: single(nvidia),
    answers: {
      host: { gpu: `${first}.0`, hugepages: "2M" },
      vm: { memory: { mib: 512, hugepages: "2M" } },
    },
    detects: ready,
    ends: {
      kind: "runs",
      card: { card: nvidia, at: first },
      also: ["test $(cat /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages) -eq 256"],
    },
  },
  {
    name: "numa",
    what: "two NUMA nodes, the card at the second: its pages are taken there",
    hardware: pc(
      [
        ...["-object", "memory-backend-ram,id=memory0,size=2G", "-object", "memory-backend-ram,id=memory1,size=2G"],
        ...["-numa", "node,nodeid=0,cpus=0-1,memdev=memory0", "-numa", "node,nodeid=1,cpus=2-3,memdev=memory1"],
        ...[...iommu, ...bootVga, "-device", "pxb-pcie,id=bus1,bus=pcie.0,addr=0x6,bus_nr=64,numa_node=1"],
        ...["-device", "pcie-root-port,id=port9,bus=bus1,addr=0x0,chassis=9,slot=9", ...inSlot(nvidia, 9)],
      ],
      [nvidia],
      { processors: "4,sockets=2,cores=2,threads=1" },
    ),
    answers: {
      host: { gpu: "0000:41:00.0", hugepages: "2M" },
      vm: { memory: { mib: 512, hugepages: "2M" } },
    },
    detects: { verdicts: { "0000:41:00.0": "ready" } },
    ends: {
      kind: "runs",
      card: { card: nvidia, at: "0000:41:00" },
      also: ["test $(cat /sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages) -eq 256"],
    },
  },
  {
    name: "moved",
    what: "after everything was proved the card is put into another slot",
    hardware: single(nvidia),
    answers: { host: { gpu: `${first}.0` } },
    detects: ready,
    ends: {
      kind: "runs",
      card: { card: nvidia, at: first },
      moves: {
        to: pc([...iommu, ...bootVga, ...rootPort(1), ...rootPort(2), ...inSlot(nvidia, 2)], [nvidia]),
        says: /no graphics card has this address|There is no device at 0000:01:00\.0/,
        stays: { "0000:02:00.1": "snd_hda_intel" },
      },
    },
  },
];

/** Behind a conventional bridge slot 0 is the bridge's own hot plug controller's. */
function onBridge(argument: string): string {
  return argument.replace("addr=0.", "addr=1.");
}
