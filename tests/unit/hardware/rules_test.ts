/** The rules of docs/cli.md on machines that no fixture shows. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Gpu } from "../../../model/detection.ts";
import { chooseGpu } from "../../../provision/hardware/choose_gpu.ts";
import { detect } from "../../../provision/hardware/detect.ts";
import { TROUBLES } from "../../../provision/hardware/troubles.ts";
import { AMD_CPU, INTEL_CPU, machine, type MadeUpDevice, type Tree } from "./machine.ts";

const IGPU: MadeUpDevice = { at: "0000:00:02.0", ids: "8086:4680", class: "0300", group: 0, bootVga: true };

function gpusOf(devices: readonly MadeUpDevice[], files: Tree = {}): Map<string, Gpu> {
  return new Map(detect(machine(devices, files)).gpus.map((gpu) => [gpu.address, gpu]));
}

/** Root port, own switch with two ports, display behind one and sound behind the other. */
function arc(group: (n: number) => number): MadeUpDevice[] {
  return [
    { at: "0000:00:01.0", ids: "8086:460d", class: "0604", group: group(0) },
    { at: "0000:01:00.0", ids: "8086:4fa1", class: "0604", group: group(1), below: "0000:00:01.0" },
    { at: "0000:02:01.0", ids: "8086:4fa4", class: "0604", group: group(2), below: "0000:01:00.0" },
    { at: "0000:02:04.0", ids: "8086:4fa4", class: "0604", group: group(3), below: "0000:01:00.0" },
    { at: "0000:03:00.0", ids: "8086:56a6", class: "0300", group: group(4), below: "0000:02:01.0" },
    { at: "0000:04:00.0", ids: "8086:4f92", class: "0403", group: group(5), below: "0000:02:04.0" },
  ];
}

Deno.test("an Arc's sound behind its own switch is a function of the card, in one group or in two", () => {
  for (const group of [() => 5, (n: number) => 10 + n]) {
    const gpu = gpusOf([IGPU, ...arc(group)]).get("0000:03:00.0");
    assertEquals(gpu?.functions, ["0000:03:00.0", "0000:04:00.0"]);
    assertEquals(gpu?.conflicts, []);
    assertEquals(gpu?.verdict, "ready");
    assertEquals(gpu?.integrated, false);
  }
});

Deno.test("an Arc whose switch ids are not known yet is still one card", () => {
  const renamed = arc((n) => n).map((device) =>
    device.class === "0604" && device.below !== undefined ? { ...device, ids: "8086:fff1" } : device
  );
  assertEquals(gpusOf([IGPU, ...renamed]).get("0000:03:00.0")?.functions, ["0000:03:00.0", "0000:04:00.0"]);
});

Deno.test("an Arc in a Thunderbolt box does not take the box's other devices along", () => {
  const box: MadeUpDevice[] = [
    { at: "0000:00:1c.0", ids: "8086:7ab8", class: "0604", group: 1 },
    { at: "0000:05:00.0", ids: "8086:1136", class: "0604", group: 2, below: "0000:00:1c.0" },
    { at: "0000:06:00.0", ids: "8086:1136", class: "0604", group: 3, below: "0000:05:00.0" },
    { at: "0000:06:02.0", ids: "8086:1136", class: "0604", group: 4, below: "0000:05:00.0" },
    { at: "0000:07:00.0", ids: "8086:1137", class: "0c03", group: 5, below: "0000:06:00.0" },
    { at: "0000:08:00.0", ids: "8086:4905", class: "0300", group: 6, below: "0000:06:02.0" },
  ];
  assertEquals(gpusOf([IGPU, ...box]).get("0000:08:00.0")?.functions, ["0000:08:00.0"]);
});

Deno.test("a Navi card behind 1478 and 1479 has the functions of its slot, and its ports are no conflict", () => {
  const navi: MadeUpDevice[] = [
    { at: "0000:00:01.1", ids: "1022:14db", class: "0604", group: 7 },
    { at: "0000:01:00.0", ids: "1002:1478", class: "0604", group: 7, below: "0000:00:01.1" },
    { at: "0000:02:00.0", ids: "1002:1479", class: "0604", group: 7, below: "0000:01:00.0" },
    ...[["0", "744c", "0300"], ["1", "ab30", "0403"], ["2", "7446", "0c03"], ["3", "7444", "0c80"]].map(
      ([fn, id, code]): MadeUpDevice => ({
        at: `0000:03:00.${fn}`,
        ids: `1002:${id}`,
        class: code!,
        group: 7,
        below: "0000:02:00.0",
      }),
    ),
  ];
  const gpu = gpusOf([IGPU, ...navi]).get("0000:03:00.0");
  assertEquals(gpu?.functions, ["0000:03:00.0", "0000:03:00.1", "0000:03:00.2", "0000:03:00.3"]);
  assertEquals([gpu?.verdict, gpu?.conflicts, gpu?.role], ["ready", [], "secondary"]);
});

/** Display, its sound, security processor, two USB controllers, the board's sound. */
function apu(groups: readonly (number | undefined)[]): MadeUpDevice[] {
  const rest = [["1002:1638", "0300"], ["1002:1637", "0403"], ["1022:15df", "1080"], ["1022:1639", "0c03"]]
    .concat([["1022:1639", "0c03"], ["1022:15e3", "0403"]]);
  return rest.map(([ids, code], fn) => {
    const group = groups[fn];
    return { at: `0000:05:00.${fn}`, ids: ids!, class: code!, ...(group === undefined ? {} : { group }) };
  });
}

Deno.test("an APU gives its display and HDMI sound; the rest of the slot is in the way where it shares their group", () => {
  const together = gpusOf(apu([5, 5, 5, 5, 5, 5]), { "/proc/cpuinfo": AMD_CPU }).get("0000:05:00.0");
  assertEquals(together?.functions, ["0000:05:00.0", "0000:05:00.1"]);
  assertEquals(together?.conflicts, ["0000:05:00.2", "0000:05:00.3", "0000:05:00.4", "0000:05:00.5"]);
  assertEquals([together?.verdict, together?.integrated, together?.role], ["shared-group", true, "boot"]);
  const apart = gpusOf(apu([5, 6, 7, 8, 9, 10])).get("0000:05:00.0");
  assertEquals([apart?.verdict, apart?.conflicts], ["only-gpu", []]);
});

Deno.test("a card with sound in another group has the conflicts of that group too", () => {
  const gpu = gpusOf([
    IGPU,
    { at: "0000:01:00.0", ids: "10de:2484", class: "0300", group: 3 },
    { at: "0000:01:00.1", ids: "10de:228b", class: "0403", group: 4 },
    { at: "0000:02:00.0", ids: "144d:a808", class: "0108", group: 4 },
    { at: "0000:00:1f.0", ids: "8086:7a04", class: "0601", group: 3 },
    { at: "0000:00:01.0", ids: "8086:460d", class: "0604", group: 3 },
  ]).get("0000:01:00.0");
  assertEquals(gpu?.conflicts, ["0000:00:1f.0", "0000:02:00.0"]);
  assertEquals(gpu?.verdict, "shared-group");
});

Deno.test("a laptop: the 0302 card is ready, the screen's own card is the only one", () => {
  const gpus = gpusOf([
    IGPU,
    { at: "0000:01:00.0", ids: "10de:28b8", class: "0302", group: 1 },
    { at: "0000:01:00.1", ids: "10de:22be", class: "0403", group: 1 },
  ], { "/sys/class/dmi/id/chassis_type": "10\n", "/proc/cpuinfo": INTEL_CPU });
  const discrete = gpus.get("0000:01:00.0");
  assertEquals(discrete?.verdict, "ready");
  assertEquals(discrete?.reasons.map((reason) => reason.code), ["ready", "nvidia-laptop", "no-outputs"]);
  const screen = gpus.get("0000:00:02.0");
  assertEquals(screen?.verdict, "only-gpu");
  assert(screen?.reasons[0]?.hint?.includes("0000:01:00.0"), "the cure does not name the other card");
});

Deno.test("where only a 0302 is there, none is the boot card", () => {
  const gpu = gpusOf([{ at: "0000:01:00.0", ids: "10de:20b0", class: "0302", group: 1 }]).get("0000:01:00.0");
  assertEquals([gpu?.role, gpu?.verdict], ["secondary", "ready"]);
});

Deno.test("every card that boot_vga names is a boot card", () => {
  const seen = detect(machine([
    { at: "0000:01:00.0", ids: "10de:2484", class: "0300", group: 1, bootVga: true },
    { at: "0000:02:00.0", ids: "10de:2484", class: "0300", group: 2, bootVga: true },
  ]));
  assertEquals(seen.gpus.map((gpu) => gpu.role), ["boot", "boot"]);
  assertEquals(chooseGpu(seen), null);
});

Deno.test("without boot_vga: the integrated one, else a BMC, else the lowest 0300, then 0380", () => {
  const card = (at: string, code: string, ids = "10de:2484"): MadeUpDevice => ({ at, ids, class: code, group: 1 });
  const bootOf = (devices: readonly MadeUpDevice[]) =>
    [...gpusOf(devices).values()].filter((gpu) => gpu.role === "boot").map((gpu) => gpu.address);
  const bmc = card("0000:09:00.0", "0300", "1a03:2000");
  const { bootVga: _, ...integrated } = { ...IGPU, at: "0000:00:02.0" };
  assertEquals(bootOf([card("0000:01:00.0", "0300"), bmc, integrated]), ["0000:00:02.0"]);
  assertEquals(bootOf([card("0000:01:00.0", "0300"), bmc]), ["0000:09:00.0"]);
  assertEquals(bootOf([card("0000:01:00.0", "0380"), card("0000:02:00.0", "0300")]), ["0000:02:00.0"]);
  assertEquals(bootOf([card("0000:02:00.0", "0380"), card("0000:01:00.0", "0302")]), ["0000:02:00.0"]);
});

Deno.test("a VMD domain above ffff is read, ordered and has no parent outside of it", () => {
  const seen = detect(machine([
    IGPU,
    { at: "0000:00:0e.0", ids: "8086:467f", class: "0104", group: 2 },
    { at: "10000:e0:06.0", ids: "8086:464d", class: "0604", group: 2 },
    { at: "10000:e1:00.0", ids: "144d:a80a", class: "0108", group: 2, below: "10000:e0:06.0" },
    { at: "0000:01:00.0", ids: "10de:2484", class: "0300", group: 3 },
  ], {
    "/sys/bus/pci/devices/10000:e0:06.0": {
      link: "../../../devices/pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:06.0",
    },
  }));
  assertEquals(seen.pci.at(-1)?.address, "10000:e1:00.0");
  assertEquals(seen.pci.at(-1)?.parent, "10000:e0:06.0");
  assertEquals(seen.pci.find((device) => device.address === "10000:e0:06.0")?.parent, null);
  assertEquals(seen.gpus.map((gpu) => gpu.verdict), ["ready", "ready"]);
});

Deno.test("a BMC is nobody's candidate, whatever its address", () => {
  const seen = detect(machine([
    { at: "0000:03:00.0", ids: "1a03:2000", class: "0300", group: 1 },
    { at: "0000:41:00.0", ids: "10de:2484", class: "0300", group: 2, bootVga: true },
  ]));
  assertEquals(seen.gpus.map((gpu) => [gpu.vendor, gpu.verdict, gpu.role]), [
    ["other", "ready", "secondary"],
    ["nvidia", "ready", "boot"],
  ]);
  assertEquals(chooseGpu(seen), null);
  assert(seen.findings.some((finding) => finding.code === "no-ready-gpu"));
});

Deno.test("a card without a group while others have one cannot be isolated", () => {
  const gpu = gpusOf([IGPU, { at: "0000:01:00.0", ids: "10de:2484", class: "0300" }]).get("0000:01:00.0");
  assertEquals([gpu?.verdict, gpu?.iommuGroup, gpu?.reasons[0]?.code], ["no-iommu", null, "no-group"]);
});

Deno.test("the processor's own graphics that the kernel left out is told the parameter that includes it", () => {
  const { group: _, ...left } = IGPU;
  const card: MadeUpDevice = { at: "0000:01:00.0", ids: "10de:2484", class: "0300", group: 1 };
  const cureOf = (commandLine: string) =>
    gpusOf([left, card], { "/proc/cpuinfo": INTEL_CPU, "/proc/cmdline": `${commandLine}\n` }).get(IGPU.at)?.reasons[0]
      ?.hint ?? "";
  assertStringIncludes(cureOf("ro quiet"), "intel_iommu=on");
  assertStringIncludes(cureOf("ro intel_iommu=on,igfx_off"), "without igfx_off");
  assertEquals(cureOf("ro intel_iommu=on"), "Use another slot, or another card.");
});

Deno.test("a board with two chips behind a PLX switch is two cards", () => {
  const gpus = gpusOf([
    IGPU,
    { at: "0000:00:01.0", ids: "8086:460d", class: "0604", group: 1 },
    { at: "0000:01:00.0", ids: "10b5:8747", class: "0604", group: 2, below: "0000:00:01.0" },
    { at: "0000:02:08.0", ids: "10b5:8747", class: "0604", group: 3, below: "0000:01:00.0" },
    { at: "0000:02:10.0", ids: "10b5:8747", class: "0604", group: 4, below: "0000:01:00.0" },
    { at: "0000:03:00.0", ids: "10de:118f", class: "0302", group: 5, below: "0000:02:08.0" },
    { at: "0000:04:00.0", ids: "10de:118f", class: "0302", group: 6, below: "0000:02:10.0" },
  ]);
  assertEquals(gpus.get("0000:03:00.0")?.functions, ["0000:03:00.0"]);
  assertEquals(gpus.get("0000:04:00.0")?.functions, ["0000:04:00.0"]);
  assertEquals(gpus.get("0000:04:00.0")?.verdict, "ready");
});

Deno.test("a board with two chips behind one switch of its maker is two cards", () => {
  const second: MadeUpDevice[] = [
    { at: "0000:02:05.0", ids: "8086:4fa4", class: "0604", group: 7, below: "0000:01:00.0" },
    { at: "0000:05:00.0", ids: "8086:56c1", class: "0380", group: 8, below: "0000:02:05.0" },
  ];
  const gpus = gpusOf([IGPU, ...arc((n) => n), ...second]);
  assertEquals(gpus.get("0000:03:00.0")?.functions, ["0000:03:00.0"]);
  assertEquals(gpus.get("0000:05:00.0")?.functions, ["0000:05:00.0"]);
});

Deno.test("another display function of the same card is no screen left for the host", () => {
  const gpus = gpusOf([
    { at: "0000:01:00.0", ids: "1002:7149", class: "0300", group: 1, bootVga: true },
    { at: "0000:01:00.1", ids: "1002:7169", class: "0380", group: 1 },
  ]);
  assertEquals([...gpus.values()].map((gpu) => gpu.verdict), ["only-gpu", "only-gpu"]);
});

Deno.test("auto never takes the boot card by its second function, and prefers discrete, then memory, then place", () => {
  const seen = detect(machine([
    { at: "0000:01:00.0", ids: "1002:7149", class: "0300", group: 1, bootVga: true },
    { at: "0000:01:00.1", ids: "1002:7169", class: "0380", group: 1 },
    { at: "0000:05:00.0", ids: "1002:164e", class: "0300", group: 2, barBytes: 2 ** 36 },
    { at: "0000:06:00.0", ids: "10de:2484", class: "0300", group: 3, barBytes: 2 ** 28 },
    { at: "0000:07:00.0", ids: "10de:2684", class: "0300", group: 4, barBytes: 2 ** 35 },
  ]));
  assertEquals(chooseGpu(seen)?.address, "0000:07:00.0");
  assertEquals(chooseGpu({ ...seen, gpus: seen.gpus.slice(0, 4) })?.address, "0000:06:00.0");
  assertEquals(chooseGpu({ ...seen, gpus: seen.gpus.slice(0, 3) })?.address, "0000:05:00.0");
  assertEquals(chooseGpu({ ...seen, gpus: seen.gpus.slice(0, 2) }), null);
});

Deno.test("accelerators are no GPUs, and an unreadable class counts as a stranger in the group", () => {
  const files = machine([
    IGPU,
    { at: "0000:01:00.0", ids: "10de:2484", class: "0300", group: 1 },
    { at: "0000:02:00.0", ids: "8086:0b25", class: "1200", group: 2 },
    { at: "0000:03:00.0", ids: "10b5:8747", class: "zz", group: 1 },
  ]);
  const seen = detect(files);
  assertEquals(seen.gpus.map((gpu) => gpu.address), ["0000:00:02.0", "0000:01:00.0"]);
  assertEquals(seen.gpus[1]?.conflicts, ["0000:03:00.0"]);
});

Deno.test("a group member that is no PCI device counts, and an empty group is shown but isolates nothing", () => {
  const seen = detect(machine([IGPU, { at: "0000:01:00.0", ids: "10de:2484", class: "0300", group: 1 }], {
    "/sys/kernel/iommu_groups/1/devices/AMDI0020:00": { link: "/sys/devices/platform/AMDI0020:00" },
    "/sys/kernel/iommu_groups/9/devices": { folder: true },
  }));
  assertEquals(seen.gpus[1]?.conflicts, ["AMDI0020:00"]);
  assertEquals(seen.iommu.groups.at(-1), { id: 9, devices: [] });
});

Deno.test("groups of VFIO's no-IOMMU mode are no groups", () => {
  const seen = detect(machine([{ at: "0000:01:00.0", ids: "10de:2484", class: "0300", group: 0 }], {
    "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode": "Y\n",
    "/sys/kernel/iommu_groups/0/name": "vfio-noiommu\n",
  }));
  assertEquals([seen.iommu.enabled, seen.gpus[0]?.verdict], [false, "no-iommu"]);
});

Deno.test("virtual displays and server management chips are vendor other", () => {
  const ids = ["1234:1111", "1b36:0100", "1af4:1050", "1013:00b8", "15ad:0405", "1a03:2000", "102b:0534"];
  const seen = detect(machine(ids.map((id, n) => ({ at: `0000:0${n}:00.0`, ids: id, class: "0300", group: n }))));
  assertEquals(seen.gpus.map((gpu) => gpu.vendor), ids.map(() => "other"));
  assertEquals(seen.gpus.map((gpu) => gpu.integrated), ids.map(() => false));
});

Deno.test("a disk that holds the system is named among the conflicts", () => {
  const nvme = "/sys/devices/pci0000:00/0000:02:00.0/nvme/nvme0/nvme0n1";
  const gpu = gpusOf([
    IGPU,
    { at: "0000:01:00.0", ids: "10de:2484", class: "0300", group: 1 },
    { at: "0000:02:00.0", ids: "144d:a808", class: "0108", group: 1 },
  ], {
    [`${nvme}/size`]: "1000\n",
    [`${nvme}/nvme0n1p2/partition`]: "2\n",
    "/sys/class/block/nvme0n1": { link: `../..${nvme.slice(4)}` },
    "/sys/class/block/nvme0n1p2": { link: `../..${nvme.slice(4)}/nvme0n1p2` },
    "/proc/mounts": "/dev/nvme0n1p2 / ext4 rw 0 0\n",
  }).get("0000:01:00.0");
  assert(gpu?.reasons[0]?.message.includes("(holds /)"), gpu?.reasons[0]?.message);
});

Deno.test("devices are named by their class on a machine without pci.ids", () => {
  const gpu = gpusOf([
    IGPU,
    { at: "0000:01:00.0", ids: "10de:2484", class: "0300", group: 1 },
    { at: "0000:02:00.0", ids: "10ec:8168", class: "0200", group: 1 },
  ]).get("0000:01:00.0");
  assertEquals(gpu?.name, "NVIDIA graphics 10de:2484");
  assert(gpu?.reasons[0]?.message.includes("0000:02:00.0 Ethernet controller"), gpu?.reasons[0]?.message);
});

Deno.test("a card without a monitor is said to work with Looking Glass", () => {
  const at = "/sys/devices/pci0000:00/0000:01:00.0/drm/card1/card1-DP-1";
  const reasons = (status: string) =>
    gpusOf([IGPU, { at: "0000:01:00.0", ids: "10de:2484", class: "0300", group: 1 }], {
      [`${at}/status`]: `${status}\n`,
      "/sys/class/drm/card1-DP-1": { link: `../..${at.slice(4)}` },
    }).get("0000:01:00.0")?.reasons.map((reason) => reason.code);
  assertEquals(reasons("disconnected"), ["ready", "no-monitor"]);
  assertEquals(reasons("connected"), ["ready"]);
});

Deno.test("every trouble has a source and a cure, and the reset bug goes once the kernel knows a way", () => {
  for (const trouble of TROUBLES) assert(trouble.source.length > 5 && trouble.hint.length > 10, trouble.code);
  const codes = (resetMethod: string) =>
    gpusOf([IGPU, { at: "0000:01:00.0", ids: "1002:67df", class: "0300", group: 1, resetMethod }])
      .get("0000:01:00.0")?.reasons.map((reason) => reason.code);
  assertEquals(codes("bus"), ["ready", "amd-reset-bug"]);
  assertEquals(codes("device_specific bus"), ["ready"]);
});

Deno.test("the words for the switch are those of the board's maker", () => {
  const off: Tree = { "/sys/firmware/acpi/tables/FACP": "", "/proc/cpuinfo": AMD_CPU };
  const hint = (vendor: string) => {
    const files = { ...off, "/sys/class/dmi/id/board_vendor": `${vendor}\n` };
    return detect(machine([], files)).findings.find((finding) => finding.code === "iommu-absent")?.hint ?? "";
  };
  assert(hint("Gigabyte Technology Co., Ltd.").includes("Miscellaneous"));
  assert(hint("ASRock").includes("NBIO Common Options"));
  assert(hint("Micro-Star International Co., Ltd.").includes("OC, "));
  assert(hint("Somebody").includes('"IOMMU"'));
});
